import { mkdirSync, readdirSync } from 'node:fs';
import { isAbsolute, join, normalize } from 'node:path';
import { isWithin } from '../../base/files.ts';
import { removeScratch, scratchFolder } from '../../isolation/scratch.ts';
import { followed, SafeFolder } from './safe.ts';

/** In the home, where a box lets in what its PATH names. */
export const STUBS = '.agent-posture-bin';

/**
 * A scratch home and a throw-away copy of the repository, for this user alone. Paths are repository-relative or `~/…`, as
 * everywhere. What runs on it may lay links to anywhere: none of them is followed out of it from here.
 */
export class Stage {
  readonly folder: string;
  readonly scratchHome: string;
  readonly scratchRoot: string;
  /** The real ones, for which they stand. */
  readonly home: string;
  readonly root: string;
  /** Whether what runs on it sees them at the real paths, and can reach nothing else: in a namespace of bubblewrap's. */
  readonly contained: boolean;
  /** Programs of the real home that are seen there, by their paths: too large to be copied, or found by the PATH. */
  readonly admitted = new Set<string>();
  readonly #inHome: SafeFolder;
  readonly #inRoot: SafeFolder;

  constructor({ home, root, contained = true }: { home: string; root: string; contained?: boolean }) {
    this.home = home;
    this.root = root;
    this.contained = contained;
    this.folder = scratchFolder();
    this.scratchHome = join(this.folder, 'home');
    this.scratchRoot = join(this.folder, 'root');
    for (const folder of [this.scratchHome, this.scratchRoot, join(this.scratchHome, STUBS)])
      mkdirSync(folder, { mode: 0o700 });
    this.#inHome = new SafeFolder(this.scratchHome);
    this.#inRoot = new SafeFolder(this.scratchRoot);
  }

  /** Where a path lies on the host. For what is laid before anything runs there; afterwards a link may stand in it. */
  at(path: string): string {
    return path.startsWith('~/') ? join(this.scratchHome, path.slice(2)) : join(this.scratchRoot, path);
  }

  /** The home and the root as the agent sees them. */
  get seen(): { home: string; root: string } {
    const { home, root, scratchHome, scratchRoot } = this;
    return this.contained ? { home, root } : { home: scratchHome, root: scratchRoot };
  }

  /** As the agent writes it. */
  inside(path: string): string {
    const { home, root } = this.seen;
    return path.startsWith('~/') ? join(home, path.slice(2)) : join(root, path);
  }

  /** A program in the folder before all others of the PATH, as a path of the stage. */
  stub(name: string): string {
    return `~/${STUBS}/${name}`;
  }

  /** That folder, as the agent sees it. */
  get stubsSeen(): string {
    return this.inside(`~/${STUBS}`);
  }

  /** Writes a file, in place where one is there; links and whatever else stands in the way are taken away. */
  write(path: string, content: string | Buffer, mode = 0o600): void {
    const [folder, rest] = this.#of(path);
    folder.write(rest, content, mode);
  }

  /** The text of a file, by way of links within the stage. */
  read(path: string): string | undefined {
    return this.bytes(path)?.toString('utf8');
  }

  bytes(path: string): Buffer | undefined {
    const real = followed(path, at => this.#link(at));
    if (real === undefined) return undefined;
    const [folder, rest] = this.#of(real);
    return folder.read(rest);
  }

  /** Where a path really lies: what it stands for. */
  real(path: string): string {
    return path.startsWith('~/') ? join(this.home, path.slice(2)) : join(this.root, path);
  }

  /** What is at a path itself. */
  kind(path: string): ReturnType<SafeFolder['kind']> {
    const [folder, rest] = this.#of(path);
    return folder.kind(rest);
  }

  /** What lies in a folder of the repository, as it is found: for names alone. */
  names(path: string): string[] {
    try {
      return readdirSync(join(this.scratchRoot, path));
    } catch {
      return [];
    }
  }

  /** Makes a link, where nothing is. */
  link(path: string, target: string): void {
    const [folder, rest] = this.#of(path);
    folder.link(rest, target);
  }

  makeWay(path: string): void {
    const [folder, rest] = this.#of(path);
    folder.makeWay(rest);
  }

  /** Takes away whatever is at a path. */
  drop(path: string): void {
    const [folder, rest] = this.#of(path);
    folder.remove(rest);
  }

  remove(): void {
    removeScratch(this.folder);
  }

  #of(path: string): [SafeFolder, string] {
    return path.startsWith('~/') ? [this.#inHome, path.slice(2)] : [this.#inRoot, path];
  }

  /** The path of the stage that a link on the way to `path` leads to; null for one that leads out of it, undefined for none. */
  #link(path: string): string | undefined | null {
    const [folder, rest] = this.#of(path);
    const to = folder.linkOn(rest);
    if (to === undefined) return undefined;
    const { home, root } = this.seen;
    if (!isAbsolute(to)) {
      const within = normalize(to);
      return within.startsWith('..') ? null : path.startsWith('~/') ? `~/${within}` : within;
    }
    if (isWithin(root, to)) return to.slice(root.length + 1) || null;
    return isWithin(home, to) ? `~/${to.slice(home.length + 1)}` : null;
  }
}
