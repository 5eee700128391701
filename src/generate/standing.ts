import type { Block } from './formats/blocks.ts';

/**
 * Lines of a list of what is ignored that its owner has already: they need not be written again, and count as ours as long
 * as they stand. A line that is taken back by a `!` behind it does not stand, unless `ours` take back just that; such an
 * exception stands where none of our lines is behind it.
 */
export function standingLines(text: string, blocks: readonly Block[], ours: readonly string[]): ReadonlySet<string> {
  let own = '';
  let at = 0;
  for (const { from, to } of blocks) {
    own += text.slice(at, from);
    at = to;
  }
  const lines = (own + text.slice(at)).split('\n').map(line => line.replace(/^\ufeff/, '').replace(/\r$/, ''));
  const taken = lines.findLastIndex(line => isException(line) && !ours.includes(line));
  const last = lines.findLastIndex(line => !isException(line) && ours.includes(line));
  return new Set(
    lines.filter(
      (line, index) => index > taken && line !== '' && !line.startsWith('#') && (!isException(line) || index > last),
    ),
  );
}

function isException(line: string): boolean {
  return line.startsWith('!');
}

function firstException(lines: readonly string[]): number {
  const first = lines.findIndex(isException);
  return first < 0 ? lines.length : first;
}

/** Of our lines those that have to stand in our block. Behind an exception of ours the order counts: all of those have to. */
export function linesToWrite(
  lines: readonly string[],
  standing: ReadonlySet<string>,
  inBlock: readonly string[],
): readonly string[] {
  const first = firstException(lines);
  const needed = (line: string) => !standing.has(line) || inBlock.includes(line);
  const ahead = lines.slice(0, first).filter(needed);
  // Where nothing of ours is written before it, an exception of its owner's does what ours would.
  const left = [...ahead, ...lines.slice(first).filter(line => ahead.length > 0 || !isException(line) || needed(line))];
  // A block without a line could not be told from one that was emptied by hand.
  return left.length > 0 ? left : lines;
}

/** What stands in our block, with those lines of `ours` in their places that its owner has elsewhere. */
export function withStanding(
  inBlock: readonly string[],
  ours: readonly string[],
  standing: ReadonlySet<string>,
): readonly string[] {
  const first = firstException(ours);
  const alone = !ours.slice(0, first).some(line => inBlock.includes(line));
  const result = [...inBlock];
  let behind = 0;
  for (const [index, line] of ours.entries()) {
    const at = result.indexOf(line);
    if (at >= 0) behind = at + 1;
    else if (standing.has(line) && (index < first || (alone && isException(line)))) result.splice(behind++, 0, line);
  }
  return result;
}
