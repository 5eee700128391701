import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { driver } from '../../../src/agents/codex/drive.ts';
import { ScriptedModel } from '../../../src/selftest/drive/model.ts';
import { PlainShell } from '../../../src/selftest/drive/plain.ts';
import { describeWith, part } from '../../support/parts.ts';
import { Lab } from '../driven.ts';

const { shell } = driver.tools;
const CONFIG = [
  'default_permissions = "mine"',
  '[permissions.mine]\nextends = ":workspace"',
  '[permissions.mine.filesystem]\n"~/.hidden" = "deny"\nglob_scan_max_depth = 3',
  '[permissions.mine.filesystem.":workspace_roots"]\n"**/.env" = "deny"\n"guard.txt" = "read"\n',
].join('\n');
const FILES = { '.env': 'CANARY', 'ok.txt': 'FINE', '~/.hidden/key': 'CANARY', 'guard.txt': 'KEPT' };

/** Each with what shows that it went through. */
const COMMANDS: readonly (readonly [command: string, shows: string])[] = [
  ['cat .env', 'CANARY'],
  ['python3 -c "print(open(\'.env\').read())"', 'CANARY'],
  ['cat ~/.hidden/key', 'CANARY'],
  ['cat ok.txt', 'FINE'],
  ['echo x > guard.txt && echo CHANGED', 'CHANGED'],
  ['echo x > new.txt && echo CHANGED', 'CHANGED'],
  ['echo x > .git/hooks/pre-push && echo CHANGED', 'CHANGED'],
  ['bash -c "exec 3<>/dev/tcp/127.0.0.1/3130 && echo REACHED"', 'REACHED'],
];

// What Codex has for trying its sandbox and its rules without a model says the same as the drive. The drive does not use it: each
// command starts Codex anew, which takes three times as long as a call of a session (docs/decisions/0036).
describeWith(['codex', 'bubblewrap', 'git'], 'what the real Codex tells without a model', () => {
  let lab: Lab | undefined;
  afterEach(() => lab?.remove());

  test('codex sandbox lets through what the drive does, and nothing else', async () => {
    lab = new Lab(driver, part('codex'), FILES);
    const { stage } = lab;
    const driven: boolean[] = [];
    const config = { path: '~/.codex/config.toml', text: CONFIG };
    stage.write(config.path, config.text);
    const { ready } = await lab.drive('configured', async ({ call }) => {
      for (const [command, shows] of COMMANDS) driven.push((await call(shell(command))).includes(shows));
    });
    expect(ready).toBe(true);
    stage.write('guard.txt', 'KEPT');
    stage.drop('new.txt');
    stage.write(config.path, config.text);
    const model = new ScriptedModel({ wire: driver.wire });
    const socket = join(stage.folder, 'shortcut.sock');
    await model.listen(socket);
    const plain = new PlainShell(stage, socket, [part('codex')], { walled: true });
    try {
      const alone: boolean[] = [];
      for (const [command, shows] of COMMANDS) {
        const quoted = command.replaceAll("'", `'\\''`);
        const said = await plain.run(`'${part('codex')}' sandbox -- bash -c '${quoted}'`, 20_000);
        alone.push(said?.includes(shows) ?? false);
      }
      expect(alone).toEqual(driven);
      expect(driven).toEqual([false, false, false, true, false, true, false, false]);
    } finally {
      await plain.close();
      await model.close();
    }
  });

  test('codex execpolicy check refuses what the drive is refused', async () => {
    const path = '.codex/rules/mine.rules';
    const rules =
      'prefix_rule(pattern=["git", "push"], decision="forbidden")\nprefix_rule(pattern=["curl"], decision="forbidden")\n';
    lab = new Lab(driver, part('codex'), { ...FILES, [path]: rules });
    const file = lab.stage.at(path);
    const commands = [
      ['git', 'push', 'origin', 'main'],
      ['git', '-C', '.', 'push'],
      ['git', 'status'],
      ['curl', '-V'],
      ['env', 'curl', '-V'],
    ];
    const checked = commands.map(words => {
      const out = execFileSync(part('codex'), ['execpolicy', 'check', '--rules', file, ...words], { encoding: 'utf8' });
      return (JSON.parse(out) as { decision?: string }).decision === 'forbidden';
    });
    const driven: boolean[] = [];
    await lab.drive('configured', async ({ call }) => {
      for (const words of commands) driven.push(driver.refused(await call(shell(words.join(' ')))) === 'rule');
    });
    expect(driven).toEqual(checked);
    expect(checked).toEqual([true, false, false, true, false]);
  });
});
