import * as z from 'zod/mini';
import { sha256 } from '../../base/hash.ts';
import { say } from '../pack/greetings.ts';
import { connectRequest, formatTarget } from '../pack/tunnel.ts';
import type { Outcome, Try } from '../wire.ts';

export type Form = 'node' | 'sh';
/** How the pack sums up a line: SHA-256 where it can, else the POSIX `cksum`. */
export type Sum = 'sha256' | 'cksum';

/** A try as one line without its end. Node takes JSON, a shell takes `key=value` words that `printf %b` can undo. */
export function encodeTry(form: Form, one: Try): string {
  const sent: Record<string, unknown> = { ...one };
  if (one.op === 'connect') {
    const { told, host, port, greeting } = one;
    delete sent.told;
    sent.say = say(greeting, told?.name ?? host).toString('hex');
    // As bytes, since a shell cannot hold each of them.
    const target = told?.target ?? formatTarget(host, port);
    if (told) sent.ask = connectRequest(target, told.header ?? target).toString('hex');
  } else if (one.op === 'socket') sent.say = say(one.greeting, one.path).toString('hex');
  if (form === 'node') return JSON.stringify(sent);
  return Object.entries(sent)
    .flatMap(([key, value]) => words(key, value))
    .join(' ');
}

function words(key: string, value: unknown): string[] {
  if (value === undefined || value === false) return [];
  if (value === true) return [`${key}=1`];
  // Many of a kind, and never looked at one by one: one word.
  if (key === 'challenge_lines' && Array.isArray(value)) return words(key, value.join(','));
  if (Array.isArray(value)) return value.flatMap(item => words(key, item));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, inner]) =>
      key === 'env' ? words('env', `${name}=${inner}`) : words(`${key}_${name}`, inner),
    );
  return [`${key}=${escapeWord(String(value))}`];
}

/** Bytes outside the safe set as `\0ooo`, which every `printf %b` undoes. */
export function escapeWord(text: string): string {
  return [...Buffer.from(text)]
    .map(byte =>
      /[\w./:@,+=-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `\\0${byte.toString(8).padStart(3, '0')}`,
    )
    .join('');
}

/** Undoes `escapeWord`. */
export function unescapeWord(word: string): string {
  const bytes: number[] = [];
  for (let i = 0; i < word.length; i++) {
    const octal = /^\\0([0-7]{3})/.exec(word.slice(i, i + 5));
    if (octal) {
      bytes.push(Number.parseInt(octal[1] ?? '0', 8) & 255);
      i += 4;
    } else bytes.push(word.charCodeAt(i) & 255);
  }
  return Buffer.from(bytes).toString();
}

/** POSIX `cksum`: a CRC over the bytes and their count. */
export function cksum(data: Uint8Array): number {
  let crc = 0;
  const feed = (byte: number) => {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  };
  for (const byte of data) feed(byte);
  for (let length = data.length; length > 0; length >>>= 8) feed(length & 255);
  return ~crc >>> 0;
}

/** What the pack must say about a line that reached it unchanged. */
export function summary(sum: Sum, text: string): string {
  return sum === 'sha256' ? sha256(text).slice(0, 16) : String(cksum(Buffer.from(text)));
}

const OUTCOMES = [
  'done',
  'refused',
  'silent',
  'closed',
  'timeout',
  'none',
  'unable',
  'error',
] as const satisfies Outcome[];

/** Text of at most so many characters. */
const text = (most: number) => z.string().check(z.maxLength(most));
const shaped = (form: RegExp) => z.string().check(z.regex(form));
const count = z.int().check(z.nonnegative());
const result = z.object({
  id: shaped(/^[0-9a-f]{16}$/),
  outcome: z.enum(OUTCOMES),
  reason: z._default(text(300), ''),
  at: z.optional(text(4096)),
  brought: z.optional(text(200)),
  matched: z.optional(z.boolean()),
  size: z.optional(z.enum(['<1kB', '<10kB', '<100kB', '>=100kB'])),
  owner: z.optional(count),
  mode: z.optional(shaped(/^[0-7]{1,6}$/)),
  part: z.optional(z.enum(['itself', 'folder'])),
  code: z.optional(z.int()),
  printed: z.optional(z.boolean()),
  found: z.optional(z.boolean()),
  names: z.optional(z.array(z.object({ name: text(4096), from: text(100) })).check(z.maxLength(5_000))),
  status: z.optional(z.int()),
  took: z._default(z.number().check(z.nonnegative()), 0),
  /** The first bytes a server said, in hex; whether it greeted is decided here. */
  heard: z.optional(z.string().check(z.maxLength(256), z.regex(/^([0-9a-f]{2})*$/))),
});

export type Result = z.infer<typeof result>;

/** One result line as an object, or undefined when it is none. */
export function decodeResult(form: Form, line: string): Result | undefined {
  try {
    return result.parse(form === 'node' ? JSON.parse(line) : fromWords(line));
  } catch {
    return undefined;
  }
}

const NUMBERS = new Set(['owner', 'code', 'status', 'took', 'uid', 'gid', 'clock']);
const FLAGS = new Set(['matched', 'printed', 'found', 'noNewPrivileges', 'seccomp']);

/** `key=value …` as an object; `name=FROM:NAME` and `list+=` gather. */
export function fromWords(line: string): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const word of line.split(' ')) {
    const at = word.indexOf('=');
    if (at < 1) continue;
    const key = word.slice(0, at);
    const value = unescapeWord(word.slice(at + 1));
    if (key === 'name') {
      const colon = value.indexOf(':');
      object.names = [
        ...((object.names as unknown[]) ?? []),
        { name: value.slice(colon + 1), from: value.slice(0, colon) },
      ];
    } else if (key.endsWith('+')) {
      const list = key.slice(0, -1);
      object[list] = [...((object[list] as unknown[]) ?? []), value];
    } else object[key] = NUMBERS.has(key) ? Number(value) : FLAGS.has(key) ? value === '1' : value;
  }
  return object;
}

const facts = z.object({
  runtime: text(200),
  platform: text(50),
  uid: z.optional(z.int()),
  gid: z.optional(z.int()),
  uidMap: z.optional(text(500)),
  capabilities: z.optional(shaped(/^[0-9a-f]{1,32}$/)),
  noNewPrivileges: z.optional(z.boolean()),
  seccomp: z.optional(z.boolean()),
  namespaces: z._default(z.record(text(20), text(40)), {}),
  cwd: text(4096),
  home: z.optional(text(4096)),
  hostname: z.optional(text(300)),
  proxies: z._default(z.array(text(300)).check(z.maxLength(20)), []),
  hostAliases: z._default(z.array(text(300)).check(z.maxLength(20)), []),
  tools: z._default(z.array(text(50)).check(z.maxLength(100)), []),
  clock: z.number(),
  sum: z.enum(['sha256', 'cksum']),
  /** What the pack sums up of itself as it arrived, in the shell form. */
  source: z.optional(text(64)),
});

export type Ready = z.infer<typeof facts>;

/**
 * The pack's first line, behind its `ready`: who and where it is. It carries a sum as every result does, so that whoever
 * only sees the output cannot hide a proxy or name another user. `changed` where that sum is not the one it must be.
 */
export function decodeReady(form: Form, secret: string, line: string): Ready | 'changed' | undefined {
  const [, sum, body = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
  const ready = decodeFacts(form, body);
  return ready && sum !== summary(ready.sum, `${secret} ready\n${body}`) ? 'changed' : ready;
}

function decodeFacts(form: Form, line: string): Ready | undefined {
  try {
    if (form === 'node') return facts.parse(JSON.parse(line));
    const { ns, ...rest } = fromWords(line) as { ns?: string[] };
    const namespaces = Object.fromEntries((ns ?? []).map(entry => entry.split(':', 2) as [string, string]));
    return facts.parse({ ...rest, namespaces });
  } catch {
    return undefined;
  }
}
