import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

/** The built program, as it would be published. */
export const BIN = resolve(import.meta.dirname, '../../bin/agent-posture.js');

export interface World {
  /** A git repository with a little in it. */
  root: string;
  home: string;
  /** The program's state folder. */
  state: string;
  env: Record<string, string>;
}

/** A home, a state folder and a repository of their own, gone after the test. `files` are laid in the repository. */
export function world(files: Record<string, string> = {}, { git = true } = {}): World {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'agent-posture-e2e-')));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const [root, home, state] = ['code/shop-api', 'home', 'state'].map(name => join(base, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [root, home]) mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: home,
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    AGENT_POSTURE_STATE: state,
    AGENT_POSTURE_OUTSIDE: '',
    GIT_CONFIG_NOSYSTEM: '1',
  };
  if (git) {
    const run = (...args: string[]) => spawnSync('git', args, { cwd: root, env, stdio: 'ignore' });
    run('init', '-q', '-b', 'main');
    run('config', 'user.email', 'ada@example.com');
    run('config', 'user.name', 'Ada');
    run('add', '-A');
    run('commit', '-q', '--allow-empty', '-m', 'Start');
  }
  return { root, home, state, env };
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Starts the program in the world's repository. */
export function start(given: World, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [BIN, ...args], {
    cwd: given.root,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    env: { ...given.env, ...options.env },
  });
}

/** Waits for its end and gives what it printed. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', chunk => {
    stdout += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', chunk => {
    stderr += chunk;
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done, fail) => {
    child.on('close', (...how) => done(how));
    child.on('error', fail);
  });
  return { code, signal, stdout, stderr };
}

/** Runs the program to its end, off a terminal, with nothing on its stdin. */
export function program(given: World, args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return ended(start(given, args, options));
}

/** Every path, mode, link and byte below a folder, a line each. What git keeps beside its configuration and hooks is left out. */
export function tree(folder: string): string[] {
  const lines: string[] = [];
  const walk = (path: string) => {
    for (const name of readdirSync(join(folder, path)).sort()) {
      const inner = join(path, name);
      if (/^\.git[\\/](?!config$|hooks)/.test(inner)) continue;
      const stats = lstatSync(join(folder, inner));
      const content = stats.isSymbolicLink()
        ? readlinkSync(join(folder, inner))
        : stats.isFile()
          ? createHash('sha256')
              .update(readFileSync(join(folder, inner)))
              .digest('hex')
          : '';
      lines.push(`${inner} ${(stats.mode & 0o7777).toString(8)} ${content}`);
      if (stats.isDirectory()) walk(inner);
    }
  };
  walk('');
  return lines;
}

/** One hash of all of `tree`. */
export function treeHash(folder: string): string {
  return createHash('sha256').update(tree(folder).join('\n')).digest('hex');
}

export const POSTURE = `version: 1
project: shop-api
agents: [claude-code]
environments:
  production: { agentAccess: none }
systems:
  - id: orders-db
    kind: postgres
    environment: production
    address: 127.0.0.1:1
isolation:
  runtime: bubblewrap
  network: { allow: [] }
  files: { write: ["."], hide: [~/.ssh, ~/.aws, ".env*", "!.env*.example"] }
repository:
  protected: [main]
scanning: { engines: [builtin], at: [commit, push] }
selftest:
  outside: []
`;
