import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from '../report/width.ts';

/**
 * Stands for the package `string-width` in the bundle (scripts/build.js): Ink and our own lines then agree on how wide a
 * text is, and the package's tables, which take longer to build than the first screen to draw, are not loaded.
 */
export default function stringWidth(text: string): number {
  if (text === '') return 0;
  // Lines' ends and other control characters take no column.
  return displayWidth(stripVTControlCharacters(text).replace(/\p{Control}/gu, ''));
}
