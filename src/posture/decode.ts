import { UserError } from '../base/errors.ts';
import { READ_LIMIT } from '../base/files.ts';

/** The bytes of a posture as text, a byte order mark kept. UserError for another encoding, with the place. */
export function decodePosture(data: Buffer, path: string): string {
  const saveAs = 'save the file as UTF-8';
  const refuse = (what: string, line = 1, column = 1) =>
    new UserError({ what, where: { path, line, column }, expected: 'UTF-8 text', next: saveAs });
  if (data.length >= 2 && ((data[0] === 0xff && data[1] === 0xfe) || (data[0] === 0xfe && data[1] === 0xff)))
    throw refuse('the file is UTF-16 or UTF-32');
  const start = data.subarray(0, 64);
  if (start.length >= 4 && start.filter(byte => byte === 0).length >= start.length / 3)
    throw refuse('the file is UTF-16 or UTF-32, or no text at all');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    const before = validStart(data).split('\n');
    throw refuse(
      'a byte here is not UTF-8 (the file may be Latin-1 or Windows-1252)',
      before.length,
      (before.at(-1)?.length ?? 0) + 1,
    );
  }
}

/** The text up to the first byte that is not UTF-8. */
function validStart(data: Buffer): string {
  const decode = (end: number) =>
    new TextDecoder('utf-8', { fatal: true }).decode(data.subarray(0, end), { stream: true });
  let low = 0;
  let high = data.length;
  // A character cut in two is no error while streaming, so what is valid ends at exactly one place.
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    try {
      decode(middle);
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  return decode(low);
}

/** The refusal of a file larger than is ever read. */
export function tooLarge(path: string, bytes: number, kind: 'a posture' | 'answers' = 'a posture'): UserError {
  return new UserError({
    what: `the file has ${(bytes / 1e6).toFixed(1)} MB`,
    where: { path },
    expected: `${kind} of at most ${READ_LIMIT / 1e6} MB`,
    next: 'it is to hold names, not data: check what was written into it',
  });
}
