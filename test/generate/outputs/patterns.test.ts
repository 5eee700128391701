import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ignore from 'ignore';
import { describe, expect, test } from 'vitest';
import { rulePaths as claudePaths } from '../../../src/agents/claude-code/settings.ts';
import { inArgument } from '../../../src/agents/expressions.ts';
import { rulePaths as opencodePaths } from '../../../src/agents/opencode/settings.ts';
import { pathExpression, shellPatterns } from '../../../src/generate/outputs/encode.ts';
import { hiddenOf } from '../../../src/generate/outputs/hidden.ts';
import { outputs } from '../../../src/generate/outputs/index.ts';
import { ignoreLine, type Pattern, patternOfPath, patternRules, readPattern } from '../../../src/posture/patterns.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { context, FULL } from './lab.ts';

/** Every form that a pattern can take, and names that some reading of one would take for it. */
const PATTERNS = [
  '.env',
  '/build',
  'secrets/',
  '/secrets/',
  'config/master.key',
  '*.pem',
  'src/*.key',
  'key?.txt',
  '/key?.txt',
  '[a-c].key',
  '[!a-c].key',
  '[^a-c].key',
  '[[:digit:]].key',
  '[]x].key',
  '.env.\\[x]',
  'exports/\\[prod] customers.csv',
  'exports/\\[prod\\] *.csv',
  'app/(private)/**',
  '(a)|b',
  'a{b,c}',
  'a+b$',
  '**/deep',
  'top/**',
  'top/**/end',
  '**/mid/end',
  'x**y',
  'star\\*',
  'quest\\?',
  'back\\\\slash',
  'plain\\e',
  '\\!bang',
  '\\#hash',
  '#hash',
  'blank\\ ',
  'blank ',
  'with space',
  'é*',
  'Case',
  "quo'te",
  'dou"ble',
  '$HOME',
  '~x',
];
const FILES = [
  '.env',
  'sub/.env',
  '.env.x',
  '.env.[x]',
  'my.env',
  '.env copy',
  'build',
  'build/a',
  'sub/build',
  'secrets/a',
  'sub/secrets/a/b',
  'secretsanta',
  'config/master.key',
  'sub/config/master.key',
  'config/masterxkey',
  'a.pem',
  'sub/a b.pem',
  'a.pem.txt',
  'src/a.key',
  'key1.txt',
  'sub/key1.txt',
  'key12.txt',
  'b.key',
  'sub/b.key',
  'z.key',
  '5.key',
  '].key',
  '!.key',
  '[a-c].key',
  'exports/[prod] customers.csv',
  'exports/p customers.csv',
  'exports/[prod] a b.csv',
  'app/(private)/a',
  'app/(private)/a/b',
  'app/private/a',
  'sub/app/(private)/a',
  '(a)|b',
  'a',
  'ab',
  'a{b,c}',
  'a+b$',
  'aab',
  'deep',
  'x/y/deep',
  'top/a',
  'top/end',
  'top/a/b/end',
  'topend',
  'mid/end',
  'sub/mid/end',
  'xqqy',
  'star*',
  'stars',
  'quest?',
  'quests',
  'back\\slash',
  'backslash',
  'plaine',
  '!bang',
  'bang',
  '#hash',
  'hash',
  'blank ',
  'blank',
  'with space',
  'space',
  'éa',
  'Case',
  'case',
  "quo'te",
  'dou"ble',
  '$HOME',
  '~x',
];

const asJson = (name: string, path: string) => JSON.stringify({ [name]: path }).slice(1, -1);
const found = (expression: string | undefined, text: (path: string) => string) => {
  const compiled = expression === undefined ? undefined : new RegExp(expression);
  return compiled && FILES.filter(file => compiled.test(text(file)));
};
const parsed = (pattern: string): Pattern => {
  const read = readPattern(pattern);
  if (read === undefined) throw new Error(`${pattern} matches nothing`);
  return read;
};

/** Who reads a pattern otherwise, and the files that he takes for it; undefined where he cannot say it. */
const READERS: Record<string, (pattern: string) => string[] | undefined> = {
  'the hook of agents': pattern => found(inArgument('path', pattern, true), file => asJson('path', file)),
  'Gemini CLI, paths from the root': pattern =>
    found(inArgument('file_path', pattern), file => `{\0${asJson('file_path', file)}\0}`),
  'gitleaks and Gitea': pattern => found(pathExpression(parsed(pattern)), file => file),
  // As Claude Code reads a rule: one level of escapes is taken from backslashes, and then it is a gitignore pattern.
  'Claude Code': pattern => {
    const paths = claudePaths(parsed(pattern));
    const rules = ignore({ ignorecase: false }).add((paths ?? []).map(path => path.replaceAll('\\\\', '\\')));
    return paths && FILES.filter(file => rules.ignores(file));
  },
};

/** In these a star crosses folders: they may take more, never less. */
const WIDER: typeof READERS = {
  opencode: pattern => {
    const paths = opencodePaths(parsed(pattern));
    const forms = paths?.flatMap(path => [path, `*/${path}`, `${path}/*`, `*/${path}/*`]);
    const expressions = forms?.map(
      form =>
        new RegExp(
          `^${form
            .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
            .replaceAll('*', '.*')
            .replaceAll('?', '.')}$`,
          's',
        ),
    );
    return expressions && FILES.filter(file => expressions.some(expression => expression.test(file)));
  },
  'a shell': pattern => {
    const read = parsed(pattern);
    const places = shellPatterns(read);
    if (places === undefined) return undefined;
    const script = `for file; do case $file in ${[...(read.folder ? [] : places), ...places.map(place => `${place}/*`)].join(' | ')}) printf '%s\\n' "$file";; esac; done`;
    const { stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...FILES], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').slice(0, -1);
  },
};

/** What cannot be said, by whom. */
const UNSAID: Record<string, readonly string[]> = {
  'Claude Code': ['[!a-c].key', '[^a-c].key', '[]x].key', 'quest\\?'],
  opencode: ['[!a-c].key', '[^a-c].key'],
  'a shell': ['[]x].key'],
};

describe('a pattern means the same files to everybody', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patterns-'));
  execFileSync('git', ['init', '-q', folder]);
  const byGit = (pattern: string) => {
    writeFileSync(join(folder, '.gitignore'), `${ignoreLine(pattern)}\n`);
    const { stdout } = spawnSync('git', ['-C', folder, 'check-ignore', '--no-index', '-z', '--stdin'], {
      input: FILES.join('\0'),
      encoding: 'utf8',
    });
    return stdout.split('\0').slice(0, -1);
  };

  test.each(PATTERNS)('%s', pattern => {
    const rules = patternRules([pattern], 'linux');
    const meant = FILES.filter(file => rules.ignores(file));
    expect(meant, 'no file of the table is matched, so it proves nothing').not.toEqual([]);
    expect(byGit(pattern), 'git').toEqual(meant);
    for (const [who, reads] of Object.entries({ ...READERS, ...WIDER })) {
      const taken = reads(pattern);
      if (UNSAID[who]?.includes(pattern)) expect(taken, who).toBeUndefined();
      else if (READERS[who]) expect(taken, who).toEqual(meant);
      else expect(taken, who).toEqual(expect.arrayContaining(meant));
    }
  });

  test('afterwards nothing is left of the ground', () => rmSync(folder, { recursive: true, force: true }));

  test.each(FILES)('%s as a name made into a pattern means itself alone', file => {
    const rules = patternRules([`/${patternOfPath(file)}`], 'linux');
    expect(FILES.filter(each => rules.ignores(each) && !each.startsWith(`${file}/`))).toEqual([file]);
  });
});

const hiding = (...hide: string[]): Posture => ({ ...FULL, isolation: { runtime: 'none', files: { hide } } });
const notesOf = (posture: Posture) => outputs.flatMap(output => output.notes?.(context(posture, '/x')) ?? []);

describe('what is hidden', () => {
  test('gives way to names only where an exception can meet it, and names are quoted', () => {
    const { plain } = hiddenOf(
      context(hiding('*.pem', '.env*', 'keys/*', '!keys/public.key', 'exports/**'), '/x', {
        secretFiles: [{ path: '.env.[x]' }, { path: 'keys/a*b' }, { path: 'keys/public.key' }],
      }),
    );
    expect(plain).toEqual(expect.arrayContaining(['*.pem', 'exports/**', '.env', '/.env.\\[x]', '/keys/a\\*b']));
    expect(plain.filter(pattern => /public|\.env\*|keys\/\*/.test(pattern))).toEqual([]);
  });

  test('and cannot be said is told with the pattern and the agent; what can be is not', () => {
    const notes = notesOf(hiding('app/[!x]/**', 'app/(private)/**'));
    expect(notes.filter(note => note.includes('app/[!x]/**'))).toEqual(
      expect.arrayContaining([
        expect.stringContaining('A rule of Claude Code'),
        expect.stringContaining('A permission of opencode'),
        expect.stringContaining('A rule of Cursor'),
      ]),
    );
    expect(notes.filter(note => note.includes('(private)'))).toEqual([
      expect.stringContaining('A managed rule of GitHub Copilot CLI'),
    ]);
    expect(notesOf(hiding('~/a*')).join('\n')).toContain('The profile of Codex cannot say ~/a*');
  });

  test('and matches no file is told once', () => {
    const notes = notesOf(hiding('./x', 'a[', 'b\\', '.env'));
    expect(notes.filter(note => note.includes('match no file'))).toEqual([
      'isolation.files.hide: ./x, a[ and b\\ match no file',
    ]);
  });
});
