import { sha256 } from '../base/hash.ts';
import { type Entry, pack, unpack } from './manifest.ts';
import type { ChangeState, FileOnDisk, Output, Rendered } from './types.ts';

/** What one output wants of one file now, and what it had there before. One of both is there. */
export interface Piece<R extends Rendered, E extends Entry> {
  output: Pick<Output, 'id' | 'templateVersion' | 'guard'> | undefined;
  rendering: R | undefined;
  entry: E | undefined;
}

/** What is known about one path beside its pieces. */
export interface Situation {
  path: string;
  disk: FileOnDisk | null;
  /** What lies at `<path>.agent-posture-new`. */
  beside: FileOnDisk | null;
  /** Put back what was removed or loosened by hand. */
  restore: boolean;
  /** The posture accepts edits of this guard. */
  accepted: boolean;
  /** Whether this machine wrote the entry: only then may anything be taken away for it. */
  knows(entry: Entry): boolean;
}

/** What is to happen to one path. */
export interface Decision {
  state: ChangeState;
  /** The file's content afterwards; what it was, where it stays. For a conflict: what is laid beside it. */
  after: Buffer | null;
  executable?: boolean | undefined;
  reason: string;
  line?: number | undefined;
  /** The manifest's entries for this path afterwards. */
  entries: Entry[];
}

/** From the least to what the reader must hear first: the state of a file in several hands is the greatest of them. */
const ORDER: readonly ChangeState[] = [
  'unchanged',
  'delete',
  'update',
  'create',
  'merge',
  'conflict',
  'loosened',
  'refused',
];

export function worst(states: readonly ChangeState[]): ChangeState {
  return states.reduce((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), 'unchanged');
}

/** A baseline for `text`. The old one is taken where it holds the same: other zlibs pack the same text differently. */
export function baseline(text: string, old: string | undefined): string {
  return old !== undefined && unpack(old) === text ? old : pack(text);
}

export function hashOf(data: Buffer): string {
  return sha256(data);
}

export function isExecutable(disk: FileOnDisk): boolean {
  return process.platform === 'win32' || (disk.mode & 0o100) !== 0;
}
