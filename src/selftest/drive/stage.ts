import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { scratchFolder } from '../../isolation/scratch.ts';

/**
 * A scratch home and a throw-away copy of the repository, for this user alone. Paths are repository-relative or `~/…`, as
 * everywhere.
 */
export class Stage {
  readonly folder: string;
  readonly scratchHome: string;
  readonly scratchRoot: string;
  readonly stubs: string;
  readonly home: string;
  readonly root: string;

  /** For the real home and root that they stand for. */
  constructor({ home, root }: { home: string; root: string }) {
    this.home = home;
    this.root = root;
    this.folder = scratchFolder();
    this.scratchHome = join(this.folder, 'home');
    this.scratchRoot = join(this.folder, 'root');
    this.stubs = join(this.folder, 'bin');
    for (const folder of [this.scratchHome, this.scratchRoot, this.stubs]) mkdirSync(folder, { mode: 0o700 });
  }

  /** Where a path lies on the host. */
  at(path: string): string {
    return path.startsWith('~/') ? join(this.scratchHome, path.slice(2)) : join(this.scratchRoot, path);
  }

  /** As the agent writes it. */
  inside(path: string): string {
    return path.startsWith('~/') ? join(this.home, path.slice(2)) : join(this.root, path);
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
