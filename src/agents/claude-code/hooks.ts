import type { AgentHook } from '../driver.ts';
import type { SettingsFile } from '../types.ts';
import { jsonValue } from '../values.ts';

/** The commands that settings name for its hooks. Source: https://code.claude.com/docs/en/hooks. */
export function hooks(settings: readonly SettingsFile[]): AgentHook[] {
  return settings.flatMap(({ path, text }) =>
    Object.entries(table(jsonValue(text, 'hooks'))).flatMap(([event, groups]) =>
      list(groups).flatMap(group =>
        list(table(group).hooks).flatMap(hook => {
          const { type, command, timeout } = table(hook);
          const { matcher = '' } = table(group);
          return type === 'command' && typeof command === 'string'
            ? [
                {
                  path,
                  event,
                  matcher: typeof matcher === 'string' ? matcher : '',
                  command,
                  ...(typeof timeout === 'number' ? { timeout } : {}),
                },
              ]
            : [];
        }),
      ),
    ),
  );
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const table = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
