import type { Overlay, Posture } from './schema.ts';

export const POSTURE_FILE = 'agent-posture.yaml';

/** A posture as loaded: with the private overlay merged in, and enough to save it again without losing a comment. */
export interface LoadedPosture {
  /** Absolute path of the file. */
  path: string;
  /** The file's text, exactly. */
  text: string;
  /** SHA-256 of the file's bytes. */
  sha256: string;
  /** The file and, over it, the private overlay. */
  posture: Posture;
  /** The file alone: the only part that may be written into files that are committed. */
  shared: Posture;
  /** Ids of systems and data that come from the overlay. */
  privateIds: ReadonlySet<string>;
  /** The private overlay: its file, its text, and what it says. */
  overlay?: { path: string; text: string; says: Overlay };
}

/** One change of the posture file: a path of keys and list positions, and the value to set; undefined removes it. */
export interface PostureEdit {
  path: readonly (string | number)[];
  value: unknown;
}
