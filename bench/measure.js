// Measuring side by side with `node -e 0` in the same minute: interleaved, medians, so that a busy machine slows both.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
export const bin = join(root, 'bin/agent-posture.js');

/**
 * What both sides of a pair run with. Not what the caller happens to have: a variable such as NODE_EXTRA_CA_CERTS makes
 * every start of Node slower, and would flatter whatever is compared with it.
 */
const environment = { PATH: process.env.PATH, LANG: 'C.UTF-8', TERM: 'xterm-256color' };

const worlds = [];
process.on('exit', () => {
  for (const base of worlds) rmSync(base, { recursive: true, force: true });
});

/** A repository with its own home and state, gone when the bench ends. */
export function world(files = {}) {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'agent-posture-bench-')));
  worlds.push(base);
  const repository = join(base, 'shop-api');
  const home = join(base, 'home');
  for (const folder of [repository, home]) mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  }
  const env = {
    ...environment,
    HOME: home,
    AGENT_POSTURE_STATE: join(base, 'state'),
    AGENT_POSTURE_OUTSIDE: '',
  };
  const git = (...args) =>
    spawnSync('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com', ...args], {
      cwd: repository,
      env,
    });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', 'Start');
  return { repository, home, env };
}

/** Runs a program to its end; throws when its exit code is none of `codes`. */
export function once(program, args, { cwd, env = environment, codes = [0] } = {}) {
  const started = performance.now();
  const result = spawnSync(program, args, { cwd, env, encoding: 'utf8', maxBuffer: 100_000_000 });
  const took = performance.now() - started;
  if (!codes.includes(result.status))
    throw new Error(`${[program, ...args].join(' ')} ended with ${result.status}: ${result.stderr || result.error}`);
  return { took, stdout: result.stdout, stderr: result.stderr };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Medians of `subject` and of `node -e 0`, run in turn `times` times after one warm-up of each. Milliseconds. */
export async function paired(subject, times = 11, baseline = () => once(process.execPath, ['-e', '0']).took) {
  const subjects = [];
  const baselines = [];
  await subject();
  await baseline();
  for (let i = 0; i < times; i++) {
    baselines.push(await baseline());
    subjects.push(await subject());
  }
  return { subject: median(subjects), baseline: median(baselines) };
}

/** One line of the result: a value and its budget, in the same unit. */
export function within(name, value, budget, unit, detail = '') {
  return { name, value, budget, unit, detail, ok: value <= budget };
}

/** A ratio against `node -e 0`. */
export async function ratio(name, budget, subject, times, baseline) {
  const { subject: took, baseline: bare } = await paired(subject, times, baseline);
  return within(name, took / bare, budget, '×', `${took.toFixed(0)} ms against ${bare.toFixed(0)} ms`);
}

export const POSTURE = `version: 1
project: shop-api
agents: [claude-code]
environments:
  production: { agentAccess: none }
isolation:
  runtime: bubblewrap
  network: { allow: [] }
  files: { write: ["."], hide: [~/.ssh, ~/.aws, ".env*", "!.env*.example"] }
repository:
  protected: [main]
scanning: { engines: [builtin], at: [commit, push] }
`;
