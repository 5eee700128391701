import { escapeCiJson } from '../base/text.ts';

/** What JSON.stringify leaves as it is, and a terminal or a reader would obey. */
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu;

/** Indented JSON with a line feed. Control, bidirectional and invisible characters are escaped, so it is exact and inert. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replace(UNSAFE, found =>
    Array.from({ length: found.length }, (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
  return `${escapeCiJson(text)}\n`;
}
