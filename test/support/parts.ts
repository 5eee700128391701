import { describe, test } from 'vitest';
import { findPart, type PartId } from '../../scripts/parts.js';

/** Absolute path of a real part's program. Throws where it is missing: call it inside a test that needs it. */
export function part(id: PartId): string {
  const place = findPart(id);
  if (place === undefined) throw new Error(`the part ${id} is not installed: npm run parts -- ${id}`);
  return place;
}

/** A `describe` that is skipped, under the parts' names, where one of them is missing. The reporter says how to install it. */
export function describeWith(parts: readonly PartId[], name: string, body: () => void): void {
  const missing = parts.filter(id => findPart(id) === undefined);
  describe.skipIf(missing.length > 0)(missing.length > 0 ? `${name} [needs ${missing.join(', ')}]` : name, body);
}

/** As `describeWith`, for one test. */
export function testWith(
  parts: readonly PartId[],
  name: string,
  body: () => Promise<void> | void,
  timeout?: number,
): void {
  const missing = parts.filter(id => findPart(id) === undefined);
  test.skipIf(missing.length > 0)(missing.length > 0 ? `${name} [needs ${missing.join(', ')}]` : name, body, timeout);
}
