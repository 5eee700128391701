import type { AgentHook } from './driver.ts';
import type { SettingsFile } from './types.ts';
import { jsonValue } from './values.ts';

/** What several agents say in the same form: their hooks, and how many units of their `timeout` are a second. */
export function hooksIn(settings: readonly SettingsFile[], perSecond: (value: number) => number): AgentHook[] {
  return settings.flatMap(({ path, text }) =>
    Object.entries(table(jsonValue(text, 'hooks'))).flatMap(([event, groups]) =>
      list(groups).flatMap((group, place) =>
        list(table(group).hooks).flatMap((hook, index): AgentHook[] => {
          const { type, command, timeout, args } = table(hook);
          const { matcher = '' } = table(group);
          if (type !== 'command' || typeof command !== 'string') return [];
          const words = list(args).filter((word): word is string => typeof word === 'string');
          return [
            {
              path,
              event,
              matcher: typeof matcher === 'string' ? matcher : '',
              command: [command, ...words].join(' '),
              ...(typeof timeout === 'number' ? { timeout: timeout / perSecond(timeout) } : {}),
              // With arguments of its own it is started by no shell.
              ...(Array.isArray(args) ? {} : { at: ['hooks', event, place, 'hooks', index, 'command'] }),
              waits: { key: 'timeout', perSecond: perSecond(1) },
            },
          ];
        }),
      ),
    ),
  );
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const table = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
