import type { Reader } from '../agents/reader.ts';
import type { Facts } from '../discover/facts.ts';
import type { Posture } from '../posture/schema.ts';
import type { Manifest } from './manifest.ts';

/** What an output is rendered from. Only the shared part of the posture: private addresses never reach a committed file. */
export interface RenderContext {
  root: string;
  posture: Posture;
  facts: Facts;
  /** Files that the very plan takes away: what discovery saw of them counts no longer. */
  gone?: ReadonlySet<string>;
  /** The settings of `.git/config` that were set from here, by key. */
  settings?: Readonly<Record<string, string>>;
  /** Our text of a whole file of ours, as the manifest has it: what another clone asked for. Undefined where it has none. */
  laid?(path: string): string | undefined;
}

/** A claim on a part of a file with keys: one value, or our elements of a list that others add to. */
export type Claim = {
  path: readonly string[] /** The guard itself: if a hand removes or loosens it, that is reported, not merged. */;
  guard?: boolean;
} & ({ value: unknown } | { elements: readonly unknown[] });

export type Rendered =
  /** The whole file is ours. */
  | {
      mode: 'owned';
      path: string;
      content: string;
      executable?: boolean;
      /** Where earlier versions laid it: it moves from there, and its owner's edits with it. */
      was?: readonly string[];
      /** Where a file of somebody else's stands already, that one serves as well, and ours is not laid. */
      yields?: true;
    }
  /** Lines of ours between two marker comments in a shared file. */
  | {
      mode: 'block';
      path: string;
      comment: '#' | '//' | ';' | '<!--';
      lines: readonly string[];
      /** Where the file is made by us: others keep their bits. */
      executable?: boolean;
      /** In a script: before everything that could end it, or use up its input. */
      first?: boolean;
      /** Whoever calls the script does not where it is not executable. */
      needsBit?: boolean;
    }
  /** Keys of ours in a shared file; everything else in it stays byte for byte. */
  | {
      mode: 'keys';
      path: string;
      format: 'json' | 'toml' | 'yaml';
      claims: readonly Claim[];
      /** Who reads the file, where not all that goes through as JSON elsewhere is read. */
      reader?: Reader;
    }
  /** A setting in `.git/config`. */
  | { mode: 'git-config'; key: string; value: string };

/** One generated thing, in the registry of outputs (src/generate/outputs/index.ts). */
export interface Output {
  id: string;
  /** One line for the plan: what it does for the user. */
  title: string;
  /** Ids of the safeguards it serves. */
  safeguards: readonly string[];
  /** Ids of the agents whose settings it lays, or whose settings name it. */
  agents?: readonly string[];
  /** Counts up when a template changes its meaning. */
  templateVersion: number;
  /** A guard: an edit that empties or weakens it is reported rather than merged. */
  guard: boolean;
  /** The files, or [] where the posture does not ask for it. Pure. */
  render(context: RenderContext): Rendered[];
  /**
   * Files, ours or not, in which a hand can switch off what this output lays without touching it. `weaker`: what does, in
   * one line; undefined where nothing does. Pure.
   */
  overrules?(context: RenderContext): { path: string; weaker(text: string): string | undefined }[];
  /** What a person has still to do, one line each. Pure. */
  notes?(context: RenderContext): string[];
}

export type ChangeState =
  /** Nothing to do. */
  | 'unchanged'
  | 'create'
  /** Ours but from an older posture or template. */
  | 'update'
  /** Edited by the user; our new version was merged with the edit. */
  | 'merge'
  /** Edits that cannot be merged: ours goes to `<path>.agent-posture-new`. */
  | 'conflict'
  /** A guard was removed or loosened by hand: the file is kept, and this is said. */
  | 'loosened'
  /** The posture no longer asks for it. */
  | 'delete'
  /** The file cannot be read in its format, is a link, or not a file: left alone. */
  | 'refused';

/** One step of a plan. `before` and `after` are whole contents, null for a file that is not there. */
export interface Change {
  output: string;
  state: ChangeState;
  /** Repository-relative path, or `git config <key>`. */
  path: string;
  before: Buffer | null;
  after: Buffer | null;
  executable?: boolean | undefined;
  /** Where ours is laid beside a file that could not be merged: `after` goes there, and `path` is left alone. */
  beside?: { path: string; before: Buffer | null } | undefined;
  gitConfig?: { key: string; before: string | null; after: string | null } | undefined;
  /** Only a person can mend it: nothing that `--restore` writes would. */
  byHand?: true;
  /** This user may not look at it, so nothing is known of it. */
  closed?: true;
  /** Why, in one line: `new`, `your edits kept`, `3 deny rules gone: …`. */
  reason: string;
  /** The line to mend, where the file was refused or a rule is missing. */
  line?: number | undefined;
}

/** What would be done, as data: printed by `--dry-run`, executed by apply. */
export interface Plan {
  root: string;
  changes: Change[];
  /** The manifest as it is to be written, with what has to be on the disk for the plan to be valid. */
  manifest: { before: Buffer | null; after: Buffer | null };
  /** What of it the reader left out: the posture still asks for it. */
  skipped?: readonly Change[] | undefined;
  /** The private part of the posture, outside of the repository, where the plan changes it. */
  privatePart?: PrivateChange | undefined;
  /** The manifest that the plan starts from: the pinned one, where there is none that can be read. */
  base?: Manifest | undefined;
  /** What the reader should know beside the changes: an interrupted run that was put back, what is still to be done. */
  notes: string[];
  /** What the posture asked for and no longer does, each in one line. */
  loosens?: readonly string[] | undefined;
  /** Those of the notes that nobody should hear only afterwards. */
  ahead?: readonly string[] | undefined;
}

/** A file of the state folder that is changed with the plan: shown by what it is for, never by its content. */
export interface PrivateChange {
  /** Relative to the state folder. */
  path: string;
  before: Buffer | null;
  after: Buffer;
  /** What becomes of it, in one line. */
  says: string;
}

/** A file that goes into the same plan without being an output: the posture itself. Never in the manifest, never merged. */
export interface ExtraFile {
  /** What stands as `output` in the plan: `posture`. */
  output: string;
  path: string;
  content: string;
  /** Why, in one line. */
  reason: string;
}

/** A file as it was when the plan was made. */
export interface FileOnDisk {
  data: Buffer;
  /** Permission bits. */
  mode: number;
}

export interface Applied {
  written: string[];
  conflicts: string[];
  /** Id of the journal entry that `undo` takes back; undefined when nothing had to be written. */
  journal: string | undefined;
  /** What an interrupted run had left, and was put back before: one line each. */
  notes: string[];
}

export interface Undone {
  /** What was put back, removed files included. */
  restored: string[];
  /** Those of them that were not there before, and are gone again. */
  removed: string[];
  /** Those of them that were edited since: the edits are still there. */
  edited: string[];
  /**
   * What could not be taken back and is kept as it is, with a copy of what it was before us beside it where there is one.
   * The next undo tries again. The caller exits with 4 when there is any.
   */
  kept: { path: string; reason: string; beside?: string }[];
  /** When the command that was taken back had run, and its name. */
  command: string;
  at: string;
  /** It was stopped before it was done. */
  halfWay?: true;
}
