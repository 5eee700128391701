import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import { UserError } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { canonical, same } from './formats/values.ts';
import { MANIFEST_PATH } from './paths.ts';

/** What a baseline may unpack to, and how much all of them together: bytes. */
const BASELINE_LIMIT = 1_000_000;
const TOTAL_LIMIT = 16_000_000;

/** Whether a path is one that we could have written: relative, with slashes, no step up, nothing of git's own. */
export function isOwnPath(path: string): boolean {
  return (
    path.length > 0 &&
    path.length <= 500 &&
    !/[\\\0-\u001f\u007f]/.test(path) &&
    !/^([A-Za-z]:|\/)/.test(path) &&
    path.split('/').every(part => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git') &&
    path !== MANIFEST_PATH
  );
}

const path = z.string().check(z.refine(isOwnPath, 'expected a path inside the repository'));
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hex'));
const packed = z.string().check(z.maxLength(2_000_000));
const output = z.string().check(z.minLength(1), z.maxLength(100));
const common = { output, template: z.int().check(z.nonnegative()), path };
const keyPath = z.array(z.string().check(z.maxLength(500))).check(z.minLength(1), z.maxLength(20));
const yes = z.optional(z.literal(true));

const claim = z.strictObject({
  path: keyPath,
  guard: z.optional(z.boolean()),
  value: z.optional(z.unknown()),
  elements: z.optional(z.array(z.unknown()).check(z.maxLength(5_000))),
  /** What of it was there before us, and therefore stays when we go: `true` for a value, the elements for a list. */
  had: z.optional(z.union([z.literal(true), z.array(z.unknown())])),
  /** How many tables and lists round it are ours too. */
  made: z.optional(z.int().check(z.minimum(0), z.maximum(20))),
});

const entry = z.discriminatedUnion('mode', [
  z.strictObject({
    ...common,
    mode: z.literal('owned'),
    /** The file as it was last written or found in order. */
    sha256: hash,
    /** Our text from which the file, with whatever edits, comes: gzip, base64. */
    baseline: packed,
    /** The file was there before us, and therefore stays when we go. */
    had: yes,
    /** A version of ours that lies beside the file, waiting for its owner. */
    offered: z.optional(z.strictObject({ sha256: hash, baseline: packed })),
  }),
  z.strictObject({
    ...common,
    mode: z.literal('block'),
    comment: z.enum(['#', '//', ';', '<!--']),
    sha256: hash,
    baseline: packed,
    /** Lines of ours that lie in a copy beside the file, waiting for its owner. */
    offered: z.optional(packed),
    /** The file was not there before us. */
    created: yes,
    /** The line break before the block is ours. */
    glue: yes,
  }),
  z.strictObject({
    ...common,
    mode: z.literal('keys'),
    format: z.enum(['json', 'toml', 'yaml']),
    sha256: hash,
    claims: z.array(claim).check(z.maxLength(5_000)),
    created: yes,
  }),
]);

const schema = z.strictObject({ version: z.literal(1), files: z.array(entry).check(z.maxLength(1_000)) });

export type Entry = z.infer<typeof entry>;
export type EntryOf<M extends Entry['mode']> = Extract<Entry, { mode: M }>;
export type ClaimEntry = z.infer<typeof claim>;
export type Manifest = z.infer<typeof schema>;

export function pack(text: string): string {
  return gzipSync(text, { level: 9 }).toString('base64');
}

/** The text of a baseline. Bounded: more than a megabyte is refused, whatever it claims to be. */
export function unpack(data: string): string {
  return gunzipSync(Buffer.from(data, 'base64'), { maxOutputLength: BASELINE_LIMIT }).toString('utf8');
}

/**
 * The manifest from its bytes. Throws UserError for anything that is not exactly a manifest of ours: paths that leave
 * the repository, baselines that do not unpack or are too large, two entries for the same thing.
 */
export function readManifest(data: Buffer | null): Manifest {
  if (data === null) return { version: 1, files: [] };
  const fail = (what: string): never => {
    throw new UserError({
      what: `the manifest of generated files is damaged: ${what}`,
      where: { path: MANIFEST_PATH },
      expected: 'the file as agent-posture wrote it',
      next: `take it from version control (git checkout -- ${MANIFEST_PATH}), or remove it and run generate again`,
    });
  };
  let raw: unknown;
  try {
    raw = JSON.parse(data.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    const text = data.toString('utf8');
    return fail(/^(<<<<<<<|=======|>>>>>>>)/m.test(text) ? 'it has conflict marks of a merge in it' : 'not valid JSON');
  }
  const result = schema.safeParse(raw);
  if (!result.success) {
    const [issue] = result.error.issues;
    return fail(`${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'not what was expected'}`);
  }
  const seen = new Set<string>();
  let total = 0;
  for (const item of result.data.files) {
    const key = `${item.path}\0${item.output}`;
    if (seen.has(key)) fail(`${item.path} stands in it twice for ${item.output}`);
    seen.add(key);
    const baselines =
      item.mode === 'owned'
        ? [item.baseline, item.offered?.baseline]
        : item.mode === 'block'
          ? [item.baseline, item.offered]
          : [];
    for (const baseline of baselines) {
      if (baseline === undefined) continue;
      try {
        total += unpack(baseline).length;
      } catch {
        fail(`the baseline of ${item.path} does not unpack`);
      }
      if (total > TOTAL_LIMIT) fail('its baselines are too large');
    }
  }
  return result.data;
}

/**
 * The manifest as it is written. Where it means the same as what was read, the bytes that were there stay: a formatter
 * may have been over them.
 */
export function writeManifest(manifest: Manifest, before: { data: Buffer | null; manifest: Manifest }): Buffer {
  const files = [...manifest.files].sort((a, b) => compare(a.path, b.path) || compare(a.output, b.output));
  const next: Manifest = { version: 1, files };
  if (before.data !== null && same(before.manifest, next)) return before.data;
  return Buffer.from(`${JSON.stringify(next, null, 2)}\n`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What the ledger knows an entry by. */
export function entryHash(item: Entry): string {
  return sha256(canonical(item));
}
