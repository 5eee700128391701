import { asStarted } from '../base/started.ts';

/**
 * Characters that stand alone and take one column, whatever is beside them: ASCII, Latin, punctuation, arrows, mathematics,
 * boxes, marks, the patterns that spinners are made of. Nearly all text is made of these, and to tell what others are the
 * segmenter has to be loaded, which takes longer than to draw a screen.
 */
const ALONE =
  '\\u0020-\\u007e\\u00a0-\\u00ac\\u00ae-\\u02ff\\u2010-\\u2027\\u2030-\\u205e\\u2190-\\u22ff\\u2500-\\u25af\\u25c0-\\u25fc' +
  '\\u2713-\\u2718\\u276e\\u276f\\u27e8\\u27e9\\u2800-\\u28ff';
const PLAIN = new RegExp(`^[${ALONE}]*$`);
/** The same with colours: what begins them stands alone too, but takes no column. */
const COLOURED = new RegExp(`^[${ALONE}\\u001b]*$`);
const NOTHING = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;
/** East Asian wide and full-width blocks, and emoji that are drawn as pictures. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;

let segmenter: Intl.Segmenter | undefined;

/** Whether every character stands alone and takes one column. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/** What a reader takes for single characters. */
export function characters(text: string): string[] {
  if (COLOURED.test(text)) return [...text];
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function widthOf(character: string): number {
  if (NOTHING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Columns that `text` takes in a terminal. `text` has no control characters in it. */
export function displayWidth(text: string): number {
  if (isPlain(text)) return text.length;
  return characters(text).reduce((sum, character) => sum + widthOf(character), 0);
}

/** `text` filled with spaces to `width` columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** At most `width` columns of `text`, and the rest. */
function cut(text: string, width: number): [string, string] {
  let head = '';
  let used = 0;
  for (const character of characters(text)) {
    used += widthOf(character);
    if (used > width && head !== '') break;
    head += character;
  }
  return [head, text.slice(head.length)];
}

/** Lines of at most `width` columns, broken between words, and inside a word only where it is longer than a line. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(4, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter(Boolean)) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (displayWidth(joined) <= room) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    let rest = word;
    while (displayWidth(rest) > room) {
      const [head, tail] = cut(rest, room);
      lines.push(head);
      rest = tail;
    }
    line = rest;
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}

/** A column narrower than this tears words, and so its text stands below, behind this much space. */
const NARROW = 18;
const BELOW = 6;

/**
 * As `wrap`, with `first` before the first line and as much space before the others; below `first` where beside it is no room.
 * Sentences for people are laid out here, so that commands of ours in them are told as the user types them; what files hold
 * is wrapped as it is.
 */
export function hang(first: string, sentence: string, width: number): string[] {
  const text = asStarted(sentence);
  const indent = displayWidth(first);
  const room = width - indent;
  if (room < NARROW && indent > BELOW && displayWidth(text) > room)
    return [first.trimEnd(), ...wrap(text, width - BELOW).map(line => ' '.repeat(BELOW) + line)];
  return wrap(text, width - indent).map((line, index) => `${index === 0 ? first : ' '.repeat(indent)}${line}`);
}
