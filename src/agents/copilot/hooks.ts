import type { AgentHook } from '../driver.ts';
import type { SettingsFile } from '../types.ts';
import { jsonValue, object, string } from '../values.ts';
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
      entriesOf(entries, ['hooks', event]).flatMap(({ entry, at }) => {
        const matcher = string(entry.matcher);
        return [{ entry, at }, ...entriesOf(entry.hooks, [...at, 'hooks'])].flatMap(one =>
          hookOf(one, { path, event, matcher }),
        );
      }),
    ),
  );
}

type At = readonly (string | number)[];

/** The objects of a list, each with its place. */
function entriesOf(value: unknown, at: At): { entry: Json; at: At }[] {
  const list: unknown[] = Array.isArray(value) ? value : [];
  return list.flatMap((entry, index) =>
    typeof entry === 'object' && entry !== null ? [{ entry: entry as Json, at: [...at, index] }] : [],
  );
}

function hookOf(
  { entry, at }: { entry: Json; at: At },
  { path, event, matcher }: Pick<AgentHook, 'path' | 'event' | 'matcher'>,
): AgentHook[] {
  const { type, bash, command, cwd, timeoutSec, timeout } = entry;
  const said = string(bash) || string(command);
  if (said === '' || (type !== undefined && type !== 'command')) return [];
  const seconds = [timeoutSec, timeout].find(value => typeof value === 'number');
  return [
    {
      path,
      event,
      matcher: string(entry.matcher) || matcher,
      command: inFolder(string(cwd), said),
      ...(typeof seconds === 'number' ? { timeout: seconds } : {}),
      at: [...at, string(bash) === '' ? 'command' : 'bash'],
      waits: { key: timeoutSec === undefined && timeout !== undefined ? 'timeout' : 'timeoutSec', perSecond: 1 },
    },
  ];
}

/** Hooks are started in the root, or in a folder that is named from there. */
function inFolder(folder: string, command: string): string {
  return folder === '' || folder === '.' ? command : `cd '${folder.replaceAll("'", `'\\''`)}' && ${command}`;
}
