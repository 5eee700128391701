import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { BIN } from './program.ts';
import { closeAll, type Session, spawn, type TerminalOptions } from './pty.ts';

export const PATIENCE = 60_000;

/** What lies in the repository of the wizard's tests; each address is this machine's own. */
export const FILES: Readonly<Record<string, string>> = {
  '.env.production': 'DATABASE_URL=postgres://app@127.0.0.1:9/shop\nREDIS_URL=redis://127.0.0.1:11/0\n',
  'compose.yaml': 'services:\n  db:\n    image: postgres:16\n    ports: ["5432:5432"]\n',
  'package.json': '{ "name": "shop-api" }\n',
  'dump.sql': 'create table customers();\n',
  '.claude/settings.json': '{ "permissions": { "deny": ["Read(./reports/**)"] } }\n',
};

/** Programs that the wizard asks about where they are there. */
const SCANNERS = ['gitleaks', 'trufflehog', 'git-secrets'];

/** A folder with the programs of this machine but for scanners, so that the plan is the same on every machine. */
function programsWithoutScanners(base: string): string {
  const folder = join(base, 'bin');
  mkdirSync(folder);
  // The first of a name is the one that counts.
  for (const from of (process.env.PATH ?? '').split(':').filter(part => part.startsWith('/') && existsSync(part)))
    for (const name of readdirSync(from))
      if (!SCANNERS.includes(name) && !lstatSync(join(folder, name), { throwIfNoEntry: false }))
        symlinkSync(join(from, name), join(folder, name));
  return folder;
}

export interface WizardPlace {
  base: string;
  root: string;
  home: string;
  state: string;
  env: Record<string, string>;
  /** The built program in a terminal. */
  start(args?: string[], options?: TerminalOptions): Session;
  /** The built program off a terminal. */
  run(...args: string[]): { code: number | null; text: string };
  posture(): string;
  /** The answers that are kept for the next time. */
  kept(): Record<string, unknown>;
}

/** A repository, a home and a state folder of their own, gone after the test. */
export function wizardPlace({ git = true }: { git?: boolean } = {}): WizardPlace {
  const base = mkdtempSync(join(tmpdir(), 'posture-whole-'));
  onTestFinished(async () => {
    await closeAll();
    rmSync(base, { recursive: true, force: true });
  });
  const [home, root, state] = ['home', 'shop-api', 'state'].map(name => join(base, name)) as [string, string, string];
  for (const folder of [home, root]) mkdirSync(folder);
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  if (git) {
    execFileSync('git', ['init', '-q', '-b', 'main', root]);
    execFileSync('git', ['-C', root, 'remote', 'add', 'origin', 'git@github.com:acme/shop-api.git']);
  }
  const env = { HOME: home, AGENT_POSTURE_STATE: state, GIT_CONFIG_NOSYSTEM: '1', PATH: programsWithoutScanners(base) };
  return {
    base,
    root,
    home,
    state,
    env,
    start: (args = ['init'], { env: more, ...options } = {}) =>
      spawn(process.execPath, [BIN, ...args], { cwd: root, ...options, env: { ...env, ...more } }),
    run(...args) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
        cwd: root,
        env: { LANG: 'C.UTF-8', AGENT_POSTURE_OUTSIDE: '', ...env },
        encoding: 'utf8',
      });
      return { code: status, text: `${stdout}${stderr}` };
    },
    posture: () => readFileSync(join(root, 'agent-posture.yaml'), 'utf8'),
    kept() {
      const path = filesUnder(state).find(name => name.endsWith('preferences.json'));
      return path === undefined ? {} : (JSON.parse(readFileSync(path, 'utf8')).wizard?.answers ?? {});
    },
  };
}

/** Every file under a folder, without those of git. */
export function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => !path.startsWith(join(folder, '.git/')))
    .sort();
}

/** Where the wizard stands: at a question, at all of them, or at the plan. */
function standsAt(frame: string): string | undefined {
  return / \d+ of \d+$|All questions|nothing is written yet/m.exec(frame)?.[0];
}

/** Presses keys, and waits until it stands elsewhere: that a picture changes may be the key before. */
export async function key(session: Session, ...keys: Parameters<Session['press']>): Promise<string> {
  const before = standsAt(session.frame());
  await session.press(...keys);
  return session.waitFor(frame => standsAt(frame) !== undefined && standsAt(frame) !== before, PATIENCE);
}

/** `7` of `7 of 20`; 0 where no question is asked. */
export function number(session: Session): number {
  return Number(/ (\d+) of \d+$/m.exec(session.frame())?.[1] ?? 0);
}

export async function toFirst(session: Session): Promise<void> {
  await session.waitFor('Set up everything', PATIENCE);
  await session.press('down');
  await key(session, 'enter');
}

export async function toPlan(session: Session): Promise<void> {
  for (let at = 0; at < 40 && !session.frame().includes('nothing is written yet'); at++) await key(session, 'enter');
  expect(session.frame()).toContain('nothing is written yet');
}

/** Applies what stands there, and says no to what is asked for while it tries again. */
export async function apply(session: Session): Promise<void> {
  await session.press('enter');
  const asked = await session.waitFor(frame => frame.includes('[y/N]') || frame.includes('BEFORE'), PATIENCE);
  if (asked.includes('[y/N]')) await session.press('enter');
  expect((await session.exit(120_000)).code).toBe(0);
}
