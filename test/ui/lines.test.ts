import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../src/report/width.ts';
import {
  cells,
  edges,
  fitLine,
  fitMiddle,
  fitText,
  line,
  lineCells,
  paragraph,
  span,
  table,
  together,
  wholeTable,
  wrapText,
} from '../../src/ui/lines.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const width = fc.integer({ min: 1, max: 80 });

describe('a table with nothing cut', () => {
  const rows = [
    {
      mark: line(' x '),
      name: '~/.config/a-tool-with-a-long-name/credentials.json',
      says: 'a key that opens the store of packages',
    },
    { mark: line(' x '), name: '.env', says: '' },
  ];
  it.each([30, 49, 50, 80])('has every word within %i cells', width => {
    const texts = wholeTable(rows, width).map(parts => parts.map(({ text }) => text).join(''));
    for (const text of texts) expect(cells(text)).toBeLessThanOrEqual(width);
    const words = texts.join(' ').split(/\s+/);
    for (const word of 'a key that opens the store of packages'.split(' ')) expect(words).toContain(word);
    expect(texts.join('').replace(/\s/g, '')).toContain('.env');
    expect(texts.filter(text => text.startsWith(' x '))).toHaveLength(2);
  });
});

describe('lines', () => {
  it('takes terminal sequences, controls and direction marks out of text from outside', () => {
    expect(line('a\u001b[2Jb\u202ec\nd')).toEqual([{ text: 'abc d', tone: undefined }]);
    expect(line('  ', span('x ', 'bad'))).toEqual([
      { text: '  ', tone: undefined },
      { text: 'x ', tone: 'bad' },
    ]);
  });

  test.prop([fc.array(text, { maxLength: 5 }), width])('never makes a line wider than it may be', (parts, cells) => {
    expect(lineCells(fitLine(line(...parts), cells, '…'))).toBeLessThanOrEqual(cells);
  });

  test.prop([text, width])('cuts the end or the middle to the width, and nothing where it fits', (given, cells) => {
    const whole = line(given)[0]?.text ?? '';
    for (const shorten of [fitText, fitMiddle]) {
      const cut = shorten(whole, cells, '…');
      expect(displayWidth(cut)).toBeLessThanOrEqual(cells);
      if (displayWidth(whole) <= cells) expect(cut).toBe(whole);
    }
  });

  it('keeps both ends of a path', () => {
    expect(fitMiddle('~/code/very/long/way/to/credentials.json', 24, '…')).toMatch(/^~\/code.*…/);
    expect(fitMiddle('~/code/very/long/way/to/credentials.json', 24, '…')).toMatch(/credentials\.json$/);
  });

  it('does not cut a wide character in two', () => {
    expect(fitText('漢字漢字', 4, '…')).toBe('漢…');
  });

  it('says that something was cut even where the next part is what does not fit', () => {
    expect(
      fitLine([span('abcdef'), span('ghij')], 6, '…')
        .map(part => part.text)
        .join(''),
    ).toBe('abcde…');
  });

  it('wraps words, keeps paragraphs, and does not break a command', () => {
    expect(wrapText('one two three\n\nfour', 8)).toEqual(['one two', 'three', '', 'four']);
    expect(wrapText(`to undo: ${together('agent-posture undo')}`, 20)).toEqual(['to undo:', 'agent-posture undo']);
  });

  it('cuts a paragraph to its rows with an ellipsis', () => {
    expect(paragraph('one two three four', 9, 2, '…')).toEqual(['one two', 'three…']);
  });

  it('drops the right edge where there is no room', () => {
    expect(
      edges(line('left'), line('right'), 20, '…')
        .map(part => part.text)
        .join(''),
    ).toBe('left           right');
    expect(
      edges(line('left'), line('right'), 10, '…')
        .map(part => part.text)
        .join(''),
    ).toBe('left');
  });

  it('has one column where it is narrow', () => {
    const rows = [{ mark: line('x '), name: 'name', says: 'what is said' }];
    const textOf = (cells: number): string => (table(rows, cells, '…')[0] ?? []).map(part => part.text).join('');
    expect(textOf(60)).toBe('x name   what is said');
    expect(textOf(40)).toBe('x name');
  });
});
