import type { AgentHook } from '../driver.ts';
import type { SettingsFile } from '../types.ts';
import { jsonValue } from '../values.ts';
import { object, objects, string } from '../wire/parts.ts';
import type { Json } from '../wire/types.ts';

/** Claude Code's settings of a repository, whose hooks it runs as well: seen in 1.0.102. */
const CLAUDE = ['.claude/settings.json', '.claude/settings.local.json'];

/**
 * Where it finds hooks beside its settings. Source: https://docs.github.com/en/copilot/reference/hooks-reference; each was seen to
 * be asked in 1.0.102.
 */
export const HOOK_FILES: readonly string[] = ['.github/hooks/', '~/.copilot/hooks/', ...CLAUDE];

/** The commands that these files name, in its own form and in that of Claude Code, which has them in groups with a matcher. */
export function hooks(files: readonly SettingsFile[]): AgentHook[] {
  // It takes none from there: seen in 1.0.102.
  const read = files.filter(({ path }) => path.endsWith('.json') && path !== '~/.copilot/config.json');
  return read.flatMap(({ path, text }) =>
    Object.entries(object(jsonValue(text, 'hooks'))).flatMap(([event, entries]) =>
      objects(entries)
        .flatMap(entry => [entry, ...objects(entry.hooks).map((hook): Json => ({ matcher: entry.matcher, ...hook }))])
        .filter(({ type }) => type === undefined || type === 'command')
        .flatMap(({ bash, command, cwd, matcher }) => {
          const said = string(bash) || string(command);
          return said === '' ? [] : [{ path, event, matcher: string(matcher), command: inFolder(string(cwd), said) }];
        }),
    ),
  );
}

/** Hooks are started in the root, or in a folder that is named from there. */
function inFolder(folder: string, command: string): string {
  return folder === '' || folder === '.' ? command : `cd '${folder.replaceAll("'", `'\\''`)}' && ${command}`;
}
