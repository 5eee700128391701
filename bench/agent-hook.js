import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bin, once, POSTURE, ratio, within, world } from './measure.js';

/** The program that agents ask before each tool: with an everyday command, and with what its expressions are slowest on. */
export default async () => {
  const { repository, env } = world({ '.env': 'API_TOKEN=x\n', 'src/app.ts': '' });
  writeFileSync(join(repository, 'agent-posture.yaml'), POSTURE.replace('[claude-code]', '[copilot]'));
  once(process.execPath, [bin, 'generate', '--quiet'], { cwd: repository, env });
  // A shell gives it its input, as the agent's would. 42 is its yes, 2 its no.
  const ask = (command, codes) => {
    writeFileSync(join(repository, 'input'), JSON.stringify({ toolName: 'bash', toolArgs: { command } }));
    return once('sh', ['-c', 'node .agent-posture/agent-hook.cjs copilot < input'], {
      cwd: repository,
      env,
      codes,
    }).took;
  };
  // No two commands alike: one that was judged is not judged again.
  const many = (text, times) => Array.from({ length: times }, (_each, index) => text + index).join(';');
  const slow = [many('git push '.repeat(430), 220), many('rm '.repeat(1_300), 220), many('git push ', 70_000)];
  return [
    await ratio('agent-hook.cjs, a command that is allowed', 1.5, () => ask('npm test -- --watch=false', [42]), 15),
    within(
      'agent-hook.cjs, 1 MB of pushes and removals',
      Math.max(...slow.map(command => ask(command, [42, 2]))) / 1000,
      4,
      ' s',
    ),
  ];
};
