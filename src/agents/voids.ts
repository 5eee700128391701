/** Settings by which an agent passes over what other settings lay down: where, what, and what comes of it. */
export interface Void {
  path: readonly string[];
  /** The value that does it. */
  value?: unknown;
  /** What it has to be, where anything else does it. */
  shape?: Shape;
  says: string;
  /** Only where the agent's own sandbox is the declared isolation. */
  ofSandbox?: true;
}

/** What a setting is. */
export type Shape = 'text' | 'yes or no' | 'table' | 'list' | 'whole number';

const FITS: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  text: value => typeof value === 'string',
  'yes or no': value => typeof value === 'boolean',
  table: value => typeof value === 'object' && value !== null && !Array.isArray(value),
  list: value => Array.isArray(value),
  'whole number': value => Number.isInteger(value) && (value as number) >= 0,
};

/** Any list with something in it. */
export const SOME = Symbol('some');

/** What in these settings makes the generated guards void, each in a few words. */
export function voidsIn(table: readonly Void[], settings: unknown, ownSandbox: boolean): string[] {
  return table.flatMap(({ path, value, shape, says, ofSandbox }) => {
    const found = valueAt(settings, path);
    if (shape)
      return found === undefined || FITS[shape](found) ? [] : [`${path.join('.')} has to be a ${shape}: ${says}`];
    const does = value === SOME ? Array.isArray(found) && found.length > 0 : found !== undefined && found === value;
    if (!does || (ofSandbox && !ownSandbox)) return [];
    return [
      value === SOME ? `${path.join('.')} is set, so ${says}` : `${path.join('.')} is ${String(value)}, so ${says}`,
    ];
  });
}

function valueAt(settings: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined,
    settings,
  );
}
