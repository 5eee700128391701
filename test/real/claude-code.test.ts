import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claudeCode } from '../../src/agents/claude-code/detect.ts';
import { MISSHAPEN } from '../../src/agents/claude-code/shapes.ts';
import { valueAt } from '../../src/generate/formats/values.ts';
import type { Posture } from '../../src/posture/schema.ts';
import { FULL, HOSTILE } from '../generate/outputs/lab.ts';
import { describeWith, part } from '../support/parts.ts';
import { CLAUDE_ENV, type Stage } from './drive.ts';
import type { Driven, Order } from './drive-program.ts';
import { generate, hidingOdd, layOdd, ODD, PUSHES, stageWithGit, WORK } from './generated.ts';

/** What Claude Code says on stderr of a settings file that it rejects, whole or in part. */
const COMPLAINT = /did not load|were skipped|not in effect|invalid/i;

describeWith(['claude-code', 'bubblewrap'], 'the real Claude Code and the settings we generate', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = stageWithGit();
    stage.write(
      '~/.claude.json',
      JSON.stringify({ hasCompletedOnboarding: true, projects: { [stage.root]: { hasTrustDialogAccepted: true } } }),
    );
  });
  afterEach(() => stage.remove());

  const drive = (calls: Order['calls'] = []): Promise<Driven> =>
    stage.drive({
      protocol: 'anthropic',
      command: [part('claude-code'), '-p', 'go', '--allowedTools', 'Read', 'Bash', 'Edit', 'Write'],
      env: CLAUDE_ENV,
      calls,
    });
  const bash = (command: string) => ({ name: 'Bash', input: { command } });
  const read = (path: string) => ({ name: 'Read', input: { file_path: path } });

  test('load without complaint and are in force, for each kind of box, and full of hostile text', async () => {
    const full = FULL.isolation ?? { runtime: 'docker' };
    const postures: Posture[] = [
      FULL,
      { ...FULL, isolation: { ...full, runtime: 'native' } },
      { ...FULL, isolation: { ...full, runtime: 'native', network: { allow: [] } } },
      {
        ...FULL,
        isolation: { runtime: 'none', files: { hide: ['.env*', ...HOSTILE] } },
        repository: { protected: ['main', ...HOSTILE] },
      },
    ];
    stage.write('.env', 'CANARY');
    for (const posture of postures) {
      await generate(stage, posture);
      const { code, stdout, stderr, results } = await drive([read(`${stage.root}/.env`)]);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'ok\n', stderr: '' });
      expect(results).toEqual([expect.stringContaining('denied by your permission settings')]);
    }
  }, 60_000);

  test('a key of another shape than it has to be voids the file, each that is said to, and of the right shape none does', async () => {
    const right = { text: 'x', 'yes or no': false, table: {}, list: [], 'whole number': 30 };
    await generate(stage, FULL);
    stage.write('.env', 'CANARY');
    const laid = JSON.parse(readFileSync(join(stage.root, '.claude/settings.json'), 'utf8'));
    const readsWith = async (...changes: (readonly [path: readonly string[], value: unknown])[]) => {
      const settings = structuredClone(laid);
      for (const [path, value] of changes) {
        let at = settings;
        for (const key of path.slice(0, -1)) at = at[key] ??= {};
        at[path.at(-1) as string] ??= value;
      }
      stage.write('.claude/settings.json', JSON.stringify(settings));
      return (await drive([read(`${stage.root}/.env`)])).results.join().includes('CANARY');
    };
    // Of these not every text, or every table, will do.
    const special = [
      'permissions.defaultMode',
      'permissions.disableBypassPermissionsMode',
      'statusLine',
      'fileSuggestion',
      'autoUpdatesChannel',
      'defaultShell',
      'forceLoginOrgUUID',
    ];
    const plain = MISSHAPEN.filter(({ path }) => !special.includes(path.join('.')));
    const rightly = ({ path, shape }: (typeof MISSHAPEN)[number]) =>
      [path, right[shape as keyof typeof right]] as const;
    // Together some of the sandbox's go against each other.
    const inSandbox = plain.filter(({ path }) => path.length > 1 && path[0] === 'sandbox');
    expect(await readsWith(...plain.filter(one => !inSandbox.includes(one)).map(rightly))).toBe(false);
    for (const one of inSandbox) expect(await readsWith(rightly(one)), one.path.join('.')).toBe(false);
    for (const { path, shape } of MISSHAPEN.filter(({ path }) => valueAt(laid, path) === undefined))
      expect(await readsWith([path, shape === 'text' ? 5 : 'x']), path.join('.')).toBe(true);
  }, 180_000);

  test('started in a folder below, it does not take the rules', async () => {
    expect(claudeCode.goesUp).toBe(false);
    await generate(stage, FULL);
    stage.write('packages/api/.env', 'CANARY');
    stage.from = 'packages/api';
    expect((await drive([read(`${stage.root}/packages/api/.env`)])).results).toEqual([
      expect.stringContaining('CANARY'),
    ]);
  });

  test('a broken file is noticed by the same look, and holds nothing', async () => {
    stage.write('.env', 'CANARY');
    const deny = ['Read(/**/.env)'];
    for (const broken of [
      { permissions: { deny }, hooks: { PreToolUse: [{ matcher: 'Bash', hooks: 'wrong' }] } },
      { permissions: { deny }, sandbox: { network: { httpProxyPort: null } } },
    ]) {
      stage.write('.claude/settings.json', JSON.stringify(broken));
      const { stderr, results } = await drive([read(`${stage.root}/.env`)]);
      expect(stderr).toMatch(COMPLAINT);
      expect(results).toEqual([expect.stringContaining('CANARY')]);
    }
    stage.write('.claude/settings.json', JSON.stringify({ permissions: { deny: [...deny, 'Bash(git push'] } }));
    expect((await drive()).stderr).toMatch(COMPLAINT);
  });

  test('the rules hold what they say, and let work through', async () => {
    await generate(stage, { ...FULL, isolation: { runtime: 'none', files: FULL.isolation?.files ?? {} } });
    for (const path of ['.env', 'sub/.env.local', 'secrets/a.txt', 'config/master.key', '~/.ssh/id'])
      stage.write(path, 'CANARY');
    stage.write('.env.development.example', 'NAMES');
    stage.write('src/app.ts', 'works');
    const held = [
      read(`${stage.root}/.env`),
      read(`${stage.root}/sub/.env.local`),
      read(`${stage.root}/secrets/a.txt`),
      read(`${stage.root}/config/master.key`),
      read(`${stage.home}/.ssh/id`),
      bash('cat .env'),
      bash('cat ~/.ssh/id'),
      { name: 'Write', input: { file_path: `${stage.root}/.claude/settings.local.json`, content: '{}' } },
      { name: 'Write', input: { file_path: `${stage.root}/.mcp.json`, content: '{}' } },
      { name: 'Write', input: { file_path: `${stage.root}/.git/hooks/pre-push`, content: 'x' } },
      ...PUSHES.map(bash),
    ];
    const allowed = [
      read(`${stage.root}/src/app.ts`),
      read(`${stage.root}/.env.development.example`),
      { name: 'Write', input: { file_path: `${stage.root}/src/new.ts`, content: 'new' } },
      bash('cat src/app.ts'),
      ...WORK.filter(command => command.startsWith('git')).map(bash),
    ];
    const { results, turns } = await drive([...held, ...allowed]);
    expect(turns).toBe(held.length + allowed.length + 1);
    const denied = /denied by your permission settings|has been denied/;
    expect(held.filter((_call, index) => !denied.test(results[index] ?? ''))).toEqual([]);
    expect(
      allowed.filter((_call, index) =>
        denied.test(results[held.length + index] ?? 'denied by your permission settings'),
      ),
    ).toEqual([]);
    expect(results.join('\n')).not.toContain('CANARY');
  }, 60_000);

  test('names that hold brackets, stars and backslashes are held, and those beside them are not', async () => {
    await generate(stage, hidingOdd('claude-code'));
    layOdd(stage);
    const { results } = await drive([...ODD.held, ...ODD.open].map(path => read(`${stage.root}/${path}`)));
    expect(ODD.held.filter((_path, index) => !/denied by your permission/.test(results[index] ?? ''))).toEqual([]);
    expect(ODD.open.filter((_path, index) => !/works/.test(results[ODD.held.length + index] ?? ''))).toEqual([]);
  }, 60_000);

  test('without the file the same calls go through', async () => {
    stage.write('.env', 'CANARY');
    const { results } = await drive([read(`${stage.root}/.env`), bash('cat .env')]);
    expect(results.every(result => result.includes('CANARY'))).toBe(true);
  });

  test('its own sandbox, as we set it, hides the files from every program and keeps the guards', async () => {
    const posture: Posture = { ...FULL, isolation: { ...FULL.isolation, runtime: 'native', network: { allow: [] } } };
    for (const path of ['.env', '~/.ssh/id', 'config/master.key']) stage.write(path, 'CANARY');
    stage.write('src/app.ts', 'works');
    stage.write('agent-posture.yaml', 'version: 1\n');
    await generate(stage, posture, { secretFiles: [{ path: '.env' }, { path: 'config/master.key' }] });
    const { results, stderr } = await drive([
      bash('cat src/app.ts && echo w > src/w.ts && cat src/w.ts'),
      bash('python3 -c "print(open(\'.env\').read())"'),
      bash('sh -c "cd config; for f in *; do while read -r l; do echo \\$l; done <\\$f; cat \\$f; done"'),
      bash('sh -c "cd ~/.ssh; for f in *; do cat \\$f; done"'),
      bash('sh -c "echo x > .claude/settings.local.json" && echo PLANTED'),
      bash('sh -c "echo x > .git/hooks/pre-push" && echo PLANTED'),
      bash('sh -c "echo x > agent-posture.yaml" && echo PLANTED'),
      bash('sh -c "echo x > .githooks/pre-push" && echo PLANTED'),
    ]);
    expect(stderr).toBe('');
    expect(results).toHaveLength(8);
    expect(results[0]).toContain('works');
    expect(results.slice(1).join('\n')).not.toMatch(/CANARY|^PLANTED$/m);
  }, 60_000);

  test('takes in the agents’ page by way of its own file, and what stands there already', async () => {
    stage.write('CLAUDE.md', '# Ours\n\nUse pnpm.\n');
    expect((await drive()).told).not.toContain('Out of bounds');
    await generate(stage, FULL);
    const { code, told } = await drive();
    expect(code).toBe(0);
    expect(told).toContain('Use pnpm.');
    expect(told).toContain('Out of bounds: `environment production`, `orders-db (production)`.');
  }, 60_000);
});
