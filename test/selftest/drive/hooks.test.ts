import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PartId } from '../../../scripts/parts.js';
import { partsFolder } from '../../../scripts/parts.js';
import { HOOK_PATH, hookScript } from '../../../src/agents/cline/settings.ts';
import { hooksFile } from '../../../src/agents/copilot/settings.ts';
import type { AgentHook } from '../../../src/agents/driver.ts';
import { driverOf } from '../../../src/agents/drivers.ts';
import { HOOK_FILE, hookRules } from '../../../src/agents/hook.ts';
import { template } from '../../../src/generate/outputs/template.ts';
import { Ground } from '../../../src/selftest/drive/ground.ts';
import { HeldHooks } from '../../../src/selftest/drive/hook-hold.ts';
import { dependenciesOf, programOf } from '../../../src/selftest/drive/hook-programs.ts';
import { ASKED_BEFORE, hookRows, judgeHook, targetsOf } from '../../../src/selftest/drive/hook-rows.ts';
import type { HookTried } from '../../../src/selftest/drive/hooks.ts';
import { settingsOn } from '../../../src/selftest/drive/prepare.ts';
import { EXPANDED, simpleCommands } from '../../../src/selftest/drive/shell-words.ts';
import { Stage } from '../../../src/selftest/drive/stage.ts';
import type { Row } from '../../../src/selftest/types.ts';
import { describeWith, part } from '../../support/parts.ts';

let stage: Stage;

beforeEach(() => {
  // Outside of /tmp, where Codex does not work.
  mkdirSync(partsFolder, { recursive: true });
  const home = realpathSync(mkdtempSync(join(partsFolder, '.hooks-')));
  mkdirSync(join(home, 'shop'));
  stage = new Stage({ home, root: join(home, 'shop') });
});
afterEach(() => {
  stage.remove();
  rmSync(stage.home, { recursive: true, force: true });
});

/** What comes of each hook of these files in the real agent: verdicts by the way in which it failed, by the hook's own name. */
async function tried(id: PartId, files: Readonly<Record<string, string>>) {
  const driver = driverOf(id);
  if (!driver) throw new Error(id);
  for (const [path, text] of Object.entries(files)) {
    stage.write(path, text);
    if (text.startsWith('#!')) chmodSync(stage.at(path), 0o755);
  }
  const ground = new Ground(stage);
  ground.commit([]);
  const before = Object.keys(files).map(path => stage.read(path));
  const hooks = driver.hooks?.(settingsOn(stage, driver)).filter(({ event }) => ASKED_BEFORE.test(event)) ?? [];
  const report = { id: `agent:${id}` } as Parameters<typeof hookRows>[0];
  const how = {
    driver,
    program: part(id),
    stage,
    ground,
    denied: { programs: [], pushes: false },
    mode: 'configured',
    boxed: false,
  } as const;
  const rows = await hookRows(report, hooks, [], how, { contained: true });
  // Settings and programs are as they were.
  expect(Object.keys(files).map(path => stage.read(path))).toEqual(before);
  const byHook: Record<string, Record<string, string>> = {};
  for (const { target, escape: way, verdict } of rows) {
    byHook[target] ??= {};
    byHook[target][way ?? ''] = verdict;
  }
  return { byHook, rows, reasons: reasonsOf(rows) };
}

const reasonsOf = (rows: readonly Row[]) =>
  Object.fromEntries(rows.map(({ escape: way, reason }) => [way ?? '', reason]));

const SETTINGS = '.claude/settings.json';
const claude = (...hooks: [matcher: string, command: string, event?: string][]) => {
  const byEvent: Record<string, unknown[]> = {};
  for (const [matcher, command, event = 'PreToolUse'] of hooks) {
    byEvent[event] ??= [];
    byEvent[event].push({ matcher, hooks: [{ type: 'command', command }] });
  }
  return { [SETTINGS]: JSON.stringify({ hooks: byEvent }) };
};
const of = (ways: readonly string[], verdict: string) => Object.fromEntries(ways.map(way => [way, verdict]));

/** Refuses what has this in it, by a program that it leans on. */
const guard = (more = '') =>
  `#!/bin/sh\nsaid=$(cat)\n${more}\nif printf '%s' "$said" | grep -q '[.]env"'; then echo no >&2; exit 2; fi\n`;
const GUARD = '.claude/hooks/guard.sh';
const FAILS = ['exit-1', 'crash', 'garbage', 'slow'];

describeWith(['claude-code', 'bubblewrap', 'git'], 'hooks that fail, in the real Claude Code', () => {
  test('one that goes by what it leans on lets all through where that is missing, and so it does in every other way', async () => {
    const { byHook } = await tried('claude-code', {
      ...claude(['Bash|Read', `"$CLAUDE_PROJECT_DIR"/${GUARD}`]),
      [GUARD]: guard(),
    });
    expect(byHook).toEqual({
      [`${GUARD} (PreToolUse Bash|Read)`]: of(['without-grep', 'not-executable', 'missing', ...FAILS], 'exposed'),
    });
  }, 60_000);

  test('what stands behind it in the command closes what ends with another code, and nothing else', async () => {
    const { byHook } = await tried('claude-code', {
      ...claude(['', `"$CLAUDE_PROJECT_DIR"/${GUARD} || exit 2`]),
      [GUARD]: guard('command -v grep >/dev/null || exit 1'),
    });
    expect(byHook).toEqual({
      [`${GUARD} (PreToolUse)`]: {
        ...of(['without-grep', 'not-executable', 'missing', 'exit-1', 'crash'], 'blocked'),
        ...of(['garbage', 'slow'], 'exposed'),
      },
    });
  }, 60_000);

  test('one that is broken as it stands is told, in the one way in which it is', async () => {
    const { byHook } = await tried('claude-code', {
      ...claude(
        ['Bash', 'uv-that-is-not-here run $CLAUDE_PROJECT_DIR/.claude/hooks/a.py'],
        ['Read', '~/.claude/hooks/not-installed.sh'],
        ['Write', '~/.claude/hooks/not-installed.sh || exit 2'],
        ['.*', 'jq-that-is-not-here -r .tool_input.command | grep -q secret && exit 2; exit 0'],
        ['Bash', `"$CLAUDE_PROJECT_DIR"/.claude/hooks/plain.sh`],
        ['Bash', `"$CLAUDE_PROJECT_DIR"/.claude/hooks/odd.sh`],
      ),
      '.claude/hooks/a.py': 'import sys\n',
      '.claude/hooks/plain.sh': 'exit 2\n',
      '.claude/hooks/odd.sh': '#!/opt/agent-posture/none\n',
    });
    expect(Object.values(byHook)).toEqual([
      { 'without-uv-that-is-not-here': 'exposed' },
      { missing: 'exposed' },
      { missing: 'blocked' },
      { 'without-jq-that-is-not-here': 'exposed' },
      { 'not-executable': 'exposed' },
      { 'without-none': 'exposed' },
    ]);
  }, 60_000);

  test('that another hook refuses meanwhile is none of its own', async () => {
    const closed = '.claude/hooks/closed.sh';
    const { byHook } = await tried('claude-code', {
      ...claude(
        ['Bash|Read', `"$CLAUDE_PROJECT_DIR"/${GUARD}`],
        ['Bash|Read', `"$CLAUDE_PROJECT_DIR"/${closed} || exit 2`],
        ['Bash', `"$CLAUDE_PROJECT_DIR"/${closed} || exit 1`],
        ['', 'exit 2', 'PostToolUse'],
      ),
      [GUARD]: guard(),
      [closed]: guard('command -v grep >/dev/null || exit 1'),
    });
    const open = byHook[`${GUARD} (PreToolUse Bash|Read)`];
    expect(open).toEqual(of(['without-grep', 'not-executable', 'missing', ...FAILS], 'exposed'));
    expect(byHook[`${closed} (PreToolUse Bash|Read)`]).toMatchObject({ 'without-grep': 'blocked', missing: 'blocked' });
    expect(byHook[`${closed} (PreToolUse Bash)`]).toMatchObject({ missing: 'exposed', crash: 'exposed' });
  }, 60_000);

  test('that a rule refuses the call, or the hook refuses whatever it is asked, shows nothing', async () => {
    const hook = (matcher: string, command: string) => ({ matcher, hooks: [{ type: 'command', command }] });
    const { byHook } = await tried('claude-code', {
      [SETTINGS]: JSON.stringify({
        permissions: { deny: ['Bash', 'Read(./agent-posture-permitted/read.txt)'] },
        hooks: { PreToolUse: [hook('Bash|Read', 'grep -q x && exit 2; exit 0'), hook('Write', 'exit 2')] },
      }),
    });
    expect(Object.values(byHook).flatMap(ways => Object.values(ways))).not.toContain('blocked');
    // What it refuses, and lets through when it fails, is enough to say that it fails open.
    expect(byHook['exit 2 (PreToolUse Write)']).toEqual(of(FAILS, 'exposed'));
    expect(byHook['grep -q x && exit 2; exit 0 (PreToolUse Bash|Read)']).toMatchObject(of(FAILS, 'inconclusive'));
  }, 60_000);

  test('a command in the settings is tried as it stands there, with what it leans on missing too', async () => {
    const open = `if grep -q '[.]env"'; then echo no >&2; exit 2; fi`;
    const closed = `command -v grep >/dev/null || exit 2; grep -q '[.]env"' && exit 2 || exit 0`;
    const { byHook, rows } = await tried('claude-code', claude(['Bash|Read', open], ['Bash|Read', closed]));
    expect(byHook).toEqual({
      [`${open} (PreToolUse Bash|Read)`]: of(['without-grep', ...FAILS], 'exposed'),
      [`${closed} (PreToolUse Bash|Read)`]: { ...of(FAILS, 'exposed'), 'without-grep': 'blocked' },
    });
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  }, 60_000);

  test('of one that is asked about other things, nothing is said', async () => {
    const { byHook, reasons } = await tried(
      'claude-code',
      claude(['', 'exit 0', 'UserPromptSubmit'], ['WebSearch', 'exit 0'], ['', 'exit 2', 'PostToolUse']),
    );
    expect(byHook).toEqual({
      'exit 0 (UserPromptSubmit)': { 'exit-1': 'skipped' },
      'exit 0 (PreToolUse WebSearch)': of(FAILS, 'inconclusive'),
    });
    expect(reasons.crash).toContain('it is not asked about this call');
  }, 60_000);

  test('one that puts a link in the place of its program does not lead the host out of the stage', async () => {
    const outside = join(stage.home, 'outside');
    writeFileSync(outside, 'KEPT');
    const text = guard(
      `rm -f "$0"; ln -s '${outside}' "$0"; rm -rf ~/.agent-posture-bin; ln -s '${stage.home}' ~/.agent-posture-bin`,
    );
    await tried('claude-code', { ...claude(['', `"$CLAUDE_PROJECT_DIR"/${GUARD}`]), [GUARD]: text });
    expect(readFileSync(outside, 'utf8')).toBe('KEPT');
    expect(readdirSync(stage.home).sort()).toEqual(['outside', 'shop']);
  }, 60_000);
});

/** The program that agents are made to ask, over one hidden file. */
const ASKED: Readonly<Record<string, string>> = {
  [HOOK_FILE]: template('agent-hook.cjs', {
    RULES: JSON.stringify(hookRules({ hidden: ['.env'], hiddenInHome: [], guards: [], protectedBranches: ['main'] })),
  }),
};

describeWith(['copilot', 'bubblewrap', 'git'], 'hooks that fail, in the real GitHub Copilot CLI', () => {
  test('ours fails closed in every way but that it is waited for no longer, and that is an hour', async () => {
    const { byHook, reasons } = await tried('copilot', {
      ...ASKED,
      '.github/hooks/agent-posture.json': JSON.stringify(hooksFile()),
    });
    expect(byHook).toEqual({
      [`${HOOK_FILE} (preToolUse)`]: {
        ...of(['without-node', 'missing', 'exit-1', 'crash', 'garbage'], 'blocked'),
        slow: 'exposed',
      },
    });
    expect(reasons.slow).toContain('longer than the 3600 s');
  }, 60_000);
});

describeWith(['cline', 'bubblewrap', 'git'], 'hooks that fail, in the real Cline', () => {
  test('ours fails closed where what it asks cannot be asked, and open where Cline cannot ask it', async () => {
    const { byHook, reasons } = await tried('cline', { ...ASKED, [HOOK_PATH]: hookScript() });
    expect(byHook).toEqual({
      [`${HOOK_PATH} (PreToolUse)`]: {
        ...of(['without-dirname', 'without-node'], 'blocked'),
        ...of(['missing', 'exit-1', 'crash', 'garbage'], 'exposed'),
        slow: 'skipped',
      },
    });
    expect(reasons.slow).toBe('it is waited for 120 s');
  }, 120_000);
});

// The one takes it for a refusal only where something is said with it.
describe.each([
  ['gemini', '.gemini/settings.json', 'BeforeTool'],
  ['qwen', '.qwen/settings.json', 'PreToolUse'],
] as const)('%s', (id, path, event) => {
  describeWith([id, 'bubblewrap', 'git'], `hooks that fail, in the real ${id}`, () => {
    test('an exit with 2 is none without a word', async () => {
      const command = `$CLAUDE_PROJECT_DIR/${GUARD} || exit 2`;
      const { byHook } = await tried(id, {
        [path]: JSON.stringify({
          hooks: { [event]: [{ matcher: '.*', hooks: [{ type: 'command', command: `timeout 60 ${command}` }] }] },
        }),
        [GUARD]: guard(),
      });
      expect(byHook).toEqual({
        [`${GUARD} (${event} .*)`]: {
          ...of(['without-grep', 'exit-1', 'garbage'], 'exposed'),
          // A shell has a word to say of these.
          ...of(['missing', 'not-executable', 'crash'], 'blocked'),
          slow: 'skipped',
        },
      });
    }, 60_000);
  });
});

describeWith(['codex', 'bubblewrap', 'git'], 'hooks that fail, in the real Codex', () => {
  test('one whose command is trusted as it stands is tried by its program alone', async () => {
    const command = `sh "$HOME/.codex/hooks/guard.sh" || { echo no >&2; exit 2; }`;
    const identity = {
      event_name: 'pre_tool_use',
      hooks: [{ async: false, command, timeout: 600, type: 'command' }],
      matcher: '.*',
    };
    const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
    const key = JSON.stringify(`${stage.inside('.codex/hooks.json')}:pre_tool_use:0:0`);
    const { byHook } = await tried('codex', {
      '.codex/hooks.json': JSON.stringify({
        hooks: { PreToolUse: [{ matcher: '.*', hooks: [{ type: 'command', command }] }] },
      }),
      '~/.codex/config.toml': `[hooks.state.${key}]\ntrusted_hash = "sha256:${hash}"\n`,
      '~/.codex/hooks/guard.sh': guard(),
    });
    expect(byHook).toEqual({
      '~/.codex/hooks/guard.sh (PreToolUse .*)': {
        ...of(['missing', 'exit-1', 'crash'], 'blocked'),
        ...of(['without-grep', 'garbage'], 'exposed'),
        slow: 'skipped',
      },
    });
  }, 60_000);
});

describe('what a hook runs', () => {
  const command = (text: string): AgentHook => ({ path: SETTINGS, event: 'PreToolUse', matcher: '', command: text });

  test.each<[string, readonly (readonly string[])[]]>([
    ['a b; c && d || e | f & g', [['a', 'b'], ['c'], ['d'], ['e'], ['f'], ['g']]],
    [`X=1 Y="2" a 'b c' "d \\"e" f\\ g`, [['a', 'b c', 'd "e', 'f g']]],
    ['if a; then b; else c; fi; for x in y z; do d; done', [['a'], ['b'], ['c'], ['d']]],
    ['case "$(a)" in *x) b;; y) c;; esac', [['a'], ['b'], ['c']]],
    ['x=$(a "$(b)" | c) && [ "`d`" != e ]', [['b'], ['a', EXPANDED], ['c'], ['d'], ['[', EXPANDED, '!=', 'e', ']']]],
    ['a >/dev/null 2>&1 <<< x; b', [['a']]],
    ['a 2>"b c" d >&2 # e; f\ng', [['a', 'd'], ['g']]],
    ['(a; b) && { c; }; f() { d; }', [['a'], ['b'], ['c'], ['d']]],
    ['env -i A=1 a; exec b; ! c; echo $((1 + 2))', [['a'], ['b'], ['c'], ['echo', EXPANDED]]],
    ["a 'open", [['a', 'open']]],
    ['a "open $(b', [['b'], ['a', `open ${EXPANDED}`]]],
    ['))) `` $() "" \\', [[EXPANDED, EXPANDED, '', '']]],
  ])('the simple commands of %j', (text, words) => {
    expect(
      simpleCommands(text)
        .map(each => each.words)
        .filter(each => each.length > 0),
    ).toEqual(words);
  });

  test.each<[string, string | undefined, boolean?]>([
    ['"$CLAUDE_PROJECT_DIR"/hooks/a.sh --flag', 'hooks/a.sh', true],
    [`python3 $${'{CLAUDE_PROJECT_DIR}'}/hooks/a.py`, 'hooks/a.py', false],
    ['cd "$CLAUDE_PROJECT_DIR" && node hooks/a.mjs || exit 2', 'hooks/a.mjs', false],
    ['cd hooks; ./a.sh', 'hooks/a.sh', true],
    ['"$(git rev-parse --show-toplevel)/hooks/a.sh"', 'hooks/a.sh', true],
    ['uv run --script hooks/gone.py', 'hooks/gone.py', false],
    ['~/hooks/gone.sh', '~/hooks/gone.sh', true],
    ["jq -r '.tool_input.file_path // empty' | grep -q x", undefined],
    ['grep -f hooks/words.txt', 'hooks/words.txt', false],
    ['/usr/bin/true', undefined],
    ['../elsewhere/a.sh', undefined],
  ])('the program of %j', (text, path, direct) => {
    for (const file of ['a.sh', 'a.py', 'a.mjs', 'words.txt']) stage.write(`hooks/${file}`, 'x\n');
    const found = programOf(stage, command(text));
    expect([found?.path, found?.direct]).toEqual([path, direct]);
    // What is no program is replaced by none.
    if (path?.endsWith('.txt')) expect(found?.written).toBeUndefined();
  });

  test('what it leans on is what begins its commands, and what it asks for first it can do without', () => {
    const names = (text: string) => dependenciesOf(command(text), undefined);
    expect(names('jq -r .x | grep -q y && exit 2')).toEqual([
      { name: 'jq', isSure: true },
      { name: 'grep', isSure: true },
    ]);
    expect(names('command -v rg >/dev/null && rg x; y || z')).toEqual([
      { name: 'rg', isSure: false },
      { name: 'y', isSure: false },
      { name: 'z', isSure: false },
    ]);
    stage.write(
      'hooks/a.py',
      'import subprocess\n# "jq"\nsubprocess.run(["git", "push"])\nrules = ["rm -rf", "curl"]\n',
    );
    const ofPython = command('python3 hooks/a.py');
    expect(dependenciesOf(ofPython, programOf(stage, ofPython)).map(({ name }) => name)).toEqual(['git']);
  });

  test('two of one program and one event are told apart', () => {
    const [a, b] = [command('x'), command('y')];
    const c = { ...a, path: '.claude/settings.local.json' };
    const names = targetsOf([a, b, c].map(hook => ({ hook, runs: 'hooks/a.sh' })));
    expect(new Set(names.values()).size).toBe(3);
    expect(targetsOf([{ hook: a, runs: 'hooks/a.sh' }]).get(a)).toBe('hooks/a.sh (PreToolUse)');
  });

  test('commands of settings are in our hands where they are plain JSON, and are given back to the letter', () => {
    const text = `{"hooks": {"PreToolUse": [{"matcher": "Bash",\n "hooks": [{"type": "command", "command": "a 'b'"}]}]}}`;
    stage.write(SETTINGS, text);
    stage.write('.claude/settings.local.json', `// as it is read with comments\n${text}`);
    const driver = driverOf('claude-code');
    const all = driver?.hooks?.(settingsOn(stage, driver)) ?? [];
    const held = new HeldHooks(stage, all);
    const of = (path: string) => all.find(hook => hook.path === path) as AgentHook;
    expect(all).toHaveLength(2);
    expect([held.holds(of(SETTINGS)), held.isAlone(of(SETTINGS))]).toEqual([true, false]);
    expect(held.holds(of('.claude/settings.local.json'))).toBe(false);
    const undo = held.lay(true);
    expect(JSON.parse(stage.read(SETTINGS) ?? '').hooks.PreToolUse[0].hooks[0]).toMatchObject({ timeout: 1 });
    expect(stage.read(SETTINGS)).not.toContain("a 'b'");
    const back = held.whole(of(SETTINGS))();
    expect(stage.read(stage.stub('.hook-0'))).toBe("a 'b'\n");
    back();
    undo();
    expect(stage.read(SETTINGS)).toBe(text);
    expect(stage.kind(stage.stub('.hook-0'))).toBeUndefined();
  });
});

describe('what a hook that fails came to', () => {
  const way = { id: 'crash', says: 'it crashes', lay: () => () => {}, consenting: undefined };
  const refused: HookTried = {
    ...{ harmless: 'refused', witness: undefined, consenting: 'through', before: 'through', after: 'through' },
  };
  const judged = (tries: Partial<HookTried>[], more: object = {}, contained = true) =>
    judgeHook({ way: { ...way, ...more }, tries: tries.map(each => ({ ...refused, ...each })) }, contained).verdict;
  const twice = (each: Partial<HookTried>) => [{}, each];

  test('refused twice, and by nothing else', () => {
    expect(judged([{}, {}])).toBe('blocked');
    expect(judged([{ consenting: undefined }, { consenting: undefined }])).toBe('blocked');
  });

  // Each takes away one thing that a "held" needs.
  test.each<[string, string]>([
    ['once', judged([{}])],
    ['not at the real paths', judged([{}, {}], {}, false)],
    ['not let through before', judged(twice({ before: 'refused' }))],
    ['not let through after', judged(twice({ after: 'refused' }))],
    ['refused with a hook that says yes', judged(twice({ consenting: 'refused' }))],
    ['nobody knows by what', judged(twice({ consenting: { unclear: 'x' } }))],
    ['nothing came of it', judged(twice({ harmless: { unclear: 'x' } }))],
    ['not tried', judged([])],
  ])('%s is not proven', (_what, verdict) => {
    expect(verdict).toBe('inconclusive');
  });

  test('gone through once is open, and without what it leans on only for what it refuses', () => {
    const needs = { needsRefusal: true };
    expect(judged([{ harmless: 'through' }])).toBe('exposed');
    expect(judged(twice({ harmless: 'through' }))).toBe('exposed');
    expect(judged([{ harmless: 'through' }], needs)).toBe('skipped');
    expect(judged([{ harmless: 'through', witness: 'through' }], needs)).toBe('exposed');
    expect(judged([{ harmless: 'through', witness: 'refused' }], needs)).toBe('skipped');
    expect(judged([{ harmless: undefined, witness: 'through', before: 'refused' }])).toBe('exposed');
  });

  test('one that refuses whatever it is asked shows nothing by refusing', () => {
    const tries = [{ ...refused, harmless: undefined, witness: 'refused' as const, before: 'refused' as const }];
    expect(judgeHook({ way, tries: [...tries, ...tries], refusesAll: true }, true).verdict).toBe('inconclusive');
  });
});
