import * as z from 'zod/mini';
import { sha256 } from '../base/hash.ts';
import type { FileOnDisk } from './types.ts';

const content = z.nullable(z.strictObject({ data: z.string(), mode: z.int() }));
export const entrySchema = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  group: z.string(),
  command: z.string(),
  at: z.string(),
  root: z.string(),
  /** Folders that were not there, outermost first, repository-relative. */
  folders: z.array(z.string()),
  files: z.array(
    z.strictObject({
      base: z.enum(['root', 'state']),
      path: z.string(),
      temporary: z.string(),
      before: content,
      after: z.nullable(z.strictObject({ sha256: z.string(), mode: z.int(), data: z.string() })),
      /** Others write into it too. */
      shared: z.optional(z.literal(true)),
      /** While it is taken back: what was found, and what goes there. */
      back: z.optional(z.strictObject({ found: z.nullable(z.string()), put: content })),
    }),
  ),
  settings: z.array(
    z.strictObject({
      key: z.string(),
      before: z.nullable(z.string()),
      after: z.nullable(z.string()),
      /**
       * The bytes that git changes for it in its configuration: `was` stood at `at`, where `length` bytes stand then; what
       * the file was before and after, as hashes; and the name of the file that is written first when it is put back.
       */
      edit: z.optional(
        z.strictObject({
          at: z.int(),
          was: z.string(),
          length: z.int(),
          before: z.string(),
          after: z.string(),
          temporary: z.string(),
        }),
      ),
    }),
  ),
});

/** What is needed to take one command back. Written, whole and flushed, before the command's first change. */
export type JournalEntry = z.infer<typeof entrySchema>;
export type FileEntry = JournalEntry['files'][number];
export type SettingEntry = JournalEntry['settings'][number];

/** Whether a file is as `content` says; the mode is left out where the system has none to speak of. */
export function isAs(now: FileOnDisk | null, content: { sha256: string } | null): boolean {
  return now === null || content === null ? now === content : sha256(now.data) === content.sha256;
}

/** A stored file as one on the disk. */
export function bytes(stored: { data: string; mode: number } | null): FileOnDisk | null {
  return stored && { data: Buffer.from(stored.data, 'base64'), mode: stored.mode };
}

/** What lies beside a file that could not be taken back: the file as it was before us, for its owner to take from. */
export const BEFORE = '.agent-posture-before';

/** Whether an undo laid it, or is to. */
export function isCopy({ path, before: was, after }: FileEntry): boolean {
  return path.endsWith(BEFORE) && was === null && after !== null;
}

/** Whether it is a copy that this undo lays. */
export function isLaid(file: FileEntry): boolean {
  return isCopy(file) && file.back !== undefined && file.back.put !== null;
}
