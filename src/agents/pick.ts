/** `value` as an object with only the names in `keys`. */
export function pick(value: unknown, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries((value ?? {}) as Record<string, unknown>).filter(([key]) => keys.includes(key)),
  );
}
