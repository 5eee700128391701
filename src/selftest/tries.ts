import { randomHex, sha256 } from '../base/hash.ts';
import type { Subject } from './probes/types.ts';
import type { Challenge, FileSystemPlace, Observation, ReadWay, Told, Try, WriteHow } from './wire.ts';

/** A try without its id and its end: what is to be done. */
type Deed<T> = T extends Try ? Omit<T, 'id' | 'timeout'> : never;

/** Bounds in milliseconds: what cannot wait on anything far ends soon, a network that drops everything is given a second. */
const BOUNDS: Readonly<Record<Try['op'], number>> = {
  read: 2_000,
  list: 2_000,
  write: 2_000,
  unwrite: 2_000,
  env: 2_000,
  'env-names': 2_000,
  connect: 1_000,
  resolve: 1_000,
  request: 1_500,
  socket: 300,
  listen: 700,
  exec: 3_000,
};

/** A socket whose server waits to be spoken to is only seen to take the connection, and that takes no time. */
const ACCEPTED = 100;

/** Most servers never answer a datagram, and nobody shall wait for that. */
const DATAGRAM = 500;

function boundOf(deed: Deed<Try>): number {
  if (deed.op === 'connect' && deed.greeting === 'quic') return DATAGRAM;
  return deed.op === 'socket' && deed.greeting === 'none' ? ACCEPTED : BOUNDS[deed.op];
}

/** A try with a fresh id and its bound. */
export function makeTry(deed: Deed<Try>, timeout = boundOf(deed)): Try {
  return { id: randomHex(8), timeout, ...deed } as Try;
}

const keyed = (key: string, content: Uint8Array) => sha256(Buffer.concat([Buffer.from(key), content]));

/** The keyed comparison that a vantage makes; the key is used for one run and one vantage, and then forgotten. */
export function challenge(key: string, content: string | Uint8Array): Challenge {
  const bytes = Buffer.from(content as Uint8Array);
  const lines = telling(bytes.toString('latin1')).map(line => keyed(key, Buffer.from(line, 'latin1')).slice(0, 16));
  return { key, digest: keyed(key, bytes), ...(lines.length > 0 ? { lines } : {}) };
}

/** Lines that are compared by themselves, and the shortest that tells anything. */
const LINES = 200;
const SHORTEST = 8;
/** Lines that many files of a kind have: comments, headings, the frame of a key, an opening bracket. */
const COMMON = /^(#|;|\/\/|\[[^\]]*\]$|-----(BEGIN|END) [^-]*-----$)|^("[^"]*"\s*:\s*)?[[\]{}(),]*$/;

/** The lines by which a copy is known; a file of a single line has that one, however short. */
function telling(content: string): string[] {
  const all = content
    .replace(/\r/g, '')
    .split('\n')
    .map(line => line.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter(line => line !== '');
  const found = all.length === 1 ? all : all.filter(line => line.length >= SHORTEST && !COMMON.test(line));
  return [...new Set(found)].slice(0, LINES);
}

/** Names of a folder, at most 50, as challenges. */
export function nameDigests(key: string, names: readonly string[]): string[] {
  return names.slice(0, 50).map(name => keyed(key, Buffer.from(name)));
}

export function readTry(
  path: string,
  way: ReadWay,
  key: string,
  content: Uint8Array,
  place: FileSystemPlace | undefined,
): Try {
  return makeTry({ op: 'read', way, path, ...(place ? { place } : {}), challenge: challenge(key, content) });
}

export function bringTry(path: string): Try {
  return makeTry({ op: 'read', way: 'direct', path, bring: true });
}

export function writeTry(how: WriteHow, path: string, content: string, aside?: string, place?: FileSystemPlace): Try {
  return makeTry({
    op: 'write',
    how,
    path,
    content,
    ...(aside === undefined ? {} : { aside }),
    ...(place ? { place } : {}),
  });
}

/** The try for subjects that are tried in the same way from everywhere. */
export function plainTry(
  subject: Extract<Subject, { kind: 'address' | 'name' | 'request' | 'command' }>,
  route: { host?: string; proxy?: string; told?: Told } = {},
): Try {
  const proxy = route.proxy === undefined ? {} : { proxy: route.proxy };
  switch (subject.kind) {
    case 'address':
      return makeTry({
        op: 'connect',
        host: route.host ?? subject.host,
        port: subject.port,
        greeting: subject.greeting,
        ...proxy,
        ...(route.told ? { told: route.told } : {}),
      });
    case 'name':
      return makeTry({ op: 'resolve', name: subject.name, ...(subject.direct ? { direct: true } : {}) });
    case 'request':
      return makeTry({ op: 'request', method: subject.method, url: subject.url, ...proxy });
    case 'command':
      return makeTry(
        {
          op: 'exec',
          argv: subject.argv,
          cwd: subject.cwd,
          ...(subject.env ? { env: subject.env } : {}),
          ...(subject.input === undefined ? {} : { input: subject.input }),
          ...(subject.expect === undefined ? {} : { expect: subject.expect }),
        },
        subject.timeout,
      );
  }
}

/** A program that ran has done nothing yet: it must have ended well, and said what was waited for. */
export function commandOutcome(
  observation: Observation,
  { success, expect, denied }: Pick<Extract<Subject, { kind: 'command' }>, 'success' | 'expect' | 'denied'>,
): Observation {
  if (observation.outcome !== 'done') return observation;
  const said = expect === undefined ? observation.printed === true : observation.found === true;
  const well = observation.code === 0 && (success === 'exit' || said);
  if (!well && denied !== undefined && observation.code !== denied)
    return { ...observation, outcome: 'error', reason: `it ended with ${observation.code}` };
  return well ? observation : { ...observation, outcome: 'refused', reason: 'exit' };
}
