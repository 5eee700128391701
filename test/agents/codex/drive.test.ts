import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { driver } from '../../../src/agents/codex/drive.ts';
import { describeWith, part } from '../../support/parts.ts';
import { processesWith } from '../../support/processes.ts';
import { Lab, leaving } from '../driven.ts';

const { shell } = driver.tools;
const FILES = { '.env': 'CANARY', 'ok.txt': 'FINE' };
const HOOK = 'if grep -q WORD; then echo no >&2; exit 2; fi';

/** By what Codex knows a hook that a person has trusted: `codex-rs/hooks/src/engine/discovery.rs` in its repository. */
function trusting(hooks: string, command: string): string {
  const identity = {
    event_name: 'pre_tool_use',
    hooks: [{ async: false, command, timeout: 600, type: 'command' }],
    matcher: '.*',
  };
  const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  return `[hooks.state.${JSON.stringify(`${hooks}:pre_tool_use:0:0`)}]\ntrusted_hash = "sha256:${hash}"\n`;
}

const hooksFile = (command: string) =>
  JSON.stringify({ hooks: { PreToolUse: [{ matcher: '.*', hooks: [{ type: 'command', command }] }] } });

describeWith(['codex', 'bubblewrap', 'git'], 'the real Codex in the hands of a scripted model', () => {
  let lab: Lab | undefined;
  const laid = (files: Readonly<Record<string, string>>) => {
    lab = new Lab(driver, part('codex'), { ...FILES, ...files });
    return lab;
  };
  afterEach(() => lab?.remove());

  test('without rules all goes through, in both modes', async () => {
    const { stage, drive } = bound(laid({}));
    for (const mode of ['configured', 'bypass'] as const) {
      const left = leaving();
      const { ready, code, output } = await drive(mode, async ({ call, model }) => {
        const read = await call(shell('cat .env'));
        expect(read).toContain('CANARY');
        expect(driver.refused(read)).toBeUndefined();
        await call(shell(`echo ${mode} > new.txt`));
        expect(stage.read('new.txt')).toBe(`${mode}\n`);
        const both = await model.calls([shell('echo one'), shell('echo two')], 20_000);
        expect(both.map(each => each.kind === 'returned' && each.text.trim().split('\n').at(-1))).toEqual([
          'one',
          'two',
        ]);
        // None of the same calls in a row is taken for a loop.
        for (let again = 0; again < 7; again++) expect(await call(shell('cat ok.txt'))).toContain('FINE');
        expect(await call(shell(left.command))).toContain('left');
      });
      expect({ ready, code, complaint: driver.complaint(output) }).toEqual({
        ready: true,
        code: 0,
        complaint: undefined,
      });
      expect(processesWith(left.words)).toEqual([]);
    }
  });

  test('its profile hides files from every program, and its sandbox keeps what it always keeps', async () => {
    const files = {
      '~/.codex/config.toml': [
        'default_permissions = "mine"',
        '[permissions.mine]\nextends = ":workspace"',
        '[permissions.mine.filesystem]\n"~/.hidden" = "deny"\nglob_scan_max_depth = 3',
        '[permissions.mine.filesystem.":workspace_roots"]\n"**/.env" = "deny"\n"guard.txt" = "read"\n',
      ].join('\n'),
      '~/.hidden/key': 'CANARY',
      'guard.txt': 'KEPT',
    };
    const { stage, drive } = bound(laid(files));
    const path = '~/.codex/config.toml';
    expect(driver.rules?.([{ path, text: files[path] }]).map(({ text, what }) => [text, what])).toEqual([
      ['"~/.hidden" = "deny"', { kind: 'read', pattern: '~/.hidden' }],
      ['"**/.env" = "deny"', { kind: 'read', pattern: '**/.env' }],
      ['"guard.txt" = "read"', { kind: 'write', pattern: '/guard.txt' }],
    ]);
    const { ready } = await drive('configured', async ({ call }) => {
      for (const command of ['cat .env', 'cat ~/.hidden/key', 'python3 -c "print(open(\'.env\').read())"'])
        expect(await call(shell(command))).not.toContain('CANARY');
      await call(shell('echo x > guard.txt; echo x > .git/hooks/pre-push'));
      expect([stage.read('guard.txt'), stage.read('.git/hooks/pre-push')]).toEqual(['KEPT', undefined]);
      expect(await call(shell('cat ok.txt; echo new > new.txt'))).toContain('FINE');
      expect(stage.read('new.txt')).toBe('new\n');
    });
    expect(ready).toBe(true);
  });

  test('its rules for commands refuse, what it would ask about is no refusal, and neither speaks of the sibling', async () => {
    const rules = `# prefix_rule(pattern=["no"], decision="forbidden")
prefix_rule(pattern=["git", ["push", "fetch"]], decision="forbidden", match=[["git", "push", "(x)"]])
prefix_rule(
  pattern=['curl'], decision='forbidden', justification="not here")
prefix_rule(pattern=["ls"], decision="prompt")
`;
    const path = '.codex/rules/mine.rules';
    expect(driver.rules?.([{ path, text: rules }]).map(({ what }) => what)).toEqual([
      { kind: 'exec', command: 'git push origin main' },
      { kind: 'exec', command: 'curl' },
    ]);
    const { drive } = bound(laid({ [path]: rules }));
    for (const mode of ['configured', 'bypass'] as const)
      await drive(mode, async ({ call }) => {
        const said = async (command: string) => driver.refused(await call(shell(command)));
        expect(await said('curl http://127.0.0.1:1/')).toBe('rule');
        expect(await said('true && git push origin main')).toBe('rule');
        expect(await said('ls')).toBe('ask');
        expect(await said('rm -rf nothing')).toBe('ask');
        expect(await said('git status')).toBeUndefined();
        // What is printed is no refusal.
        expect(await said(`printf 'exec_command failed: CreateProcess { message: "Rejected(\\\\"x'`)).toBeUndefined();
      });
  });

  test('a hook refuses once it is trusted, and not before', async () => {
    const own = laid({ '.codex/hooks.json': hooksFile(HOOK) });
    const { stage, drive } = bound(own);
    expect(driver.hooks?.([{ path: '.codex/hooks.json', text: hooksFile(HOOK) }])).toEqual([
      { path: '.codex/hooks.json', event: 'PreToolUse', matcher: '.*', command: HOOK },
    ]);
    await drive('configured', async ({ call }) =>
      expect(driver.refused(await call(shell('echo WORD')))).toBeUndefined(),
    );
    stage.write('~/.codex/config.toml', trusting(own.inRoot('.codex/hooks.json'), HOOK));
    await drive('configured', async ({ call }) => {
      expect(driver.refused(await call(shell('echo WORD')))).toBe('hook');
      expect(driver.refused(await call(shell('echo fine')))).toBeUndefined();
    });
  });

  test('it says which settings it does not take', async () => {
    const said = async (path: string, text: string) => {
      const { stage, drive, remove } = bound(new Lab(driver, part('codex'), FILES));
      stage.write(path, text);
      const { ready, output } = await drive('configured');
      remove();
      return { ready, complaint: driver.complaint(output) };
    };
    expect(await said('~/.codex/config.toml', 'model = "x')).toEqual({
      ready: false,
      complaint: expect.stringMatching(/Error loading config\.toml: .*invalid basic string/),
    });
    expect(await said('.codex/config.toml', 'sandbox_mode = "none"')).toEqual({
      ready: false,
      complaint: expect.stringContaining('unknown variant'),
    });
    expect(await said('~/.codex/rules/x.rules', 'prefix_rule(pattern=["x"], decision="never")')).toEqual({
      ready: false,
      complaint: expect.stringContaining('invalid decision: never'),
    });
    expect(await said('.codex/hooks.json', '{"hooks":5}')).toEqual({
      ready: true,
      complaint: expect.stringContaining('failed to parse hooks config'),
    });
    expect(await said('.codex/config.toml', '[permissionz.x]\ny = 1\n')).toEqual({
      ready: true,
      complaint: expect.stringContaining('`permissionz` is ignored'),
    });
  });
});

test('of its configuration, providers and keys are not copied, and one that is none stays none', () => {
  const keep = driver.copies.find(({ path }) => path === '~/.codex/config.toml')?.keep;
  const kept = keep?.(`model_provider = "p"
sandbox_mode = "read-only"
experimental_bearer_token = "s3cr3t"
[model_providers.p]
base_url = "http://127.0.0.1:9"
[mcp_servers.x.env]
KEY = "s3cr3t"
[hooks.state."/a:pre_tool_use:0:0"]
trusted_hash = "sha256:1"
[shell_environment_policy]
inherit = "core"
set = { A = "s3cr3t" }
`);
  expect(kept).not.toMatch(/s3cr3t|127\.0\.0\.1|provider/);
  expect(kept).toMatch(/sandbox_mode = "read-only"[\s\S]*trusted_hash[\s\S]*inherit = "core"/);
  expect(keep?.('key = "s3cr3t')).toBe('this is no TOML\n');
});

/** The methods of a lab, to be taken apart. */
function bound(lab: Lab) {
  return { stage: lab.stage, drive: lab.drive.bind(lab), remove: lab.remove.bind(lab) };
}
