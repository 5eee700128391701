import { readJson } from '../base/installed.ts';
import type { SettingsFile } from './types.ts';
import type { Json } from './wire/types.ts';

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

/** A value that should be a list of objects, as one: whatever else it is, is none. */
export function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((each): each is Json => typeof each === 'object' && each !== null) : [];
}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
