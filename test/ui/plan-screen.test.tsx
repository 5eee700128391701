import { type ReactNode, useState } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cells } from '../../src/ui/lines.ts';
import { PlanScreen } from '../../src/ui/screens/plan.tsx';
import { PLAN } from '../support/demo-engine.ts';
import { type Shown, show } from '../support/screen.tsx';

let shown: Shown | undefined;
afterEach(() => shown?.unmount());

const heard = vi.fn<(skipped: string[]) => void>();
const chosen = vi.fn();
afterEach(() => {
  heard.mockReset();
  chosen.mockReset();
});

function Choosing({ plan = PLAN }: { plan?: typeof PLAN }): ReactNode {
  const [skipped, setSkipped] = useState<ReadonlySet<string>>(new Set());
  return (
    <PlanScreen
      title="The plan"
      plan={plan}
      answered={[]}
      applyLabel="Apply"
      skipped={skipped}
      onSkip={next => {
        setSkipped(next);
        heard([...next]);
      }}
      onChoose={chosen}
    />
  );
}

async function toFiles(): Promise<void> {
  await shown?.press('down', 'down', 'enter');
  await shown?.waitFor('What is written');
}

describe('the plan, part by part', () => {
  it('leaves a part out by space, takes it back by space, and says what becomes of it', async () => {
    shown = await show(<Choosing />, { rows: 40 });
    expect(shown.frame()).toMatch(/❯ Apply +9 files/);
    await toFiles();
    expect(shown.frame()).toContain('agent-posture.yaml is written in any case');
    expect(shown.frame()).not.toContain('generate --check');
    await shown.press('down', 'space');
    expect(heard).toHaveBeenLastCalledWith(['hooks']);
    expect(shown.frame()).toMatch(/❯ ◻ \.githooks\/ {2}\(2 files\)/);
    expect(shown.frame().replace(/\s+/g, ' ')).toContain(
      'generate --check says that it is missing, and the next generate writes it',
    );
    await shown.press('left');
    await shown.waitFor('nothing is written yet');
    expect(shown.frame()).toMatch(/skip +\.githooks\/ {2}\(2 files\) +left out; the next generate writes it/);
    expect(shown.frame()).toMatch(/Apply +7 files/);
    expect(shown.frame()).toMatch(/❯ Choose what is written +1 of 6 left out/);
    await shown.press('enter');
    await shown.waitFor('What is written');
    await shown.press('down', 'space', 'escape');
    expect(heard).toHaveBeenLastCalledWith([]);
    expect(shown.frame()).toMatch(/Apply +9 files/);
    expect(chosen).not.toHaveBeenCalled();
  });

  it('leaves all out by a but the posture, and takes all back', async () => {
    shown = await show(<Choosing />, { rows: 40 });
    await toFiles();
    await shown.press({ text: 'a' });
    expect(shown.frame()).toContain('0 of 6');
    await shown.press('left');
    expect(shown.frame()).toMatch(/Apply +1 file/);
    expect(shown.frame()).toMatch(/new +agent-posture\.yaml/);
    await shown.press('enter');
    await shown.press({ text: 'a' });
    expect(heard).toHaveBeenLastCalledWith([]);
  });

  it('shows the lines of a part, where s leaves it out too, and comes back to it', async () => {
    shown = await show(<Choosing />, { rows: 40 });
    await toFiles();
    await shown.press('down', 'enter');
    await shown.waitFor('file 1 of 2');
    expect(shown.frame()).toContain('.githooks/pre-commit');
    await shown.press({ text: 's' });
    expect(shown.frame()).toContain('left out');
    await shown.press('right');
    expect(shown.frame()).toMatch(/pre-push.*left out/);
    await shown.press('escape');
    expect(shown.frame()).toMatch(/❯ ◻ \.githooks\//);
  });

  it('goes through every line of all files, where the posture cannot be left out', async () => {
    shown = await show(<Choosing />, { rows: 40 });
    await shown.press('down', 'enter');
    await shown.waitFor('file 1 of 9');
    expect(shown.frame()).not.toContain('leave it out');
    await shown.press({ text: 's' }, 'right', { text: 's' });
    expect(heard.mock.calls).toEqual([[['claude-code']]]);
    await shown.press({ text: 's' });
    expect(heard).toHaveBeenLastCalledWith([]);
    await shown.press('escape');
    await shown.waitFor('nothing is written yet');
  });

  it('offers no choice where nobody takes it, as under a report', async () => {
    shown = await show(<PlanScreen title="A fix" plan={PLAN} answered={[]} applyLabel="Apply" onChoose={chosen} />, {
      rows: 40,
    });
    expect(shown.frame()).not.toContain('Choose what is written');
    await shown.press('down', 'enter');
    await shown.waitFor('file 1 of 9');
    expect(shown.frame()).not.toContain('leave it out');
  });

  it('can be read whole where it is more than the window shows', async () => {
    const notes = Array.from({ length: 30 }, (_, at) => `note ${at} is to be read before anything is written`);
    shown = await show(<Choosing plan={{ ...PLAN, notes }} />, { rows: 24 });
    await shown.press('down', 'down', 'down', 'enter');
    let seen = shown.frame();
    for (let at = 0; at < 6; at++) {
      await shown.press('page-down');
      seen += shown.frame();
    }
    for (let at = 0; at < 30; at++) expect(seen).toContain(`note ${at} `);
    expect(seen).toContain('docs/security-posture.md');
    await shown.press('escape');
    await shown.waitFor('nothing is written yet');
  });

  it.each([12, 14, 16, 18, 20, 22, 24])('counts every file, and files as files, in a window of %i rows', async rows => {
    shown = await show(<Choosing />, { rows });
    const frame = shown.frame();
    expect(frame).not.toMatch(/… \d+ more$/m);
    const counted = Number(/and +(\d+) more files?/.exec(frame)?.[1] ?? 0);
    const listed = [...frame.matchAll(/^ {3}(?:new|change|LOOK) +\S+(?: +\((\d+) files\))?/gm)];
    expect(counted + listed.reduce((sum, [, files]) => sum + Number(files ?? 1), 0)).toBe(
      PLAN.changes.filter(({ state }) => state !== 'unchanged').length,
    );
  });

  it.each([
    [20, 5],
    [40, 12],
    [60, 16],
  ])('fits a window of %i by %i', async (cols, rows) => {
    shown = await show(<Choosing />, { cols, rows });
    await shown.press('down', 'down', 'enter', 'down', 'space');
    await shown.waitFor('◻');
    const lines = shown.frame().split('\n');
    expect(lines.length).toBeLessThan(rows);
    for (const row of lines) expect(cells(row)).toBeLessThan(cols);
  });
});
