import type { Line } from './lines.ts';

/** A part of a screen, from top to bottom. */
export interface Part {
  /** How many rows it would like. */
  want: number;
  /** Fewer than these and it is left out. */
  least: number;
  /** Lower numbers are served first. */
  rank: number;
  /** Shown in what all others leave, and else not at all. */
  spare?: boolean;
}

/**
 * Shares `height` rows among the parts: by rank, each first gets its least (or nothing, when that does not fit any more),
 * then what is left goes out by rank, to spare ones in the end. The sum is never above `height`.
 */
export function share(height: number, parts: readonly Part[]): number[] {
  const given = parts.map(() => 0);
  let left = Math.max(0, height);
  const serve = (at: number, rows: number) => {
    given[at] = (given[at] ?? 0) + rows;
    left -= rows;
  };
  const order = parts.map((part, at) => ({ ...part, at })).sort((a, b) => a.rank - b.rank);
  for (const spares of [false, true]) {
    const shown: typeof order = [];
    for (const part of order) {
      const fewest = Math.min(part.least, part.want);
      if ((part.spare ?? false) !== spares || part.want === 0 || fewest > left) continue;
      serve(part.at, fewest);
      shown.push(part);
    }
    for (const { at, want } of shown) serve(at, Math.min(left, want - (given[at] ?? 0)));
  }
  return given;
}

/** The rows that a screen may draw: always lower than the window, so that nothing ever scrolls away under us. */
export function usableRows(rows: number): number {
  return Math.max(1, rows - 1);
}

/** The cells that a line may take: the last column stays free, because some terminals wrap when it is written. */
export function usableColumns(columns: number): number {
  return Math.max(1, columns - 1);
}

/** Wider than this, an eye loses the line between two columns: screens stop here, only files use the whole window. */
const READABLE = 100;

export function readableColumns(columns: number): number {
  return Math.min(usableColumns(columns), READABLE);
}

/** The first `rows` lines; where some are left out, the last one says how many. */
export function clip(lines: readonly Line[], rows: number, more: (count: number) => Line): readonly Line[] {
  if (lines.length <= rows) return lines;
  if (rows < 2) return lines.slice(0, Math.max(0, rows));
  return [...lines.slice(0, rows - 1), more(lines.length - rows + 1)];
}
