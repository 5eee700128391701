import { fc, test } from '@fast-check/vitest';
import type { Key } from 'ink';
import { describe, expect, it } from 'vitest';
import { edit, visiblePart } from '../../src/ui/components/text-entry.tsx';
import { type KeyPress, normalizeKeys } from '../../src/ui/hooks/use-keys.ts';
import { pieces } from '../../src/ui/input.ts';

const NONE: Key = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
  super: false,
  hyper: false,
  capsLock: false,
  numLock: false,
};
const keys = (input: string, key: Partial<Key> = {}): string[] =>
  normalizeKeys(input, { ...NONE, ...key }).map(({ name, text }) => (name === 'char' ? text : `<${name}>`));

describe('normalizeKeys', () => {
  it('knows the same keys from every terminal', () => {
    expect(keys('', { upArrow: true })).toEqual(['<up>']);
    expect(keys('', { tab: true, shift: true })).toEqual(['<shift-tab>']);
    expect(keys('', { backspace: true })).toEqual(['<backspace>']);
    expect(keys('c', { ctrl: true })).toEqual(['<interrupt>']);
    expect(keys('', { return: true })).toEqual(['<enter>']);
    expect(keys('\n')).toEqual(['<enter>']);
  });

  it('takes apart what came in one read', () => {
    expect(keys('ab\r')).toEqual(['a', 'b', '<enter>']);
    expect(keys('漢👍')).toEqual(['漢', '👍']);
  });

  it('makes nothing of sequences that mean nothing here', () => {
    expect(keys('[1;5P')).toEqual([]);
    expect(keys('x', { meta: true })).toEqual([]);
    expect(keys('p', { ctrl: true })).toEqual([]);
    expect(keys('\u0000\u001b')).toEqual([]);
    expect(keys('a', { eventType: 'release' })).toEqual([]);
    expect(keys('[')).toEqual(['[']);
  });
});

describe('edit', () => {
  const press = (name: KeyPress['name'], text = ''): KeyPress => ({ name, text });
  const type = (...presses: KeyPress[]): string => {
    const { characters, at } = presses.reduce(edit, { characters: ['a', 'b'], at: 2 });
    return `${characters.slice(0, at).join('')}|${characters.slice(at).join('')}`;
  };

  it('moves, inserts and takes away by whole characters', () => {
    expect(type(press('char', 'é'))).toBe('abé|');
    expect(type(press('left'), press('char', 'xy'))).toBe('axy|b');
    expect(type(press('left'), press('backspace'))).toBe('|b');
    expect(type(press('home'), press('delete'))).toBe('|b');
    expect(type(press('backspace'), press('backspace'), press('backspace'))).toBe('|');
    expect(type(press('clear'), press('left'), press('right'))).toBe('|');
    expect(type(press('home'), press('end'))).toBe('ab|');
    expect(type(press('page-up'))).toBe('ab|');
  });

  it('shows the part around the cursor', () => {
    const long = [...'abcdefghij'];
    expect(visiblePart(long, 10, 4)).toEqual({ from: 7, to: 10 });
    expect(visiblePart(long, 0, 4)).toEqual({ from: 0, to: 4 });
    expect(visiblePart(['漢', '字'], 2, 3)).toEqual({ from: 1, to: 2 });
  });
});

describe('pieces', () => {
  it('takes a read apart into keys', () => {
    expect(pieces('\u001b[B\rab\u0003\u001b[1;5P\u001bOP\u001b')).toEqual([
      '\u001b[B',
      '\r',
      'ab',
      '\u0003',
      '\u001b[1;5P',
      '\u001bOP',
      '\u001b',
    ]);
    expect(pieces('x\u001b[200~a\rb\u001b[201~y')).toEqual(['x', '\u001b[200~a\rb\u001b[201~', 'y']);
    expect(pieces('漢👩‍💻é')).toEqual(['漢👩‍💻é']);
  });

  test.prop([
    fc.string({ unit: fc.constantFrom('\u001b', '[', 'O', '2', '0', '~', 'A', '\r', 'é', '\u0000', '\u009b') }),
  ])('loses nothing', chunk => {
    expect(pieces(chunk).join('')).toBe(chunk);
  });
});
