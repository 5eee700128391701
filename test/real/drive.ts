import { spawn } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partsFolder } from '../../scripts/parts.js';
import { isWithin } from '../../src/base/files.ts';
import { bundle } from '../support/bundle.ts';
import { part } from '../support/parts.ts';
import type { Driven, Order } from './drive-program.ts';

/** A scratch home and repository outside /tmp, where Codex does not work, and the program that drives. */
export class Stage {
  readonly folder: string;
  readonly home: string;
  readonly root: string;
  /** Where agents are started, from the root. */
  from = '.';
  #program: Promise<string> | undefined;

  constructor() {
    const place = isWithin(tmpdir(), partsFolder) ? '/var/tmp' : partsFolder;
    mkdirSync(place, { recursive: true });
    this.folder = mkdtempSync(join(place, '.agent-posture-stage-'));
    this.home = join(this.folder, 'home');
    this.root = join(this.home, 'shop');
    mkdirSync(this.root, { recursive: true });
  }

  write(path: string, content: string): void {
    const place = path.startsWith('~/') ? join(this.home, path.slice(2)) : join(this.root, path);
    mkdirSync(join(place, '..'), { recursive: true });
    writeFileSync(place, content);
  }

  /**
   * Starts the agent beside its scripted model in a network namespace without a way out. Ended after 60 s. What one
   * `leavesRunning` ends with it, in a namespace of processes, where no sandbox of the agent's own can be made.
   */
  async drive(
    order: Omit<Order, 'cwd'>,
    machine: Readonly<Record<string, string>> = {},
    { leavesRunning = false } = {},
  ): Promise<Driven> {
    this.#program ??= bundle(join(import.meta.dirname, 'drive-program.ts'), join(this.folder, 'program'));
    const file = join(this.folder, 'order.json');
    const env = { PATH: process.env.PATH ?? '', HOME: this.home, LANG: 'C.UTF-8', ...order.env };
    writeFileSync(file, JSON.stringify({ ...order, env, cwd: join(this.root, this.from) } satisfies Order));
    const child = spawn(
      part('bubblewrap'),
      [
        '--dev-bind',
        '/',
        '/',
        ...this.#machine(machine),
        '--unshare-net',
        ...(leavesRunning ? ['--unshare-pid', '--proc', '/proc'] : []),
        '--die-with-parent',
        '--',
        process.execPath,
        await this.#program,
        file,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000, killSignal: 'SIGKILL' },
    );
    let stdout = '';
    child.stdout.on('data', data => {
      stdout += data;
    });
    await new Promise(done => child.once('close', done));
    if (stdout === '') throw new Error('the agent did not end in 60 s');
    return JSON.parse(stdout) as Driven;
  }

  /** Mounts under which the machine has these files in /etc as well, by their places; on the machine itself nothing changes. */
  #machine(files: Readonly<Record<string, string>>): string[] {
    const places = Object.entries(files);
    if (places.length === 0) return [];
    const kept = readdirSync('/etc', { withFileTypes: true }).filter(
      ({ name }) => !places.some(([place]) => place.startsWith(`/etc/${name}/`)),
    );
    return [
      ...['--tmpfs', '/etc'],
      ...kept.flatMap(({ name, parentPath }) => {
        const path = join(parentPath, name);
        return lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
      }),
      ...places.flatMap(([place, content], index) => {
        const file = join(this.folder, `machine-${index}`);
        writeFileSync(file, content, { mode: 0o644 });
        return ['--ro-bind', file, place];
      }),
    ];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const CLAUDE_ENV = {
  ANTHROPIC_BASE_URL: 'http://127.0.0.1:@PORT@',
  ANTHROPIC_API_KEY: 'dummy',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_TELEMETRY: '1',
};
