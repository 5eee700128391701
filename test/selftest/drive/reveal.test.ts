import { deflateSync, gzipSync } from 'node:zlib';
import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { reveals } from '../../../src/selftest/drive/reveal.ts';

const canary = fc.string({
  unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789'),
  minLength: 16,
  maxLength: 40,
});
/** What stands around it in a file: never letters that could be taken for a part of it. */
const around = fc.string({ unit: fc.constantFrom(...'QWERTY =#:\n/.{}"_-'), maxLength: 40 });

const wrapped = (text: string, width: number) => text.replace(new RegExp(`.{${width}}`, 'g'), '$&\n');
const hexOf = (text: string) => Buffer.from(text).toString('hex');
const lines = (bytes: Buffer, width: number, line: (part: Buffer, at: number) => string) =>
  Array.from({ length: Math.ceil(bytes.length / width) }, (_, index) =>
    line(bytes.subarray(index * width, (index + 1) * width), index * width),
  ).join('\n');
const address = (at: number, digits: number, radix = 16) => at.toString(radix).padStart(digits, '0');
const each = (part: Buffer, radix: number, width: number) =>
  [...part].map(byte => byte.toString(radix).padStart(width, '0'));
const words = (part: Buffer, radix: number, width: number) =>
  Array.from({ length: Math.ceil(part.length / 2) }, (_, index) =>
    ((part[2 * index] ?? 0) + 256 * (part[2 * index + 1] ?? 0)).toString(radix).padStart(width, '0'),
  );
const printable = (part: Buffer) => part.toString('latin1').replace(/[^ -~]/g, '.');

function base32(text: string): string {
  const bits = [...Buffer.from(text)].map(byte => byte.toString(2).padStart(8, '0')).join('');
  const letters = (bits.match(/.{1,5}/g) ?? []).map(
    group => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(group.padEnd(5, '0'), 2)],
  );
  return letters.join('').padEnd(Math.ceil(letters.length / 8) * 8, '=');
}

function uuencode(text: string): string {
  return lines(Buffer.from(text), 45, part => {
    const bits = each(part, 2, 8)
      .join('')
      .padEnd(Math.ceil(part.length / 3) * 24, '0');
    const letters = (bits.match(/.{6}/g) ?? []).map(group =>
      String.fromCharCode((Number.parseInt(group, 2) || 64) + 32),
    );
    return `${String.fromCharCode(part.length + 32)}${letters.join('')}`;
  });
}

const rot13 = (text: string) =>
  text.replace(/[a-z]/gi, letter => {
    const code = letter.charCodeAt(0) + 13;
    return String.fromCharCode(code > (letter <= 'Z' ? 90 : 122) ? code - 26 : code);
  });

/** As programs write it. */
const FORMS: Record<string, (text: string) => string> = {
  raw: text => text,
  'upper case': text => text.toUpperCase(),
  backwards: text => [...text].reverse().join(''),
  rotated: rot13,
  base64: text => Buffer.from(text).toString('base64'),
  'base64 in lines': text => wrapped(Buffer.from(text).toString('base64'), 19),
  'base64 in lines of JSON': text => JSON.stringify([{ result: wrapped(Buffer.from(text).toString('base64'), 19) }]),
  'base64 for addresses': text => Buffer.from(text).toString('base64url'),
  'base64 behind other letters': text => `x${Buffer.from(text).toString('base64')}`,
  base32: text => wrapped(base32(text), 76),
  hexadecimal: hexOf,
  'hexadecimal, large': text => hexOf(text).toUpperCase(),
  'hexadecimal in lines': text => wrapped(hexOf(text), 60),
  'hexadecimal with spaces': text => each(Buffer.from(text), 16, 2).join(' '),
  'hexadecimal as in C': text =>
    each(Buffer.from(text), 16, 2)
      .map(byte => `0x${byte}`)
      .join(', '),
  'hexadecimal as in a string': text =>
    each(Buffer.from(text), 16, 2)
      .map(byte => `\\x${byte}`)
      .join(''),
  'hexadecimal as Node shows it': text => `<Buffer ${each(Buffer.from(text), 16, 2).join(' ')}>`,
  xxd: text =>
    lines(Buffer.from(text), 16, (part, at) => {
      const pairs = (part.toString('hex').match(/.{1,4}/g) ?? []).join(' ');
      return `${address(at, 8)}: ${pairs.padEnd(39)}  ${printable(part)}`;
    }),
  'hexdump -C': text =>
    lines(
      Buffer.from(text),
      16,
      (part, at) => `${address(at, 8)}  ${each(part, 16, 2).join(' ').padEnd(48)}  |${printable(part)}|`,
    ),
  hexdump: text => lines(Buffer.from(text), 16, (part, at) => `${address(at, 7)} ${words(part, 16, 4).join(' ')}`),
  'od -tx1': text => lines(Buffer.from(text), 16, (part, at) => `${address(at, 7, 8)} ${each(part, 16, 2).join(' ')}`),
  'od -b': text => lines(Buffer.from(text), 16, (part, at) => `${address(at, 7, 8)} ${each(part, 8, 3).join(' ')}`),
  od: text => lines(Buffer.from(text), 16, (part, at) => `${address(at, 7, 8)} ${words(part, 8, 6).join(' ')}`),
  'od -c': text =>
    lines(Buffer.from(text), 16, (part, at) =>
      [address(at, 7, 8), ...[...part].map(byte => (byte === 10 ? '\\n' : String.fromCharCode(byte)).padStart(4))].join(
        '',
      ),
    ),
  'od -tu1': text => lines(Buffer.from(text), 16, part => [...part].map(byte => String(byte).padStart(4)).join('')),
  'a list of numbers': text => JSON.stringify([...Buffer.from(text)]),
  'torn to letters': text => [...text].join('\n'),
  'torn and numbered': text =>
    (text.match(/.{1,9}/gs) ?? []).map((part, index) => `${String(index + 1).padStart(6)}\t${part}`).join('\n'),
  spaced: text => [...text].join(' '),
  uuencoded: text => `begin 644 way\n${uuencode(text)}\n\`\nend`,
  'gzip in base64': text => wrapped(gzipSync(text).toString('base64'), 76),
  'gzip in hexadecimal': text => gzipSync(text).toString('hex'),
  'deflate in base64': text => deflateSync(text).toString('base64'),
};

describe.each(Object.entries(FORMS))('%s', (_name, form) => {
  property.prop([around, canary, around])('reveals what was in it', (before, value, after) => {
    expect(reveals(form(`${before}\n${value}\n${after}`), value)).toBe(true);
  });

  property.prop([around, canary, canary])('reveals nothing else', (before, value, other) => {
    fc.pre(!value.includes(other));
    expect(reveals(form(`${before}\n${value}\n`), other)).toBe(false);
  });
});

describe('a canary', () => {
  property.prop([fc.string(), canary])('is not in any text that does not hold it', (text, value) => {
    expect(reveals(text, value)).toBe(text.includes(value));
  });

  it('is not revealed by a part of it, by an empty one, or by the encoding of another', () => {
    expect(reveals('k7w2m9x4c1b8', 'k7w2m9x4c1b8q5z3')).toBe(false);
    expect(reveals('anything', '')).toBe(false);
    expect(reveals('', 'k7w2m9x4c1b8q5z3')).toBe(false);
  });

  it('is found in what was cut off within a compressed text', () => {
    const whole = gzipSync(`SECRET=k7w2m9x4c1b8q5z3\n${'noise of all kinds\n'.repeat(50)}`).toString('base64');
    expect(reveals(whole.slice(0, -8), 'k7w2m9x4c1b8q5z3')).toBe(true);
  });

  it('is not waited for in a bomb', () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000)).toString('base64');
    const start = performance.now();
    expect(reveals(bomb, 'k7w2m9x4c1b8q5z3')).toBe(false);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
