import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { discover } from '../../src/discover/index.ts';

/** A repository and a home in a folder of their own. */
export class Fixture {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'discover-')));
  readonly root = join(this.folder, 'repo');
  readonly home = join(this.folder, 'home');

  constructor(files: Record<string, string> = {}) {
    mkdirSync(this.root);
    mkdirSync(this.home);
    for (const [path, content] of Object.entries(files)) this.put(path, content);
  }
  put(path: string, content: string, mode?: number): string {
    const absolute = path.startsWith('~/') ? join(this.home, path.slice(2)) : join(this.root, path);
    mkdirSync(dirname(absolute), { recursive: true });
    writeFileSync(absolute, content);
    if (mode !== undefined) chmodSync(absolute, mode);
    return absolute;
  }
  git(...args: string[]): string {
    return execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: this.root,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: this.home, GIT_CONFIG_NOSYSTEM: '1' },
    });
  }
  facts(env: Record<string, string> = {}) {
    return discover(this.root, { home: this.home, env });
  }
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
