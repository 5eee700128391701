import { describe, expect, it } from 'vitest';
import { type Keys, keyBar, keyRows, withSearch } from '../../src/ui/key-bar.ts';
import { cells, type Line } from '../../src/ui/lines.ts';
import { createTheme } from '../../src/ui/theme.ts';

const theme = createTheme({ color: false, unicode: true, screenReader: false });
const textOf = (line: Line): string => line.map(({ text }) => text).join('');
const KEYS: Keys = [
  ['enter', 'take none'],
  ['space', 'mark'],
  ['/', 'search'],
  ['?', 'why'],
  [`esc ${theme.glyphs.left}`, 'back'],
  ['q', 'quit'],
];

describe('the keys at the foot', () => {
  it('stand in one row where there is room', () => {
    expect(textOf(keyBar(KEYS, 80, theme))).toBe(
      ' enter take none   space mark   / search   ? why   esc ← back   q quit',
    );
    expect(keyRows(KEYS, 80, theme)).toEqual([keyBar(KEYS, 80, theme)]);
  });

  it('are all there in a narrow window, in as many rows as it takes', () => {
    const rows = keyRows(KEYS, 40, theme).map(textOf);
    expect(rows).toEqual([' enter take none   space mark   / search', ' ? why   esc ← back   q quit']);
    for (const width of [20, 30, 50])
      for (const row of keyRows(KEYS, width, theme)) expect(cells(textOf(row))).toBeLessThanOrEqual(width);
  });

  it('are those for going on, back and help where there is one row alone', () => {
    expect(textOf(keyBar(KEYS, 40, theme))).toBe(' enter take none   ? why   esc ← back');
  });

  it('are those of a search alone while it is typed, and what it has beside those of the list once it stands', () => {
    const typing: Keys = [
      ['enter', 'go to what is found'],
      ['esc', 'end the search'],
    ];
    expect(withSearch(KEYS, typing)).toBe(typing);
    expect(withSearch(KEYS, undefined)).toBe(KEYS);
    const stands = withSearch(KEYS, [
      ['/', 'search on'],
      ['esc', 'show all again'],
    ]);
    expect(textOf(keyBar(stands, 100, theme))).toBe(
      ' enter take none   space mark   ? why   q quit   / search on   esc show all again',
    );
  });
});
