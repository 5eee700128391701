import { appendFileSync, type Dirent, lstatSync, readFileSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { identityOf, type Life, lifeOf, MARK_OF_PROCESS, ownerOf, ownFile } from '../base/process.ts';
import { shellQuote } from '../base/text.ts';
import { takeBack } from './crontab.ts';
import { settlePush } from './push.ts';
import { RECORDS } from './records.ts';

/**
 * What a run lays for a moment, written down outside the repository before it is laid: a run that is killed leaves it,
 * and the next one takes it back by this record, never by a name that somebody else could have laid.
 */
export type Laid =
  /** The folder of the decoys. */
  | { folder: string }
  /** A new file, with all that it will hold, and the name under which it is written first. */
  | { create: string; beside: string; content: string }
  /** An original that is aside. `sha256`: of a file's content; null for a folder, and for a link that leads to `link`. */
  | { aside: string; original: string; sha256: string | null; link?: string }
  /** A comment in the user's crontab, by the program that plants it. */
  | { crontab: string; mark: string }
  /** A branch of a remote in the file system, where it stood and where the push moves it. */
  | { push: string; ref: string; commit: string; before: string | null };

/** What every name of ours carries, followed by the process and random digits; of older versions by its number alone. */
export const MARK = 'agent-posture-try-';
const NAME = new RegExp(`\\.?${MARK}(?:(${MARK_OF_PROCESS})|(\\d+))-[0-9a-f]+`);
const KILLED = 'left over from a run that was killed';

/** Where a write try leaves the original meanwhile, and beside which a new file is written before it gets its name. */
export function asideOf(path: string, fresh: string): string {
  return join(dirname(path), `${basename(path)}.${fresh}`);
}

/** The record of this very run. Nothing of it goes before all that it names is taken back. */
export class Record {
  readonly #folder: string;
  #file: ReturnType<typeof ownFile> | undefined;
  readonly #laid = new Set<Laid>();

  constructor(state: string) {
    this.#folder = join(state, RECORDS);
  }

  /** Writes down what will be laid, before it is; gives what strikes it off once it is known to be gone. */
  add(laid: Laid): () => void {
    this.#file ??= ownFile(this.#folder);
    appendFileSync(this.#file.path, `${JSON.stringify(laid)}\n`);
    this.#laid.add(laid);
    return () => void this.#laid.delete(laid);
  }

  /** Takes back whatever is still there. What cannot be keeps the record, for the next run. */
  async settle(): Promise<void> {
    const back = await Promise.all([...this.#laid].map(takenBack));
    if (back.every(({ open }) => !open)) this.#drop();
  }

  /** The same at the very end, when nothing can be waited for: the files. */
  settleNow(): void {
    let open = false;
    for (const laid of this.#laid) open = (isFile(laid) ? fileBack(laid).open : true) || open;
    // What still runs may lay something after this; the record is there for that.
    if (!open && this.#laid.size === 0) this.#drop();
  }

  #drop(): void {
    this.#laid.clear();
    this.#file?.release();
    this.#file = undefined;
  }
}

interface Back {
  /** What came of it, where there was something. */
  note?: string;
  /** It is still there. */
  open: boolean;
}

const GONE: Back = { open: false };

type OfFiles = Exclude<Laid, { crontab: string } | { push: string }>;

function isFile(laid: Laid): laid is OfFiles {
  return !('crontab' in laid || 'push' in laid);
}

async function takenBack(laid: Laid): Promise<Back> {
  try {
    if (isFile(laid)) return fileBack(laid);
    if ('crontab' in laid)
      return (await takeBack(laid.crontab, laid.mark))
        ? { note: `a comment was taken out of your crontab, ${KILLED}`, open: false }
        : GONE;
    const { push: remote, ref, commit, before } = laid;
    // A push that was killed may have left its lock; the branch is our own, made new for that try.
    if (NAME.test(ref)) await rm(join(remote, `${ref}.lock`), { force: true });
    const moved = await settlePush({ remote, ref, commit, before: before ?? undefined });
    return moved ? { note: `${ref} was taken out of ${remote}, ${KILLED}`, open: false } : GONE;
  } catch (error) {
    return failed(laid, error);
  }
}

/** Said once, however many commands and parts of one come upon it. */
const said = new Set<string>();

function failed(laid: Laid, error: unknown): Back {
  const what =
    'folder' in laid ? laid.folder : 'create' in laid ? laid.create : 'aside' in laid ? laid.aside : undefined;
  if (what === undefined)
    return { note: `something is ${KILLED}, and could not be put back: ${errorCode(error) ?? error}`, open: true };
  const folder = dirname(what);
  if (said.has(folder)) return { open: true };
  said.add(folder);
  const closed = ['EACCES', 'EPERM'].includes(errorCode(error) ?? '');
  const next = closed
    ? `let yourself in (chmod u+rwx ${shellQuote(folder)}) and run again`
    : 'look at it and run again';
  return {
    note: `${what} may be ${KILLED}, and could not be put back (${errorCode(error) ?? error}): ${next}`,
    open: true,
  };
}

function fileBack(laid: OfFiles): Back {
  try {
    if ('folder' in laid) return folderBack(laid.folder);
    return 'create' in laid ? createBack(laid) : asideBack(laid);
  } catch (error) {
    return failed(laid, error);
  }
}

const statOf = (path: string) => lstatSync(path, { throwIfNoEntry: false });

function folderBack(folder: string): Back {
  if (NAME.exec(basename(folder))?.index === 0) rmSync(folder, { recursive: true, force: true });
  return GONE;
}

/** A new file goes where it holds what we wrote, or as much of it as was written: nothing at all, at first. */
function createBack({ create, beside, content }: Extract<Laid, { create: string }>): Back {
  rmSync(beside, { force: true });
  const stats = statOf(create);
  if (!stats?.isFile() || stats.size > Buffer.byteLength(content)) return GONE;
  if (!content.startsWith(readFileSync(create, 'utf8'))) return GONE;
  rmSync(create);
  return { note: `${create} was removed, ${KILLED}`, open: false };
}

/** An original goes back in its place only where its content is what it was. */
function asideBack({ aside, original, sha256: wanted, link }: Extract<Laid, { aside: string }>): Back {
  rmSync(`${aside}.new`, { force: true });
  const [kept, there] = [statOf(aside), statOf(original)];
  if (!kept) return GONE;
  if (there?.ino === kept.ino && there.dev === kept.dev) {
    // rename(2) does nothing with two names of one file.
    rmSync(aside);
    return { note: `a second name of ${original} was removed, ${KILLED}`, open: false };
  }
  const holds = (path: string) => sha256(readFileSync(path)) === wanted;
  const isMoved = () =>
    link === undefined ? kept.isDirectory() : kept.isSymbolicLink() && readlinkSync(aside) === link;
  const same = wanted === null ? isMoved() : kept.isFile() && holds(aside);
  const copied = !there || (wanted !== null && there.isFile() && holds(original));
  if (!same || !copied)
    return { note: `${aside} is ${KILLED}; something was changed since, so it is left where it is`, open: false };
  renameSync(aside, original);
  return { note: `${original} was put back after a run that was killed`, open: false };
}

/**
 * Takes back what killed runs have left: what their records in `state` name, and in `folders` decoys by their name. A
 * record goes once nothing of it is outstanding. Returns a note for each that was put back or could not be.
 */
export async function recover(folders: readonly string[], state: string): Promise<string[]> {
  const notes: string[] = [];
  /** What their records say of runs: those may be held, names in the repository cannot. */
  const known = new Map<string, Life>();
  for (const name of await readdir(join(state, RECORDS)).catch(() => [])) {
    const path = join(state, RECORDS, name);
    const owner = ownerOf(path);
    const life = owner?.life ?? lifeOf(Number(name));
    if (owner) known.set(owner.mark, life);
    if (life === 'unknown')
      notes.push(
        `a run in another container may still go on (${path}): if it was killed, what it laid is taken back by a command on the machine itself, or after its next start`,
      );
    if (life !== 'gone') continue;
    const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter(Boolean);
    let open = false;
    for (const line of lines) {
      const laid = parse(line);
      if (!laid) continue;
      const back = await takenBack(laid);
      if (back.note !== undefined) notes.push(back.note);
      open ||= back.open;
    }
    if (!open) await rm(path, { force: true });
  }
  for (const folder of new Set(folders)) {
    const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const { name } of entries) {
      const match = NAME.exec(name);
      if (!match || !(match.index === 0 || name.endsWith('.new'))) continue;
      const [, mark, pid] = match;
      const life = mark === undefined ? lifeOf(Number(pid)) : (known.get(mark) ?? lifeOf(identityOf(mark)));
      const path = join(folder, name);
      if (life === 'unknown' && !(mark !== undefined && known.has(mark)))
        notes.push(`${path} may be of a run in another container: if none goes on, remove it`);
      if (life !== 'gone') continue;
      await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
        notes.push(`${path} is ${KILLED}, and could not be removed: ${errorCode(error)}`);
      });
    }
  }
  return notes;
}

/** The last line of a run that was killed may be cut off: what it says was not laid yet. */
function parse(line: string): Laid | undefined {
  try {
    return JSON.parse(line) as Laid;
  } catch {
    return undefined;
  }
}
