import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BoxContext } from '../../src/isolation/types.ts';
import type { Isolation } from '../../src/posture/schema.ts';
import { bundle } from '../support/bundle.ts';

/** Who starts the box: root, where the tests run as root, and an ordinary user. */
export const STARTERS =
  process.getuid?.() === 0 ? (['root', 'an ordinary user'] as const) : (['an ordinary user'] as const);
export type Starter = (typeof STARTERS)[number];

const ORDINARY = 65_534;

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A home with a repository in it, and a program that starts boxes there as a given user. */
export class Lab {
  readonly folder: string;
  readonly home: string;
  readonly root: string;
  /** Where the starting program keeps its temporary files. */
  readonly temporary: string;
  readonly starter: Starter;
  #program: string;
  #orders = 0;

  constructor(starter: Starter, program: string) {
    this.starter = starter;
    this.#program = program;
    this.folder = mkdtempSync(join(tmpdir(), 'box-lab-'));
    chmodSync(this.folder, 0o755);
    this.home = join(this.folder, 'home');
    this.root = join(this.home, 'code', 'shop');
    this.temporary = join(this.folder, 'tmp');
    for (const path of [this.root, this.temporary]) mkdirSync(path, { recursive: true });
    execFileSync('git', ['init', '-q', '-b', 'main', this.root]);
    this.#own();
  }

  static async program(folder: string): Promise<string> {
    const path = await bundle(join(import.meta.dirname, 'box-program.ts'), folder);
    chmodSync(folder, 0o755);
    return path;
  }

  get #switches(): boolean {
    return this.starter !== 'root' && process.getuid?.() === 0;
  }

  #own(): void {
    if (!this.#switches) return;
    execFileSync('chown', ['-R', `${ORDINARY}:${ORDINARY}`, this.folder]);
  }

  /** Writes a file in the home (`~/…`) or the repository. */
  write(path: string, content: string, mode = 0o644): string {
    const place = path.startsWith('~/') ? join(this.home, path.slice(2)) : join(this.root, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content, { mode });
    this.#own();
    return place;
  }

  /** Runs git in the repository, as its owner sees it. */
  git(...args: string[]): string {
    const words = ['-c', 'safe.directory=*', ...args];
    const output = execFileSync('git', words, { cwd: this.root, encoding: 'utf8' });
    this.#own();
    return output;
  }

  context(isolation: Partial<Isolation> = {}, extra: Partial<BoxContext> = {}): BoxContext {
    return {
      root: this.root,
      home: this.home,
      isolation: { runtime: 'bubblewrap', ...isolation },
      guards: [],
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: this.home, LANG: 'C.UTF-8' },
      ...extra,
    };
  }

  start(
    context: BoxContext,
    command: readonly string[],
    stdio: 'pipe' | 'inherit' = 'pipe',
    { held, meanwhile, limit }: { held?: string; meanwhile?: string; limit?: number } = {},
  ): ChildProcess {
    const order = join(this.folder, `order-${++this.#orders}.json`);
    writeFileSync(order, JSON.stringify({ context, command, stdio, meanwhile }));
    if (this.#switches) chownSync(order, ORDINARY, ORDINARY);
    // Node keeps the lowest descriptors from its children by itself; those far above them it leaves as they were.
    const holding = held === undefined ? [] : ['bash', '-c', 'exec 200<"$0"; exec "$@"', held];
    // Of open files at a time.
    const limited = limit === undefined ? [] : ['bash', '-c', 'ulimit -n "$0"; exec "$@"', String(limit)];
    const words = [...limited, ...holding, process.execPath, this.#program, order];
    const switched = this.#switches
      ? ['setpriv', `--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, '--clear-groups', ...words]
      : words;
    return spawn(switched[0] ?? '', switched.slice(1), {
      cwd: '/',
      env: {
        PATH: process.env.PATH,
        HOME: this.home,
        AGENT_POSTURE_STATE: join(this.home, '.state'),
        TMPDIR: this.temporary,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs a shell script in a box and waits for its end. */
  async sh(
    script: string,
    isolation: Partial<Isolation> = {},
    extra: Partial<BoxContext> = {},
    stdio: 'pipe' | 'inherit' = 'pipe',
  ): Promise<Result> {
    return finish(this.start(this.context(isolation, extra), ['sh', '-c', script], stdio));
  }

  /** Every path below the repository, to see that nothing was left. */
  tree(folder = this.root): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .map(entry => join(entry.parentPath, entry.name))
      .map(path => `${path.slice(folder.length)} ${lstatSync(path).size}`)
      .filter(line => !line.startsWith('/.git/'))
      .sort();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function finish(child: ChildProcess): Promise<Result> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', data => {
    stdout += data;
  });
  child.stderr?.on('data', data => {
    stderr += data;
  });
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', code => done({ code, stdout, stderr }));
  });
}
