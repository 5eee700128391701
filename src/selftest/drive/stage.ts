import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { scratchFolder } from '../../isolation/scratch.ts';

/** In the home, where a box lets in what its PATH names. */
const STUBS = '.agent-posture-bin';

/**
 * A scratch home and a throw-away copy of the repository, for this user alone. Paths are repository-relative or `~/…`, as
 * everywhere.
 */
export class Stage {
  readonly folder: string;
  readonly scratchHome: string;
  readonly scratchRoot: string;
  readonly stubs: string;
  /** The real ones, for which they stand. */
  readonly home: string;
  readonly root: string;
  /** Whether what runs on it sees them at the real paths, and can reach nothing else: in a namespace of bubblewrap's. */
  readonly contained: boolean;

  constructor({ home, root, contained = true }: { home: string; root: string; contained?: boolean }) {
    this.home = home;
    this.root = root;
    this.contained = contained;
    this.folder = scratchFolder();
    this.scratchHome = join(this.folder, 'home');
    this.scratchRoot = join(this.folder, 'root');
    this.stubs = join(this.scratchHome, STUBS);
    for (const folder of [this.scratchHome, this.scratchRoot, this.stubs]) mkdirSync(folder, { mode: 0o700 });
  }

  /** Where a path lies on the host. */
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

  /** The folder before all others of the PATH, as the agent sees it. */
  get stubsSeen(): string {
    return this.inside(`~/${STUBS}`);
  }

  write(path: string, content: string, mode = 0o600): void {
    const place = this.at(path);
    mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
    writeFileSync(place, content, { mode });
  }

  read(path: string): string | undefined {
    try {
      return readFileSync(this.at(path), 'utf8');
    } catch {
      return undefined;
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
