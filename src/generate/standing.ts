import type { Block } from './formats/blocks.ts';

/**
 * Lines of a list of what is ignored that its owner has already: they need not be written again, and count as ours as long
 * as they stand. A line that is taken back by a `!` behind it does not stand.
 */
export function standingLines(text: string, blocks: readonly Block[]): ReadonlySet<string> {
  let own = '';
  let at = 0;
  for (const { from, to } of blocks) {
    own += text.slice(at, from);
    at = to;
  }
  const lines = (own + text.slice(at)).split('\n').map(line => line.replace(/^\ufeff/, '').replace(/\r$/, ''));
  const taken = lines.findLastIndex(isException);
  return new Set(lines.slice(taken + 1).filter(line => line !== '' && !line.startsWith('#')));
}

function isException(line: string): boolean {
  return line.startsWith('!');
}

/** Of our lines those that have to stand in our block. Behind an exception of ours the order counts: all of those have to. */
export function linesToWrite(
  lines: readonly string[],
  standing: ReadonlySet<string>,
  inBlock: readonly string[],
): readonly string[] {
  const first = lines.findIndex(isException);
  const left = lines.filter(
    (line, index) => (first >= 0 && index >= first) || !standing.has(line) || inBlock.includes(line),
  );
  // A block without a line could not be told from one that was emptied by hand.
  return left.length > 0 ? left : lines;
}

/** What stands in our block, with those lines of `ours` in their places that its owner has elsewhere. */
export function withStanding(
  inBlock: readonly string[],
  ours: readonly string[],
  standing: ReadonlySet<string>,
): readonly string[] {
  const first = ours.findIndex(isException);
  const result = [...inBlock];
  let behind = 0;
  for (const [index, line] of ours.entries()) {
    if (first >= 0 && index >= first) break;
    const at = result.indexOf(line);
    if (at >= 0) behind = at + 1;
    else if (standing.has(line)) result.splice(behind++, 0, line);
  }
  return result;
}
