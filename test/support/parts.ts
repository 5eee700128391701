import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { findPart, type PartId } from '../../scripts/parts.js';
import { ABILITIES, type Ability, isAbility } from './abilities.ts';

/** A real part, or something that only some users may do. */
type Need = PartId | Ability;

const missingOf = (needs: readonly Need[]) =>
  needs.filter(id => (isAbility(id) ? !ABILITIES[id].has() : findPart(id) === undefined));

/** Absolute path of a real part's program. Throws where it is missing: call it inside a test that needs it. */
export function part(id: PartId): string {
  const place = findPart(id);
  if (place === undefined) throw new Error(`the part ${id} is not installed: npm run parts -- ${id}`);
  return place;
}

/** For the tests of a `describe`, the folders of these parts' programs stand before all others of PATH. */
export function firstOnPath(parts: readonly PartId[]): void {
  const before = process.env.PATH;
  beforeAll(() => {
    process.env.PATH = [...parts.map(id => dirname(part(id))), before].join(':');
  });
  afterAll(() => {
    process.env.PATH = before;
  });
}

/** A `describe` that is skipped, under the names of its needs, where one of them is missing. The reporter says what to do. */
export function describeWith(needs: readonly Need[], name: string, body: () => void): void {
  const missing = missingOf(needs);
  describe.skipIf(missing.length > 0)(missing.length > 0 ? `${name} [needs ${missing.join(', ')}]` : name, body);
}

/** As `describeWith`, for one test. */
export function testWith(
  needs: readonly Need[],
  name: string,
  body: () => Promise<void> | void,
  timeout?: number,
): void {
  const missing = missingOf(needs);
  test.skipIf(missing.length > 0)(missing.length > 0 ? `${name} [needs ${missing.join(', ')}]` : name, body, timeout);
}
