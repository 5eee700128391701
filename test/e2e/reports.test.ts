import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sanitize } from '../../src/base/text.ts';
import { parseHtml, parseXml, sarifSchema } from '../report/parsed.ts';
import { POSTURE, program, type World, world } from '../support/program.ts';

const valid = sarifSchema();

/** What each format says of a target that is reached: whether it is there, and whether it is new. */
const READERS: Record<string, (text: string, target: string) => { there: boolean; isNew: boolean }> = {
  text: line,
  json: (text, target) => {
    const { rows } = JSON.parse(text) as { rows: { target: string; verdict: string; change?: { isNew: boolean } }[] };
    const found = rows.find(row => row.target === target && row.verdict === 'exposed');
    return { there: found !== undefined, isNew: found?.change?.isNew === true };
  },
  markdown: (text, target) => line(text.replaceAll('\\', ''), target),
  sarif: (text, target) => {
    const log = JSON.parse(text);
    expect(valid(log), JSON.stringify(valid.errors?.slice(0, 3))).toBe(true);
    const results = log.runs[0].results as { message: { text: string }; baselineState?: string; level: string }[];
    const found = results.find(({ message, level }) => level !== 'note' && message.text.includes(` ${target}:`));
    return { there: found !== undefined, isNew: found?.baselineState === 'new' };
  },
  junit: (text, target) => {
    const failures = parseXml(text)
      .children.flatMap(({ children }) => children)
      .filter(({ name, children: [trouble] }) => name === 'testcase' && trouble?.name === 'failure');
    const found = failures.find(({ attributes }) => attributes.name === `read ${target}`);
    return { there: found !== undefined, isNew: /^NEW/.test(found?.children[0]?.attributes.message ?? '') };
  },
  html: (text, target) => {
    const found = parseHtml(text).find(
      ({ attributes, text: says }) => attributes.class === 'target' && says.includes(target),
    );
    return { there: found !== undefined, isNew: found?.text.startsWith('NEW') === true };
  },
};

function line(text: string, target: string) {
  const found = text.split('\n').find(each => each.includes(target));
  return { there: found !== undefined, isNew: /NEW/.test(found ?? '') };
}

const KEY = '~/.aws/credentials';

function plant({ home }: World): void {
  mkdirSync(join(home, '.aws'), { recursive: true });
  writeFileSync(join(home, '.aws/credentials'), '[prod]\naws_secret_access_key = x\n');
}

/** A machine that forgets: the state folder of the run before is gone, and the repository is all there is. */
async function forgetful(given: World, ...args: string[]) {
  rmSync(given.state, { recursive: true, force: true });
  return program(given, ['test', '--vantage', 'host', ...args]);
}

const FORMATS = Object.keys(READERS);
const READ = (format: string, text: string, target: string) =>
  (READERS[format] as (typeof READERS)[string])(text, target);

describe('on a machine that forgets', () => {
  test('a report is compared with the file, and ends with what is new', async () => {
    const given = world({ 'agent-posture.yaml': 'version: 1\nproject: shop-api\n', '.env': 'API_TOKEN=x' });
    const [baseline, out] = [join(given.home, 'baseline.json'), join(given.home, 'report.json')];
    const asked = (format: string) => ['--baseline', baseline, '--fail-on', 'new', '--format', format, '-o', out, '-q'];
    const args = asked('json');
    const told = (target: string) => READ('json', readFileSync(out, 'utf8'), target);

    // As JSON, errors are on stdout.
    for (const format of FORMATS) {
      const missing = await forgetful(given, ...asked(format));
      expect(missing.code).toBe(2);
      expect(missing[format === 'json' ? 'stdout' : 'stderr'], format).toContain('there is no such baseline');
      expect(missing.stdout + missing.stderr).toContain('--save-baseline');
      expect(existsSync(out)).toBe(false);
    }

    // Nothing is known yet, so everything is new.
    expect((await forgetful(given, ...args, '--save-baseline')).code).toBe(1);
    expect(told('.env').there).toBe(true);

    const again = await forgetful(given, ...args);
    expect(again).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(told('.env')).toEqual({ there: true, isNew: false });
    expect(told(KEY).there).toBe(false);

    plant(given);
    expect((await forgetful(given, ...args)).code).toBe(1);

    // Kept once more, it is no longer new, and without --fail-on it still ends with 1.
    await forgetful(given, ...args, '--save-baseline');
    expect((await forgetful(given, ...args)).code).toBe(0);
    expect((await forgetful(given, ...args.filter(arg => arg !== '--fail-on' && arg !== 'new'))).code).toBe(1);
  });

  test('every format says in its file what is new and what is not', async () => {
    const given = world({ '.env': 'API_TOKEN=x' });
    const baseline = join(given.home, 'baseline.json');
    await forgetful(given, '--baseline', baseline, '--save-baseline', '-q');
    plant(given);
    for (const format of FORMATS) {
      const out = join(given.home, `report.${format}`);
      const args = ['--baseline', baseline, '--fail-on', 'new', '--format', format, '-q'];
      expect(await forgetful(given, ...args, '-o', out)).toMatchObject({ code: 1, stdout: '', stderr: '' });
      expect(READ(format, readFileSync(out, 'utf8'), KEY), format).toEqual({ there: true, isNew: true });
      expect(READ(format, readFileSync(out, 'utf8'), '.env'), format).toEqual({ there: true, isNew: false });
    }
  });
});

test.each(FORMATS)('--format %s is printed, and --share masks it', async format => {
  const given = world({ 'secret-names/.env': 'API_TOKEN=x' });
  const { code, stdout } = await program(given, ['test', '--share', '--format', format, '-q']);
  expect(code).toBe(1);
  expect(stdout).not.toMatch(/shop-api|secret-names/);
  expect(stdout).not.toContain(given.root);
  const masked = /name-[0-9a-f]{6}\/\.env/.exec(stdout)?.[0] ?? 'no masked name';
  // What is shared as text is markdown too, in which the file has a row of a table.
  const row = stdout.split('\n').find(each => each.includes(masked)) ?? '';
  if (format === 'text' || format === 'markdown') expect(row).toMatch(/^\| +\| name-\S+ \| opened \| host \| \d+ \|$/);
  else expect(READ(format, stdout, masked).there).toBe(true);
});

test.each([
  ['sarif', (text: string) => text],
  ['junit', (text: string) => JSON.stringify(parseXml(text))],
  ['html', (text: string) => parseHtml(text)[0]?.text],
])('names of files that are markup or commands are inert: %s', async (format, read) => {
  const names = ['<img src=x onerror=y>', ']]>', '-->', '\u001b[31m', '\u202e', '\n::error::x', '##[error]x', '&amp;'];
  const files = Object.fromEntries(names.map(name => [`.env.${name}`, 'API_TOKEN=x']));
  const { code, stdout } = await program(world(files), ['test', '--format', format, '-q']);
  expect(code).toBe(1);
  expect(sanitize(stdout)).toBe(stdout);
  expect(stdout).not.toMatch(/^\s*::|##[a-z]*\[/im);
  READERS[format]?.(stdout, '');
  for (const name of ['<img src=x onerror=y>', ']]>', '-->', '&amp;']) expect(read(stdout)).toContain(`.env.${name}`);
});

test('a file of --output is for those whom a redirection would let read it; one that is there keeps its mode', async () => {
  const given = world();
  const out = join(given.home, 'report.html');
  const mode = () => (statSync(out).mode & 0o777).toString(8);
  await program(given, ['test', '--format', 'html', '-o', out, '-q']);
  expect(mode()).toBe((0o666 & ~process.umask()).toString(8));
  const own = join(given.home, 'private.html');
  writeFileSync(own, '', { mode: 0o600 });
  await program(given, ['test', '--format', 'html', '-o', own, '-q']);
  expect(statSync(own).mode & 0o777).toBe(0o600);
});

test('a file of --output is none of ours and none of git’s: that is refused before anything is tried', async () => {
  const given = world({ 'agent-posture.yaml': POSTURE });
  expect((await program(given, ['generate', '-q'])).code).toBe(0);
  symlinkSync(join(given.root, '.git'), join(given.home, 'way'));
  symlinkSync(join(given.root, 'agent-posture.yaml'), join(given.home, 'posture'));
  linkSync(join(given.root, '.claude/settings.json'), join(given.home, 'settings'));
  const kept = ['agent-posture.yaml', '.agent-posture/manifest.json', '.claude/settings.json'] as const;
  const contents = () => kept.map(path => readFileSync(join(given.root, path), 'utf8'));
  const before = contents();
  for (const [place, why] of [
    [join(given.root, 'agent-posture.yaml'), 'this is the posture'],
    [join(given.home, 'posture'), 'this is the posture'],
    [join(given.root, '.agent-posture/manifest.json'), 'generated from the posture'],
    [join(given.root, '.agent-posture/new.html'), 'generated from the posture'],
    [join(given.root, '.claude/settings.json'), 'generated from the posture'],
    [join(given.home, 'settings'), 'generated from the posture'],
    [join(given.root, '.git/hooks/x.html'), 'a place of git'],
    [join(given.root, '.git'), 'a place of git'],
    [join(given.home, 'way/hooks/x.html'), 'a place of git'],
  ] as const)
    for (const words of [['test', '--format', 'html'], ['status']]) {
      const { code, stdout, stderr } = await program(given, [...words, '-o', place, '-q']);
      expect({ place, code, stdout, stderr }).toMatchObject({
        place,
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(why),
      });
    }
  expect(contents()).toEqual(before);
  expect(existsSync(join(given.root, '.git/hooks/x.html'))).toBe(false);
  expect((await program(given, ['status', '-o', join(given.root, 'report.txt'), '-q'])).code).not.toBe(2);
  expect(readFileSync(join(given.root, 'report.txt'), 'utf8')).not.toBe('');
});

test.each([
  [['test', '--format', 'sarf'], /expected text, json, markdown, sarif, junit, html \(did you mean "sarif"\?\)\n$/],
  [['test', '--format', 'xml'], /expected text, json, markdown, sarif, junit, html\n$/],
  [['status', '--format', 'sarif'], /--format "sarif": expected text, json\n$/],
  [['fix', '--format', 'html'], /--format "html": expected text, json\n$/],
])('%j: one line, exit 2', async (args, message) => {
  const { code, stdout, stderr } = await program(world(), args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
