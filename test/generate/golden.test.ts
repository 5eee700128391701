import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { discover, FOR_FILES } from '../../src/discover/index.ts';
import { applyPlan } from '../../src/generate/apply.ts';
import { changesAnything } from '../../src/generate/changes.ts';
import { outputs } from '../../src/generate/outputs/index.ts';
import { planGeneration } from '../../src/generate/plan.ts';
import type { Plan } from '../../src/generate/types.ts';
import { parsePosture } from '../../src/posture/load.ts';
import { POSTURE_FILE } from '../../src/posture/model.ts';
import frozen from '../fixtures/frozen-0.1.0.json' with { type: 'json' };

/** Repositories as an earlier version of this program left them: what it generated, byte for byte, is never made anew. */
interface Frozen {
  hooksPath?: string;
  /** What was there before the program came. */
  before: string[];
  files: Record<string, { text: string; executable?: boolean }>;
}
const cases = frozen.cases as unknown as Record<string, Frozen>;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Clone {
  root: string;
  read(path: string): string;
  write(path: string, text: string): void;
  plan(options?: { restore?: boolean }): Promise<Plan>;
  generate(): Promise<Plan>;
}

/** What the earlier version let pass in somebody's settings, and Claude Code does not: a comment. */
const COMMENT = '  // ours before\n';

/** A clone of such a repository on a machine where nothing is known of it; `asItWas`: with that comment. */
function clone({ files, hooksPath }: Frozen, asItWas = false): Clone {
  const folder = mkdtempSync(join(tmpdir(), 'golden-'));
  folders.push(folder);
  const root = join(folder, 'shop-api');
  execFileSync('git', ['init', '-q', '-b', 'main', root]);
  execFileSync('git', ['-C', root, 'remote', 'add', 'origin', 'git@github.com:ada/shop-api.git']);
  if (hooksPath) execFileSync('git', ['-C', root, 'config', 'core.hooksPath', hooksPath]);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [path, { text, executable }] of Object.entries(files)) {
    write(path, asItWas ? text : text.replace(COMMENT, ''));
    if (executable) chmodSync(join(root, path), 0o755);
  }
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const stateFolder = join(folder, 'state');
  const plan: Clone['plan'] = async (options = {}) => {
    const facts = await discover(root, { home: join(folder, 'home'), env: {}, ...FOR_FILES });
    const posture = parsePosture(read(POSTURE_FILE), POSTURE_FILE);
    return planGeneration({ root: facts.root, posture, facts }, outputs, { stateFolder, ...options });
  };
  return {
    root,
    read,
    write,
    plan,
    generate: async () => {
      const made = await plan();
      await applyPlan(made, { stateFolder });
      return made;
    },
  };
}

const inTheWay = ({ changes }: Plan) =>
  changes
    .filter(({ state }) => ['conflict', 'loosened', 'refused'].includes(state))
    .map(({ path, reason }) => `${path}: ${reason}`);

/** What somebody has written into a generated file since, by its path: a change that does no guard harm. */
function edited(path: string, text: string): { text: string; mine: string } | undefined {
  const behind = (mine: string) => ({ text: `${text}${mine}\n`, mine });
  const inFront = (mine: string) => ({ text: `${mine}\n${text}`, mine });
  if (/^\.githooks\//.test(path))
    return { text: text.replace('\n', '\n# The handbook says more.\n'), mine: '# The handbook says more.' };
  if (path === '.claude/settings.json')
    return { text: text.replace('{\n', '{\n  "mine": { "a": "b" },\n'), mine: '"mine": { "a": "b" }' };
  if (path.endsWith('devcontainer.json')) return { text: text.replace('{\n', '{\n  // mine\n'), mine: '// mine' };
  if (path === '.codex/config.toml') return inFront('model = "mine"');
  if (/\.example$/.test(path)) return behind('MINE=');
  if (/\.md$/.test(path)) return behind('\n## Mine\n\nAsk Ada.');
  if (/(\.gitignore|squid\.conf|\.gitleaks\.toml|\.ya?ml|\.husky\/pre-\w+)$/.test(path)) return behind('# mine');
  return undefined;
}

describe.each(Object.entries(cases))('a repository of an earlier version: %s', (_, one) => {
  const generated = Object.keys(one.files).filter(
    path => !one.before.includes(path) && path !== '.agent-posture/manifest.json',
  );

  test('follows this version without a question, and is then as the posture asks', async () => {
    const here = clone(one);
    expect(inTheWay(await here.generate())).toEqual([]);
    const again = await here.plan();
    expect(changesAnything(again)).toBe(false);
  });

  test('keeps every edit that was made since, in the new version of each file', async () => {
    const here = clone(one);
    const mine = new Map<string, string>();
    for (const path of Object.keys(one.files)) {
      if (path === POSTURE_FILE || path === '.agent-posture/manifest.json') continue;
      const edit = edited(path, here.read(path));
      if (!edit) continue;
      here.write(path, edit.text);
      mine.set(path, edit.mine);
    }
    expect(mine.size).toBeGreaterThan(generated.length / 2);
    expect(inTheWay(await here.generate())).toEqual([]);
    for (const [path, text] of mine) expect(here.read(path), path).toContain(text);
    expect(changesAnything(await here.plan())).toBe(false);
  });

  test('tells a guard that was loosened before the new version came', async () => {
    const here = clone(one);
    const hook = here.read('.githooks/pre-push');
    here.write('.githooks/pre-push', hook.replace(/^exit 1$|^\s+exit 1$/m, 'exit 0'));
    expect(here.read('.githooks/pre-push')).not.toBe(hook);
    const settings = here.read('.claude/settings.json');
    here.write('.claude/settings.json', settings.replace(/^\s*"Edit\(\/\.agent-posture\/\*\*\)",?\n/m, ''));
    expect(here.read('.claude/settings.json')).not.toBe(settings);
    const told = (await here.plan()).changes.filter(({ state }) => state === 'loosened').map(({ path }) => path);
    expect(told).toEqual(expect.arrayContaining(['.githooks/pre-push', '.claude/settings.json']));
    await here.generate();
    expect(here.read('.githooks/pre-push')).toContain('exit 0');
    const { changes } = await here.plan({ restore: true });
    expect(changes.filter(({ state }) => state === 'loosened')).toEqual([]);
  });

  test('loses nothing of what was there before the program came', async () => {
    const here = clone(one);
    await here.generate();
    for (const path of one.before.filter(name => one.files[name] && !/settings\.json|gitignore|yaml|husky/.test(name)))
      expect(here.read(path), path).toBe(one.files[path]?.text);
  });
});

test('moving to another agent is settled after one run', async () => {
  const here = clone(cases['every output'] as Frozen);
  await here.generate();
  here.write(POSTURE_FILE, here.read(POSTURE_FILE).replace('[claude-code, codex]', '[codex]'));
  const settings = JSON.parse(here.read('.claude/settings.json').replace(/^\s*\/\/.*$/gm, ''));
  expect(settings.permissions.deny.length).toBeGreaterThan(1);
  expect(inTheWay(await here.generate())).toEqual([]);
  expect(changesAnything(await here.plan())).toBe(false);
  // What was there before the program came is still all there.
  expect(here.read('.claude/settings.json')).toContain('Read(./private/**)');
});

test('so it is where nothing of the other agent was there before', async () => {
  const { files, ...rest } = cases['every output'] as Frozen;
  const { '.claude/settings.json': _, ...others } = files;
  const here = clone({ ...rest, files: others });
  await here.generate();
  here.write(POSTURE_FILE, here.read(POSTURE_FILE).replace('[claude-code, codex]', '[codex]'));
  await here.generate();
  expect(changesAnything(await here.plan())).toBe(false);
});

test('settings that Claude Code never read, and the earlier version took for laid, are told', async () => {
  const here = clone(cases['every output'] as Frozen, true);
  const before = here.read('.claude/settings.json');
  expect(before).toContain(COMMENT);
  expect(inTheWay(await here.generate())).toEqual([
    expect.stringMatching(/^\.claude\/settings\.json: it holds a comment/),
  ]);
  expect(here.read('.claude/settings.json')).toBe(before);
});
