import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stepsOf } from '../../src/wizard/steps/index.ts';
import {
  apply,
  FILES,
  filesUnder,
  key,
  number,
  PATIENCE,
  toFirst,
  toPlan,
  wizardPlace,
} from '../support/wizard-place.ts';

/** The whole wizard of the built program, in a terminal, by keys. */
const ASKED = stepsOf('whole').filter(({ id }) => !['vault', 'box-command'].includes(id));

describe('the whole wizard', () => {
  it('goes by enter from the first question to the end, each question once, and what it made is taken back by undo', async () => {
    const { root, start, run, posture, kept } = wizardPlace();
    const before = filesUnder(root);
    const session = start(['init'], { cols: 100, rows: 40 });
    await toFirst(session);
    const of = Number(/ 1 of (\d+)$/m.exec(session.frame())?.[1]);
    const seen: number[] = [];
    while (number(session) > 0) {
      seen.push(number(session));
      await key(session, 'enter');
    }
    expect(seen).toEqual(Array.from({ length: of }, (_, at) => at + 1));
    const asked = Object.keys(kept());
    // Hosts are asked where a box is made, and this machine may have none to make.
    expect(ASKED.map(({ id }) => id).filter(id => !asked.includes(id) && id !== 'hosts')).toEqual([]);
    expect(filesUnder(root)).toEqual(before);
    await apply(session);
    expect(session.leftovers()).toEqual([]);
    expect(session.scrollback()).toMatch(/BEFORE {2}\d+ reached {3}→ {3}AFTER/);
    expect(posture()).toMatch(/^version: 1$/m);
    expect(run('generate', '--check').code).toBe(0);
    expect(run('undo', '--yes').code).toBe(0);
    expect(filesUnder(root)).toEqual(before);
  }, 180_000);

  it('goes back through every question with all answers kept, and forward again to the same plan', async () => {
    const { start, kept } = wizardPlace();
    const session = start(['init'], { cols: 100, rows: 40 });
    await toFirst(session);
    // One more agent, and one of each other kind of answer that is not the default.
    await session.press('down', 'space');
    while (number(session) > 0) {
      const frame = session.frame();
      if (frame.includes('Which branches are protected?')) await session.press({ text: ', release/*' });
      if (frame.includes('How many people')) await session.press('down');
      if (frame.includes('As whom shall agents'))
        await session.press('down', 'enter', 'ctrl-u', { text: 'robot' }, 'enter', 'home');
      if (frame.includes('What may the agent do')) await session.press('down', { text: 'd' }, 'home');
      await key(session, 'enter');
    }
    const answers = kept();
    expect(answers).toMatchObject({
      agents: expect.arrayContaining(['codex']),
      branches: ['main', 'release/*'],
      reviews: '2',
      identity: expect.objectContaining({ name: 'robot' }),
    });
    await session.press('left');
    await session.waitFor('all answered');
    await session.press('end');
    await key(session, 'enter');
    const last = number(session);
    // From a question that was picked out, back leads to the outline; so it is left by its answer.
    await session.press('left');
    await session.waitFor('All questions');
    await session.press('left');
    await session.waitFor('Back to the questions', PATIENCE);
    await key(session, 'enter');
    expect(number(session)).toBe(1);
    for (let at = 1; at < last; at++) await key(session, 'enter');
    expect(number(session)).toBe(last);
    for (let at = last; at > 1; at--) {
      await key(session, 'shift-tab');
      expect(number(session)).toBe(at - 1);
      if (session.frame().includes('As whom shall agents')) expect(session.frame()).toMatch(/Name +robot/);
      if (session.frame().includes('How many people')) expect(session.frame()).toMatch(/❯ two/);
    }
    expect(kept()).toEqual(answers);
    expect(session.frame()).toMatch(/◼ Codex/);
    await toPlan(session);
    expect(kept()).toEqual(answers);
    await session.press({ text: 'q' });
    expect((await session.exit(PATIENCE)).code).toBe(0);
  }, 180_000);

  it('is left at every question and goes on there, with the answers', async () => {
    const { root, start, kept } = wizardPlace();
    let at = 1;
    let before: Record<string, unknown> = {};
    for (; at < 40; at++) {
      const session = start(['init'], { cols: 100, rows: 40 });
      if (at === 1) await toFirst(session);
      else {
        await session.waitFor('Continue where you stopped', PATIENCE);
        await key(session, 'enter');
      }
      if (session.frame().includes('nothing is written yet')) {
        await session.press({ text: 'q' });
        await session.exit(PATIENCE);
        break;
      }
      expect(number(session)).toBe(at);
      expect(kept()).toEqual(before);
      await key(session, 'enter');
      await session.press('ctrl-c');
      expect((await session.exit(PATIENCE)).code).toBe(130);
      expect(session.leftovers()).toEqual([]);
      expect(session.scrollback()).toContain('Your answers are kept.');
      before = kept();
      expect(Object.keys(before)).toHaveLength(at);
    }
    expect(at).toBeGreaterThan(15);
    expect(filesUnder(root)).toEqual(
      Object.keys(FILES)
        .map(path => join(root, path))
        .sort(),
    );
  }, 600_000);

  it('goes to any question from the outline, back to it with the answer, and quits', async () => {
    const { start, kept } = wizardPlace();
    const session = start(['init'], { cols: 100, rows: 40 });
    await toFirst(session);
    await session.press({ text: 'o' });
    await session.waitFor('All questions');
    await session.press({ text: '/' }, { text: 'alarms' });
    await key(session, 'enter');
    expect(session.frame()).toContain('From what use on');
    await session.press('down', 'enter', 'ctrl-u', { text: '7' }, 'enter', 'home', 'enter');
    await session.waitFor('All questions');
    await session.waitFor(/✓ Alarms +commits an hour 7/);
    expect(Object.keys(kept())).toEqual(['monitoring']);
    await session.press('home', 'enter');
    await session.waitFor('nothing is written yet', PATIENCE);
    await session.press('left');
    await session.waitFor('All questions');
    await session.press({ text: 'q' });
    expect((await session.exit(PATIENCE)).code).toBe(0);
    expect(session.leftovers()).toEqual([]);
    // An answer given out of turn is there the next time as well.
    const again = start(['init'], { cols: 100, rows: 40 });
    await again.waitFor('Continue where you stopped', PATIENCE);
    await key(again, 'enter');
    expect(number(again)).toBeGreaterThan(10);
    await again.press({ text: 'o' });
    expect(await again.waitFor('All questions')).toMatch(/✓ Alarms +commits an hour 7/);
    await again.press({ text: 'q' });
    await again.exit(PATIENCE);
  }, 120_000);

  it('comes back to the outline once for a question that was picked, and then goes on from there by one enter each', async () => {
    const { start } = wizardPlace();
    const session = start(['init'], { cols: 100, rows: 40 });
    await toFirst(session);
    await session.press({ text: 'o' });
    await session.waitFor('All questions');
    await session.press({ text: '/' }, { text: 'reviews' });
    await key(session, 'enter');
    const picked = number(session);
    await key(session, 'enter');
    expect(session.frame()).toContain('enter go on from here');
    for (const further of [1, 2, 3]) {
      await key(session, 'enter');
      expect(number(session)).toBe(picked + further);
    }
    await session.press('ctrl-c');
    await session.exit(PATIENCE);
  }, 120_000);

  it('goes on at the question that was open, names it, and has the entry that was half filled in', async () => {
    const { start, kept } = wizardPlace();
    const session = start(['init'], { cols: 100, rows: 40 });
    await toFirst(session);
    await key(session, 'enter');
    await session.press({ text: 'a' }, { text: 'billing' }, 'enter');
    await session.waitFor('PostgreSQL');
    await session.press('ctrl-c');
    await session.exit(PATIENCE);
    expect(session.scrollback()).toContain('Your answers are kept.');
    expect(Object.keys(kept())).toEqual(['agents']);

    const again = start(['init'], { cols: 100, rows: 40 });
    expect(await again.waitFor('Continue where you stopped', PATIENCE)).toMatch(/at "Systems", /);
    await key(again, 'enter');
    expect(again.frame()).toMatch(/! billing +kind is missing/);
    // It is not left out unseen: neither from here nor by way of the outline.
    await again.press('enter');
    await again.waitFor(/! billing: kind is missing/);
    await again.press({ text: 'o' });
    await again.waitFor('All questions');
    await again.press('home', 'enter');
    await again.waitFor(/! billing: kind is missing/);
    await again.press({ text: '/' }, { text: 'billing' }, 'tab', { text: 'd' }, 'home');
    await key(again, 'enter');
    // Back to the one before, and out.
    await key(again, 'left');
    await key(again, 'left');
    await again.press('ctrl-c');
    await again.exit(PATIENCE);

    const third = start(['init'], { cols: 100, rows: 40 });
    expect(await third.waitFor('Continue where you stopped', PATIENCE)).toMatch(/at "Agents", /);
    await key(third, 'enter');
    expect(number(third)).toBe(1);
    await third.press('ctrl-c');
    await third.exit(PATIENCE);
  }, 120_000);

  it('edits the posture that it made: one answer changed, one line changed, and every byte else as its owner left it', async () => {
    const { root, start, run, posture } = wizardPlace();
    expect(run('init', '--yes', '--no-test').code).toBe(0);
    const before = `# Ours, do not touch\n${posture().replace('version: 1', 'version: 1   # for good')}\n# The end\n`;
    writeFileSync(join(root, 'agent-posture.yaml'), before);
    expect(run('generate').code).toBe(0);
    const session = start(['init'], { cols: 100, rows: 40 });
    await session.waitFor('Change the posture', PATIENCE);
    await key(session, 'enter');
    expect(session.frame()).toContain('All questions');
    await session.press({ text: '/' }, { text: 'Reviews' });
    await key(session, 'enter');
    expect(session.frame()).toMatch(/❯ one/);
    await session.press('down', 'enter');
    await session.waitFor('All questions');
    await session.waitFor(/✓ Reviews +two/);
    await session.press('home', 'enter');
    await session.waitFor('nothing is written yet', PATIENCE);
    await apply(session);
    const changed = posture()
      .split('\n')
      .filter((row, at) => row !== before.split('\n')[at]);
    expect(changed).toHaveLength(1);
    expect(posture().split('\n')).toHaveLength(before.split('\n').length);
    expect(changed[0]).toMatch(/2/);
  }, 180_000);

  it('keeps a private address out of every file of the repository, in the state folder alone, and undo takes both back', async () => {
    const { root, state, start, run } = wizardPlace();
    const session = start(['init'], { cols: 100, rows: 40 });
    await toFirst(session);
    while (!session.frame().includes('Which addresses shall stay out')) await key(session, 'enter');
    await session.press({ text: 'a' });
    await toPlan(session);
    expect(session.frame().replace(/\s+/g, ' ')).toContain('which is not committed, holds the addresses of');
    await apply(session);
    const holding = (folder: string, text: string) =>
      filesUnder(folder).filter(path => readFileSync(path, 'utf8').includes(text));
    for (const address of ['127.0.0.1:9', '127.0.0.1:11']) {
      expect(holding(root, address)).toEqual([join(root, '.env.production')]);
      expect(holding(state, address).length).toBeGreaterThan(0);
    }
    const overlay = filesUnder(state).find(path => path.endsWith('overlay.yaml')) as string;
    expect(readFileSync(overlay, 'utf8')).toContain('127.0.0.1:9');
    expect(run('undo', '--yes').code).toBe(0);
    expect(existsSync(overlay)).toBe(false);
    expect(filesUnder(root)).toEqual(
      Object.keys(FILES)
        .map(path => join(root, path))
        .sort(),
    );
  }, 180_000);

  it('writes of the plan what was not left out, says what that means, and generate writes the rest', async () => {
    const { root, start, run } = wizardPlace();
    const before = filesUnder(root);
    const session = start(['init'], { cols: 100, rows: 40 });
    await toFirst(session);
    await session.press({ text: 'o' });
    await session.waitFor('All questions');
    await session.press('home');
    await key(session, 'enter');
    await session.press('down', 'down', 'enter');
    await session.waitFor('What is written');
    // An escape that comes in one read with the next key is another key: each is waited for.
    await session.press({ text: '/' }, { text: 'gitignore' }, 'tab', 'space', 'escape');
    await session.waitFor(frame => frame.includes('◻') && !frame.includes('entries'));
    await session.press({ text: '/' }, { text: 'githooks' }, 'tab', 'enter');
    await session.waitFor(/file 1 of \d/);
    await session.press({ text: 's' });
    await session.waitFor('left out');
    await session.press('escape');
    await session.waitFor('What is written');
    await session.press('left');
    await session.waitFor('nothing is written yet');
    await session.waitFor(/skip +\.gitignore/);
    await session.press('up', 'up');
    await session.waitFor(/❯ Apply/);
    await apply(session);
    expect(session.scrollback()).toMatch(/Left out +/);
    for (const path of ['.gitignore', '.githooks']) expect(existsSync(join(root, path))).toBe(false);
    expect(existsSync(join(root, 'docs/security-posture.md'))).toBe(true);
    expect(
      execFileSync('git', ['-C', root, 'config', '--get', '--default', 'none', 'core.hooksPath']).toString().trim(),
    ).toBe('none');
    const check = run('generate', '--check');
    expect([check.code, check.text]).toEqual([1, expect.stringContaining('.gitignore')]);
    expect(run('generate').code).toBe(0);
    expect(existsSync(join(root, '.githooks/pre-push'))).toBe(true);
    expect(run('generate', '--check').code).toBe(0);
    expect(run('undo', '--yes').code).toBe(0);
    expect(run('undo', '--yes').code).toBe(0);
    expect(filesUnder(root)).toEqual(before);
  }, 180_000);
});
