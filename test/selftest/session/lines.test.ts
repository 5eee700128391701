import { execFileSync } from 'node:child_process';
import { fc, it } from '@fast-check/vitest';
import { describe, expect, it as plain } from 'vitest';
import { bootstrap, oneShot, tagOf } from '../../../src/selftest/pack/bootstrap.ts';
import { greeted, say } from '../../../src/selftest/pack/greetings.ts';
import {
  cksum,
  decodeResult,
  encodeTry,
  escapeWord,
  fromWords,
  unescapeWord,
} from '../../../src/selftest/session/lines.ts';
import type { Try } from '../../../src/selftest/wire.ts';

const words = fc
  .string({ unit: 'binary', maxLength: 60 })
  .filter(text => !text.includes('\0') && Buffer.from(text).toString() === text);

describe('the encoding of a line', () => {
  it.prop([words])('comes back as it was', text => {
    expect(unescapeWord(escapeWord(text))).toBe(text);
    expect(escapeWord(text)).toMatch(/^[\w./:@,+=\\-]*$/);
  });

  it.prop([fc.array(words, { minLength: 1, maxLength: 20 })], { numRuns: 20 })(
    'is undone by printf %b of every shell',
    texts => {
      for (const shell of [['dash'], ['bash'], ['busybox', 'ash']]) {
        const script = texts.map(text => `printf '%b' '${escapeWord(text)}'; printf '|'`).join('\n');
        const out = execFileSync(shell[0] as string, [...shell.slice(1), '-s'], { input: script, encoding: 'utf8' });
        expect(out).toBe(texts.map(text => `${text}|`).join(''));
      }
    },
  );

  it.prop([fc.uint8Array({ maxLength: 300 })], { numRuns: 20 })('sums up as cksum does', data => {
    expect(`${cksum(data)} ${data.length}\n`).toBe(execFileSync('cksum', { input: data, encoding: 'utf8' }));
  });

  it.prop([words, words])('keeps a try on one line, whatever stands in it', (path, content) => {
    const one: Try = { id: 'a'.repeat(16), timeout: 5, op: 'write', how: 'create', path, content };
    for (const form of ['node', 'sh'] as const) expect(encodeTry(form, one)).not.toMatch(/[\n\r]/);
    expect(fromWords(encodeTry('sh', one))).toMatchObject({ path, content });
    expect(JSON.parse(encodeTry('node', one))).toEqual(one);
  });

  it.prop([fc.string()])('takes no nonsense for a result', text => {
    expect(decodeResult('node', text)).toBeUndefined();
    expect(decodeResult('sh', text)).toBeUndefined();
  });

  plain('bounds what a result may hold', () => {
    const good = { id: 'a'.repeat(16), outcome: 'done' };
    expect(decodeResult('node', JSON.stringify(good))).toBeDefined();
    for (const bad of [
      { brought: 'x'.repeat(201) },
      { at: 'x'.repeat(5_000) },
      { outcome: 'blocked' },
      { size: 'SECRET' },
      { id: '../x' },
      { heard: 'zz' },
    ])
      expect(decodeResult('node', JSON.stringify({ ...good, ...bad }))).toBeUndefined();
  });
});

describe('the bootstrap', () => {
  const challenge = [12_345, 23_456, 34_567, 45_678] as const;

  plain('holds nothing that could be mistaken for its answer', () => {
    for (const text of [
      bootstrap(challenge, 'ab', 'cd', true),
      bootstrap(challenge, 'ab', 'cd', false),
      oneShot(challenge, 'ab', 'cd', 'source', []),
    ])
      expect(text).not.toContain(tagOf(challenge));
  });

  plain('is one function and one call, so that a shell has all of it before it runs any', () => {
    const text = bootstrap(challenge, 'ab', 'cd', true);
    expect(text.trimEnd().split('\n').at(-1)).toBe('agent_posture; exit');
    // A pipe holds this much without a reader; a shell reads it in one go.
    expect(text.length).toBeLessThan(4_096);
    for (const shell of [['dash'], ['bash'], ['busybox', 'ash']])
      expect(() => execFileSync(shell[0] as string, [...shell.slice(1), '-n'], { input: text })).not.toThrow();
  });
});

describe('greetings', () => {
  const hello = (kind: Parameters<typeof greeted>[0], bytes: string | Buffer) =>
    greeted(kind, Buffer.from(bytes as string, 'latin1'));

  plain.each([
    ['postgres', 'N', 'HTTP/1.1 400'],
    ['mysql', '\x4a\0\0\0\x0a8.0', 'SSH-2.0'],
    ['redis', '-NOAUTH', 'HTTP/1.1 400'],
    ['http', 'HTTP/1.1 200', '+OK'],
    ['ssh', 'SSH-2.0-x', '220 mail'],
    ['smtp', '220 mail', 'SSH-2.0'],
    ['amqp', 'AMQP\0\0\x09\x01', 'HTTP/1.1'],
    ['docker', 'HTTP/1.1 200 OK', 'x'],
    ['grpc', '\0\0\x06\x04\0', 'HTTP/1.1 400'],
    ['ssh-agent', '\0\0\0\x05\x0c', 'OK'],
    ['gpg-agent', 'OK Pleased', 'REJECTED'],
    ['dbus', 'REJECTED EXTERNAL', 'OKAY'],
    ['x11', '\x01\0\x0b\0', 'x'],
    ['wayland', '\x02\0\0\0', 'HTTP'],
    ['none', 'anything', ''],
  ] as const)('%s is known by its own answer alone', (kind, right, wrong) => {
    expect(hello(kind, right)).toBe(true);
    expect(hello(kind, wrong)).toBe(false);
    expect(hello(kind, '')).toBe(false);
  });

  plain('says first only what does no harm, and nothing where the server speaks first', () => {
    for (const kind of ['mysql', 'ssh', 'smtp', 'gpg-agent', 'none'] as const) expect(say(kind, 'h')).toHaveLength(0);
    expect(say('postgres', 'h').toString('hex')).toBe('0000000804d2162f');
    expect(say('http', '::1').toString()).toContain('Host: [::1]');
    expect(say('tls', 'db.example.com').includes('db.example.com')).toBe(true);
    expect(say('tls', '127.0.0.1').includes('127.0.0.1')).toBe(false);
    expect(say('mongodb', 'h').readInt32LE(0)).toBe(say('mongodb', 'h').length);
  });
});
