import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../src/base/hash.ts';
import { openSession, type Session, type SessionOptions } from '../../src/selftest/session/session.ts';
import type { Start } from '../../src/selftest/vantages/types.ts';
import type { Observation, Try } from '../../src/selftest/wire.ts';

const isRoot = process.getuid?.() === 0;
/** Somebody without rights, so that a refusal is one; the tests' own user where that is already so. */
const nobody = isRoot ? { uid: 65_534, gid: 65_534 } : {};

const folders: string[] = [];
const sessions: Session[] = [];

/** A folder that the unprivileged user may write. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ap-pack-'));
  chmodSync(folder, 0o777);
  folders.push(folder);
  return folder;
}

export async function cleanUp(): Promise<void> {
  await Promise.all(sessions.splice(0).map(session => session.close()));
  for (const folder of folders.splice(0)) {
    execFileSync('chmod', ['-R', 'u+rwX', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Options {
  env?: Record<string, string>;
  cwd?: string;
  root?: boolean;
}

/** Starts `wrapper` followed by the words it is given. */
export function wrapped(wrapper: readonly string[], { env, cwd = '/', root = false }: Options = {}): Start {
  return words =>
    new Promise((resolve, reject) => {
      const [program = '', ...args] = [...wrapper, ...words];
      const child = spawn(program, args, {
        cwd,
        env: { PATH: process.env.PATH, HOME: '/', ...env },
        stdio: 'pipe',
        detached: true,
        ...(root ? {} : nobody),
      });
      child.once('error', reject);
      child.once('spawn', () => resolve({ child }));
    });
}

/** A PATH with the applets of busybox and nothing else; its `sh` is ash. */
export function busyboxOnly(): string {
  const folder = scratch();
  const busybox = ['/usr/bin/busybox', '/bin/busybox'].find(path => existsSync(path));
  if (!busybox) throw new Error('busybox is missing: apt-get install busybox-static');
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean))
    symlinkSync(busybox, join(folder, applet));
  return folder;
}

/** A PATH with what the system has but these programs. */
export function programsWithout(names: readonly string[]): string {
  const folder = scratch();
  for (const name of readdirSync('/usr/bin'))
    if (!names.includes(name)) symlinkSync(join('/usr/bin', name), join(folder, name));
  return folder;
}

/** A folder with these programs, and those alone. */
export function only(programs: Record<string, string>): string {
  const folder = scratch();
  mkdirSync(folder, { recursive: true });
  for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(folder, name));
  return folder;
}

export async function open(start: Start, options?: SessionOptions): Promise<Session> {
  const opened = await openSession(start, options);
  if (!opened.ok) throw new Error(opened.reason);
  sessions.push(opened.session);
  return opened.session;
}

type Deed<T> = T extends Try ? Omit<T, 'id' | 'timeout'> & { timeout?: number } : never;

export function make(deed: Deed<Try>): Try {
  return { id: randomBytes(8).toString('hex'), timeout: 3_000, ...deed } as Try;
}

export function challenge(content: string) {
  const key = randomBytes(8).toString('hex');
  return { key, digest: sha256(key + content) };
}

/** One round with these tries; the observations in their order. */
export async function tryAll(session: Session, deeds: readonly Deed<Try>[]): Promise<Observation[]> {
  const tries = deeds.map(make);
  const observations = await session.round(tries);
  return tries.map(({ id }) => observations.get(id) as Observation);
}

export async function tryOne(session: Session, deed: Deed<Try>): Promise<Observation> {
  return (await tryAll(session, [deed]))[0] as Observation;
}
