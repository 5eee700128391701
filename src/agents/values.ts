import { readJson } from '../base/installed.ts';
import type { SettingsFile } from './types.ts';

/** The value at a path of keys in JSON with comments; undefined where it is not there or the text is no JSON. */
export function jsonValue(text: string, ...path: string[]): unknown {
  let value = readJson(text);
  for (const key of path)
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
  return value;
}

/** The last value at a path that any of the settings sets. */
export function lastJsonValue(files: readonly SettingsFile[], ...path: string[]): unknown {
  return files.map(({ text }) => jsonValue(text, ...path)).findLast(value => value !== undefined);
}
