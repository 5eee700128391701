import { randomBytes } from 'node:crypto';
import { run } from '../base/exec.ts';
import { randomHex } from '../base/hash.ts';
import { type Check, OK } from './case.ts';
import {
  checkOf,
  findLinks,
  type HostRead,
  listHost,
  mayWrite,
  mountTable,
  placeOn,
  readHost,
  stillHolds,
} from './controls.ts';
import { plantOutcome } from './crontab.ts';
import type { Probe, Subject } from './probes/types.ts';
import { pushOutcome } from './push.ts';
import type { Session } from './session/session.ts';
import { typedOutcome } from './terminal.ts';
import { commandOutcome, makeTry, nameDigests, plainTry, readTry } from './tries.ts';
import type { FileSystemPlace, Observation, Try } from './wire.ts';

/** Files that are read at once, and bytes that are held for comparing in one run. */
const AT_ONCE = 32;
const HELD = 200_000_000;
const TOO_MUCH = 'more to compare than one run holds';

type Command = Extract<Subject, { kind: 'command' }>;
type Network = Extract<Subject, { kind: 'address' | 'name' | 'request' | 'command' | 'socket' }>;

/** What a network-like control is known by: the same thing has one control, whoever is tried against it. */
export function controlKey(subject: Network, host?: string): string {
  switch (subject.kind) {
    case 'address':
      return `address ${host ?? subject.host} ${subject.port}${subject.greeting === 'quic' ? ' by datagram' : ''}`;
    case 'name':
      return `name ${subject.name}${subject.direct ? ' directly' : ''}`;
    case 'request':
      return `request ${subject.method} ${subject.url}`;
    case 'command':
      return `command ${subject.argv.join('\0')}`;
    case 'socket':
      return `socket ${subject.abstract ? '@' : ''}${subject.path}`;
  }
}

/** The try that a control makes, from the host or by `--control-via`. */
function controlTry(subject: Network, host?: string): Try {
  if (subject.kind === 'socket')
    return makeTry({ op: 'socket', path: subject.path, abstract: subject.abstract, greeting: subject.greeting });
  return plainTry(subject, host === undefined ? {} : { host });
}

/** Runs a command as the host, as the pack would: of its output only whether it was there, and what was looked for. */
async function runHere(subject: Command, signal: AbortSignal | undefined): Promise<Observation> {
  const [program = '', ...args] = subject.argv;
  const started = Date.now();
  if (signal?.aborted) return { id: '', took: 0, outcome: 'error', reason: 'it was stopped' };
  const ran = await run(program, args, {
    cwd: subject.cwd,
    env: { ...(process.env as Record<string, string>), ...subject.env },
    timeout: subject.timeout,
    ...(signal ? { signal } : {}),
    ...(subject.input === undefined ? {} : { input: subject.input }),
  });
  const base = { id: '', took: Date.now() - started };
  if (ran.timedOut) return { ...base, outcome: 'timeout', reason: 'it did not end' };
  if (ran.code === undefined) return { ...base, outcome: 'error', reason: 'it could not be run' };
  return commandOutcome(
    {
      ...base,
      outcome: 'done',
      reason: 'ran',
      code: ran.code,
      printed: ran.stdout.length > 0,
      ...(subject.expect === undefined ? {} : { found: ran.stdout.includes(subject.expect) }),
    },
    subject,
  );
}

/** The targets as the host has them, before and after: the controls of everything that is tried elsewhere. */
export class Targets {
  readonly files = new Map<string, HostRead>();
  readonly folders = new Map<string, { ok: true; names: string[] } | { ok: false; reason: string }>();
  readonly writable = new Map<string, Check>();
  /** Every address of a name. */
  readonly addresses = new Map<string, string[]>();
  /** Other names by hard links, by inode. */
  links = new Map<string, string[]>();
  /** Where sockets lie on their file systems. */
  readonly places = new Map<string, FileSystemPlace>();
  private readonly commands = new Map<string, Command>();
  private readonly observed = new Map<string, Observation>();
  private readonly before = new Map<string, Check>();
  private readonly after = new Map<string, Check>();
  private readonly subjects = new Map<string, { subject: Network; host?: string }>();

  /** `signal` ends what runs here for a control, and lets nothing more be started. */
  constructor(private readonly signal?: AbortSignal) {}

  /** Reads what the host itself can: files, folders, and whether guards could be changed. */
  async read(root: string, probes: readonly Probe[]): Promise<void> {
    const mounts = await mountTable();
    let held = 0;
    for (let at = 0; at < probes.length; at += AT_ONCE)
      await Promise.all(
        probes.slice(at, at + AT_ONCE).map(async ({ subject }) => {
          if (subject.kind === 'file') {
            const read: HostRead = held < HELD ? await readHost(subject.path, mounts) : { ok: false, reason: TOO_MUCH };
            if (read.ok) held += read.file.content.length;
            this.files.set(subject.path, read);
          } else if (subject.kind === 'socket' && !subject.abstract) {
            const place = placeOn(mounts, subject.path);
            if (place) this.places.set(subject.path, place);
          } else if (subject.kind === 'folder') this.folders.set(subject.path, await listHost(subject.path));
          else if (subject.kind === 'guard') {
            this.writable.set(subject.path, await mayWrite(subject.path));
            const place = placeOn(mounts, subject.path);
            if (place) this.places.set(subject.path, place);
          }
        }),
      );
    const linked = [...this.files.values()].flatMap(read => (read.ok && read.file.links > 1 ? [read.file.inode] : []));
    this.links = await findLinks(root, new Set(linked));
  }

  /** Tries everything else from the host, addresses one by one, before anything is tried elsewhere. Commands that must work are left for when they did not. */
  async tryBefore(session: Session, probes: readonly Probe[]): Promise<void> {
    const names = [
      ...new Set(probes.flatMap(({ subject }) => (subject.kind === 'address' ? [subject.host] : []))),
    ].filter(name => !/^[\d.]+$|:/.test(name));
    const lookups = names.map(name => ({ name, one: makeTry({ op: 'resolve', name }) }));
    if (lookups.length > 0) {
      const found = await session.round(lookups.map(({ one }) => one));
      for (const { name, one } of lookups)
        this.addresses.set(name, (found.get(one.id)?.names ?? []).map(entry => entry.name).slice(0, 8));
    }
    for (const { subject } of probes) {
      if (subject.kind === 'address') {
        this.subjects.set(controlKey(subject), { subject });
        for (const host of this.addresses.get(subject.host) ?? [])
          this.subjects.set(controlKey(subject, host), { subject, host });
      } else if (subject.kind === 'name') {
        for (const one of [subject, { ...subject, direct: true }]) this.subjects.set(controlKey(one), { subject: one });
      } else if (subject.kind === 'request' || subject.kind === 'socket')
        this.subjects.set(controlKey(subject), { subject });
    }
    await this.run(session, [...this.subjects.keys()], this.before);
  }

  /** Runs the commands that must give nothing elsewhere, here and all at once: some are slow, and nothing else waits for them. */
  async tryCommands(probes: readonly Probe[]): Promise<void> {
    await Promise.all(
      probes.map(async ({ subject, expect }) => {
        if (subject.kind !== 'command' || expect !== 'deny') return;
        const key = controlKey(subject);
        this.commands.set(key, subject);
        const observation = await runHere(subject, this.signal);
        this.observed.set(key, observation);
        this.before.set(key, checkOf(observation));
      }),
    );
  }

  /** What the host's own run of a command came to. */
  observation(key: string): Observation | undefined {
    return this.observed.get(key);
  }

  /** The same once more for what was refused elsewhere. */
  async tryAfter(session: Session, keys: readonly string[]): Promise<void> {
    const wanted = [...new Set(keys)].filter(key => !this.after.has(key));
    await Promise.all([
      this.run(session, wanted, this.after),
      ...wanted.map(async key => {
        const subject = this.commands.get(key);
        if (subject) this.after.set(key, checkOf(await runHere(subject, this.signal)));
      }),
    ]);
  }

  /** The control of a command that must work, made only when it did not work elsewhere. */
  async tryCommand(subject: Command): Promise<void> {
    const key = controlKey(subject);
    const check = checkOf(await runHere(subject, this.signal));
    this.before.set(key, check);
    this.after.set(key, check);
  }

  private async run(session: Session, keys: readonly string[], into: Map<string, Check>): Promise<void> {
    const wanted = keys.flatMap(key => {
      const entry = this.subjects.get(key);
      return entry ? [{ key, entry, one: controlTry(entry.subject, entry.host) }] : [];
    });
    if (wanted.length === 0) return;
    const results = await session.round(wanted.map(({ one }) => one));
    for (const { key, entry, one } of wanted) into.set(key, checkOf(settled(results.get(one.id), entry.subject)));
  }

  checkBefore(key: string): Check | undefined {
    return this.before.get(key);
  }

  checkAfter(key: string): Check | undefined {
    return this.after.get(key);
  }

  /** Whether a file still holds what it held, and a folder still has a name it had. */
  async fileAfter(path: string): Promise<Check> {
    const read = this.files.get(path);
    return read?.ok ? stillHolds(path, read.file) : { ok: false, reason: read?.reason ?? 'ENOENT' };
  }

  async folderAfter(path: string): Promise<Check> {
    const before = this.folders.get(path);
    const now = await listHost(path);
    if (!before?.ok) return { ok: false, reason: before?.reason ?? 'ENOENT' };
    if (!now.ok) return { ok: false, reason: now.reason };
    return now.names.some(name => before.names.includes(name)) ? OK : { ok: false, reason: 'changed meanwhile' };
  }

  guardAfter(path: string): Promise<Check> {
    return mayWrite(path);
  }
}

/**
 * The targets of a vantage on another machine, as `--control-via` has them: that something is there and can be had.
 * What it holds cannot be compared from here, so such a read proves nothing; a refusal does.
 */
export class RemoteTargets extends Targets {
  constructor(private readonly control: Session) {
    super();
  }

  override async read(_root: string, probes: readonly Probe[]): Promise<void> {
    await Promise.all(
      probes.map(async ({ subject }) => {
        if (subject.kind === 'file') {
          const { ok, reason } = await this.fileAfter(subject.path);
          const file = { content: randomBytes(32), links: 1, inode: '', realPath: undefined, place: undefined };
          this.files.set(subject.path, ok ? { ok, file } : { ok, reason });
        } else if (subject.kind === 'folder') {
          const { ok, reason } = await this.folderAfter(subject.path);
          this.folders.set(subject.path, ok ? { ok, names: [randomHex(8)] } : { ok, reason });
        }
      }),
    );
  }

  override async fileAfter(path: string): Promise<Check> {
    return this.there(readTry(path, 'direct', randomHex(8), randomBytes(32), undefined));
  }

  override async folderAfter(path: string): Promise<Check> {
    const key = randomHex(8);
    return this.there(makeTry({ op: 'list', path, key, digests: nameDigests(key, [randomHex(8)]) }));
  }

  /** It was opened there, and is not what we have made up. */
  private async there(one: Try): Promise<Check> {
    const seen = (await this.control.round([one])).get(one.id);
    return seen?.matched === false ? OK : { ok: false, reason: seen?.reason ?? 'no result' };
  }
}

/** Programs that are worth a try only where they do it for the host. */
const COMMANDS: ReadonlySet<Probe['origin']> = new Set(['helper', 'sudo', 'kvm', 'outside', 'keyring']);

/** Why a probe is not worth a try, since there is nothing there for the host itself; undefined where there is. */
export function nothingHere({ subject, origin }: Probe, targets: Targets): string | undefined {
  if (subject.kind === 'file') {
    const read = targets.files.get(subject.path);
    if (read?.ok === false && read.reason === TOO_MUCH) return TOO_MUCH;
    if (!read?.ok)
      return read?.reason === 'EACCES' || read?.reason === 'EPERM' ? 'you cannot read it yourself' : 'not here';
    return read.file.content.length === 0 ? 'empty' : undefined;
  }
  if (subject.kind === 'folder') {
    const list = targets.folders.get(subject.path);
    if (!list?.ok) return list?.reason === 'ENOENT' ? 'not here' : 'you cannot look into it yourself';
    return list.names.length === 0 ? 'empty' : undefined;
  }
  if (subject.kind === 'socket') {
    const check = targets.checkBefore(controlKey(subject));
    return origin === 'socket' && check?.reason === 'ECONNREFUSED' ? 'nobody listens there' : undefined;
  }
  if (subject.kind === 'address' && subject.greeting === 'quic') {
    const check = targets.checkBefore(controlKey(subject));
    return check && !check.ok ? 'it answers no datagram of yours either' : undefined;
  }
  if (subject.kind === 'command' && COMMANDS.has(origin)) {
    const check = targets.checkBefore(controlKey(subject));
    if (!check || check.ok) return undefined;
    if (check.reason !== 'exit') return `it does not run for you either (${check.reason})`;
    return origin === 'sudo' ? 'it asks for a password' : 'it gives you nothing either';
  }
  return undefined;
}

/** What an observation says of a command that had to come to something; anything else as it is. */
export function settled(observation: Observation | undefined, subject: Subject): Observation | undefined {
  if (!observation) return undefined;
  if (subject.kind === 'command') return commandOutcome(observation, subject);
  // Whoever takes a connection on a socket of this machine and waits to be spoken to is there: no proxy stands between.
  if (subject.kind === 'socket' && subject.greeting === 'none' && observation.outcome === 'silent')
    return { ...observation, outcome: 'done', reason: 'accepted' };
  if (subject.kind === 'crontab') return plantOutcome(observation);
  if (subject.kind === 'terminal') return typedOutcome(observation);
  return subject.kind === 'push' ? pushOutcome(observation) : observation;
}
