import { TextDecoder } from 'node:util';

/** The text of a file, or undefined where it is not UTF-8. A BOM stays in it as its first character. */
export function decode(data: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}
