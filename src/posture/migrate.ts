import { isMap, isScalar, parseDocument } from 'yaml';

/** The version of the posture file that this program writes. */
export const POSTURE_VERSION = 1;

/** From version n to n + 1, text to text, so that comments and order can be kept. */
export type Migrations = Readonly<Record<number, (text: string) => string>>;

/** None yet: version 1 is the first. */
const MIGRATIONS: Migrations = {};

/** The version that a file says it has; undefined where it says none, or where it cannot be read. */
function statedVersion(text: string): unknown {
  // The line is nearly always at the start, and a large file need not be parsed twice for it.
  const early = /^version:[ \t]+(\d{1,6})[ \t]*(?:#.*)?\r?$/m.exec(text.slice(0, 5_000));
  if (early) return Number(early[1]);
  const { contents } = parseDocument(text, { prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
  if (!isMap(contents)) return undefined;
  const pair = contents.items.find(({ key }) => isScalar(key) && key.value === 'version');
  return isScalar(pair?.value) ? pair.value.value : undefined;
}

/** The text in the current version; unchanged where it is current, newer or unreadable. */
export function migrate(text: string, migrations: Migrations = MIGRATIONS): string {
  let migrated = text;
  for (;;) {
    const version = statedVersion(migrated);
    const step = typeof version === 'number' && version < POSTURE_VERSION ? migrations[version] : undefined;
    if (!step) return migrated;
    const next = step(migrated);
    if (statedVersion(next) !== (version as number) + 1)
      throw new Error(`the migration from version ${version} did not lead to ${(version as number) + 1}`);
    migrated = next;
  }
}
