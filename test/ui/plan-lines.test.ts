import { describe, expect, it } from 'vitest';
import { changesAnything } from '../../src/generate/changes.ts';
import type { Change } from '../../src/generate/types.ts';
import { diffLines, diffSize } from '../../src/ui/diff-lines.ts';
import type { Line } from '../../src/ui/lines.ts';
import { commonName, planLines, wholePlanLines } from '../../src/ui/plan-lines.ts';
import { createTheme } from '../../src/ui/theme.ts';
import { PLAN } from '../support/demo-engine.ts';

const theme = createTheme({ color: false, unicode: true, screenReader: false });
const textOf = (lines: readonly Line[]): string[] =>
  lines.map(parts =>
    parts
      .map(part => part.text)
      .join('')
      .trimEnd(),
  );
const plan = (...changes: Partial<Change>[]) => ({
  ...PLAN,
  manifest: { before: null, after: null },
  changes: changes.map(
    change =>
      ({
        output: 'o',
        path: 'p',
        state: 'create',
        before: null,
        after: Buffer.from('x\n'),
        reason: 'new',
        ...change,
      }) as Change,
  ),
});

const titleOf = (output: string): string | undefined => (output === 'hooks' ? 'no secret is committed' : undefined);

describe('planLines', () => {
  it('says what a part of it does where there is nothing else to say', () => {
    const lines = textOf(planLines(PLAN, 100, theme, titleOf));
    expect(lines.find(text => text.includes('.githooks/'))).toContain('no secret is committed');
    expect(lines.find(text => text.includes('settings.json'))).toContain('yours kept');
  });

  it('is at most five lines and accounts for every file', () => {
    const lines = textOf(planLines(PLAN, 100, theme, titleOf));
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toContain('4 more files');
    expect(lines.at(-1)).toContain('docs/security-posture.md');
  });

  it('says all of it where it is read whole: every path, every word', () => {
    const long = `docs/${'a-long-name/'.repeat(5)}end.md`;
    const reason = 'a reason of many words that no column of a narrow window has room for';
    const lines = textOf(
      wholePlanLines(
        {
          ...plan(
            { path: long, reason },
            { output: 'hooks', path: '.githooks/a' },
            { output: 'hooks', path: '.githooks/b' },
          ),
          skipped: plan({ output: 's', path: 'left' }).changes,
        },
        40,
        titleOf,
      ),
    );
    for (const text of lines) expect(text.length).toBeLessThanOrEqual(40);
    expect(lines.map(text => text.slice(11).trim()).join('')).toContain(long);
    expect(lines.map(text => text.trim()).join(' ')).toContain(reason);
    expect(lines.slice(-6)).toEqual([
      '   new     .githooks/a',
      '           .githooks/b',
      '             no secret is committed',
      '   skip    left',
      '             left out; the next generate',
      '             writes it',
    ]);
  });

  it('shows what was left out before anything is folded away, and several of it as one', () => {
    const written = Array.from({ length: 9 }, (_, at) => ({ output: `o${at}`, path: `file${at}` }));
    const apart = (...paths: string[]) => paths.map(path => ({ ...plan({ output: path, path }).changes[0] }) as Change);
    const of = (most: number | undefined, ...paths: string[]) =>
      textOf(planLines({ ...plan(...written), skipped: apart(...paths) }, 100, theme, titleOf, most));
    const lines = (...paths: string[]) => of(undefined, ...paths);
    expect(lines('.gitignore')).toEqual([
      expect.stringMatching(/new +file0/),
      expect.stringMatching(/new +file1/),
      expect.stringMatching(/new +file2/),
      expect.stringMatching(/skip +\.gitignore +left out; the next generate writes it/),
      expect.stringMatching(/and +6 more files +file3/),
    ]);
    expect(lines('.gitignore', 'docs/a').slice(2)).toEqual([
      expect.stringMatching(/skip +\.gitignore/),
      expect.stringMatching(/skip +docs\/a/),
      expect.stringMatching(/and +7 more files/),
    ]);
    expect(lines('.gitignore', 'docs/a', 'docs/b').slice(2)).toEqual([
      expect.stringMatching(/new +file2/),
      expect.stringMatching(/skip +\.gitignore and more {2}\(3 files\)/),
      expect.stringMatching(/and +6 more files/),
    ]);
    expect(of(2, '.gitignore', 'docs/a')).toEqual([
      expect.stringMatching(/skip +\.gitignore and more {2}\(2 files\)/),
      expect.stringMatching(/and +9 more files/),
    ]);
    expect(of(Number.POSITIVE_INFINITY, '.gitignore', 'docs/a', 'docs/b')).toHaveLength(12);
  });

  it('puts what needs a look first, each by itself', () => {
    const lines = textOf(
      planLines(
        plan(
          { path: 'a' },
          { output: 's', path: 'b', state: 'refused', reason: 'not valid JSON' },
          { output: 's', path: 'c', state: 'conflict', reason: 'your edit and ours touch the same lines' },
        ),
        100,
        theme,
        titleOf,
      ),
    );
    expect(lines[0]).toMatch(/refused +b +not valid JSON/);
    expect(lines[1]).toMatch(/conflict +c/);
    expect(lines[2]).toMatch(/new +a/);
  });

  it('leaves out what stays as it is, and knows when nothing is to be written', () => {
    expect(planLines(plan({ state: 'unchanged' }), 80, theme, titleOf)).toEqual([]);
    expect(changesAnything(plan({ state: 'unchanged' }, { state: 'refused' }, { state: 'loosened' }))).toBe(false);
    expect(changesAnything(plan({ state: 'delete', after: null }))).toBe(true);
  });

  it('names several files by what they share', () => {
    expect(commonName(['.githooks/pre-commit', '.githooks/pre-push'])).toBe('.githooks/');
    expect(commonName(['.env.development.example', '.env.production.example'])).toBe('.env.*.example');
    expect(commonName(['a', 'b'])).toBe('a and more');
    expect(commonName(['one'])).toBe('one');
  });
});

describe('diffLines', () => {
  const change = (before: string | null, after: string | null): Change =>
    plan({
      state: 'update',
      before: before === null ? null : Buffer.from(before),
      after: after === null ? null : Buffer.from(after),
    }).changes[0] as Change;

  it('shows what goes and what comes, and counts it', () => {
    const lines = diffLines(change('a\nb\nc\n', 'a\nB\nc\n'));
    expect(textOf(lines)).toEqual(['   a', ' - b', ' + B', '   c']);
    expect(diffSize(lines)).toBe('+1 -1');
  });

  it('shows a removed file, a setting of git, and that nothing is written', () => {
    expect(textOf(diffLines(change('a\n', null)))).toEqual([' - a']);
    expect(
      textOf(
        diffLines({ ...change(null, null), gitConfig: { key: 'core.hooksPath', before: null, after: '.githooks' } }),
      ),
    ).toEqual([' + core.hooksPath = .githooks']);
    expect(textOf(diffLines(change('a', 'a')))[0]).toContain('nothing is written');
  });

  it('lets nothing of a file act on the terminal', () => {
    expect(textOf(diffLines(change('', '\u001b[2J\u001b]0;title\u0007x\u202e\n'))).join('')).toBe(' + x');
    expect(textOf(diffLines(change('', 'a\0b')))).toEqual([' not text']);
  });
});
