import { join } from 'node:path';
import type { AgentHook, Driver } from '../../agents/driver.ts';
import type { SettingsFile } from '../../agents/types.ts';
import { sha256 } from '../../base/hash.ts';
import { programOf } from './hook-programs.ts';
import { filesIn } from './prepare.ts';
import type { Stage } from './stage.ts';

/**
 * What an agent would run by itself on this stage: hooks, servers, helpers, plugins, by content. As a text to be approved whole;
 * undefined where there is nothing of the kind.
 */
export function runsByItself(
  stage: Stage,
  { runs }: Pick<Driver, 'runs'>,
  settings: readonly SettingsFile[],
  hooks: readonly AgentHook[],
  gitHooks: readonly string[],
): string | undefined {
  const lines = new Set<string>();
  const file = (path: string) => {
    const text = stage.read(path);
    if (text !== undefined) lines.add(`${path}, sha256 ${sha256(text).slice(0, 16)}`);
  };
  for (const hook of hooks) {
    lines.add(`${hook.path}: ${[hook.event, hook.matcher].filter(Boolean).join(' ')}: ${hook.command}`);
    const program = programOf(stage, hook);
    if (program) file(program.path);
  }
  for (const { path, text } of settings) if (runs?.keys.test(text)) file(path);
  for (const path of [...(runs?.files ?? []), ...gitHooks])
    for (const each of path.endsWith('/') ? filesIn(stage.at(path)).map(name => join(path, name)) : [path]) file(each);
  return lines.size === 0 ? undefined : [...lines].sort().join('\n');
}
