import { describe, expect, it } from 'vitest';
import { summaryLines } from '../../src/ui/summary.ts';
import { createTheme } from '../../src/ui/theme.ts';
import { host, report, row } from '../report/sample.ts';

const theme = createTheme({ color: false, unicode: true, screenReader: false });
const box = { ...host, id: 'sandbox', kind: 'sandbox', title: 'bubblewrap box' } as const;
const before = report([row({ target: '~/.netrc' }), row({ target: '~/.npmrc' })]);
const subject = { agent: 'Claude Code', version: null, driven: false, command: 'claude' };

function print(...[rows, part]: Parameters<typeof report>): string {
  const after = report(rows, { vantages: [box], subject, ...part });
  return summaryLines({ before, after, applied: undefined, repeat: 'agent-posture init --yes' }, 80, theme)
    .map(parts => parts.map(({ text }) => text).join(''))
    .join('\n');
}

describe('the summary', () => {
  it('counts the same things before and after, and says how the agent is started in the box', () => {
    const text = print([
      row({ target: '~/.netrc', vantage: 'sandbox', verdict: 'blocked' }),
      row({ target: '~/.npmrc', vantage: 'sandbox' }),
      row({ target: '.git/hooks', vantage: 'sandbox', attempt: 'write' }),
    ]);
    expect(text).toContain('BEFORE  2 reached   →   AFTER  2 reached');
    expect(text).toContain(' 1 of these the first look did not try: .git/hooks');
    expect(text).toMatch(/Start it with +agent-posture run -- claude/);
  });

  it('claims nothing for a box that could not be started, and starts nothing in it', () => {
    const gone = { ...box, available: false, reason: 'bwrap is not installed' };
    const rows = ['~/.netrc', '~/.npmrc'].map(target =>
      row({ target, vantage: 'sandbox', verdict: 'inconclusive', reason: 'no box' }),
    );
    const text = print(rows, { vantages: [gone] });
    expect(text).toContain('BEFORE  2 reached   →   AFTER  not proven\n');
    expect(text).toContain(' not proven: bwrap is not installed');
    expect(text).not.toContain('Start it with');
  });

  it('begins with before and after, and ends with them where it is higher than the window', () => {
    const lines = (height?: number) =>
      summaryLines({ before, after: before, applied: undefined, repeat: 'x', height }, 80, theme).map(parts =>
        parts.map(({ text }) => text).join(''),
      );
    const whole = lines();
    expect(whole[0]).toContain('BEFORE  2 reached');
    expect(lines(whole.length + 1)).toEqual(whole);
    const turned = lines(whole.length);
    expect(turned.at(-2)).toContain('BEFORE  2 reached');
    expect(turned.toSorted()).toEqual(whole.toSorted());
  });

  it('repeats what is still to be done, once', () => {
    const text = print([row({ target: '~/.netrc', verdict: 'blocked' })], {
      notes: ['to do: hooks do not run yet: npx husky', 'nothing was written'],
    });
    expect(text).toMatch(/^ To do +hooks do not run yet: npx husky$/m);
    expect(text.match(/npx husky/g)).toHaveLength(1);
    expect(text).toMatch(/^ nothing was written$/m);
  });

  it('names what was declared and not tried', () => {
    const unapproved = 'a'.repeat(64);
    const untried = { target: '127.0.0.1:5432', attempt: 'connect', vantage: 'sandbox', verdict: 'skipped' } as const;
    const text = print([row({ ...untried, unapproved })]);
    expect(text).toContain('! not tried: 127.0.0.1:5432, not approved');
  });

  it('names what of the plan was left out, and the command that writes it', () => {
    const skipped = ['.gitignore', 'git config core.hooksPath'];
    const text = summaryLines({ before, after: before, applied: undefined, skipped, repeat: 'x' }, 100, theme)
      .map(parts => parts.map(part => part.text).join(''))
      .join('\n');
    expect(text).toMatch(
      /Left out +1 file and 1 git setting; the posture asks for them, to write them:\s+agent-posture generate/,
    );
    expect(print([])).not.toContain('Left out');
  });
});
