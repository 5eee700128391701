import type { Terminal } from '@xterm/headless';

const CELL = { width: 8.43, height: 18 };
const PADDING = 16;
const FOREGROUND = '#d8dee4';
const BACKGROUND = '#0f1419';
/** The terminal's sixteen colours, as a dark theme of our days has them. */
const PALETTE = [
  '#2b323b',
  '#f0716b',
  '#7cc07c',
  '#e0b35a',
  '#6ca8e8',
  '#c58fd8',
  '#5cc0c8',
  '#c8ced6',
  '#5c6670',
  '#ff8f88',
  '#98d898',
  '#f2cb7a',
  '#8cc0f8',
  '#d8a8e8',
  '#7cd8e0',
  '#f4f7fa',
];

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A channel between `a` and `b`, as faint text is drawn. */
function mix(a: string, b: string, share: number): string {
  const channel = (color: string, at: number): number => Number.parseInt(color.slice(at, at + 2), 16);
  const parts = [1, 3, 5].map(at => Math.round(channel(a, at) * share + channel(b, at) * (1 - share)));
  return `#${parts.map(part => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Rows down to the last one that is written, or has the cursor. */
function usedRows({ buffer: { active }, rows }: Terminal, cursor: { y: number; hidden: boolean }): number {
  let used = rows;
  while (used > 1 && active.getLine(active.baseY + used - 1)?.translateToString(true) === '') used--;
  return Math.max(used, cursor.hidden ? 0 : cursor.y + 1);
}

/** What the window shows, from the first line that has `from` in it, as a picture: one text element for each run of cells that look alike. */
export function toSvg(
  terminal: Terminal,
  cursor: { x: number; y: number; hidden: boolean },
  from?: string | undefined,
): string {
  const buffer = terminal.buffer.active;
  const at = (y: number): string => buffer.getLine(buffer.baseY + y)?.translateToString(true) ?? '';
  const width = terminal.cols * CELL.width + 2 * PADDING;
  const rows = usedRows(terminal, cursor);
  const first = Array.from({ length: rows }, (_, y) => y).find(y => at(y).includes(from ?? at(y)));
  if (first === undefined) throw new Error(`"${from}" is not on the screen`);
  const height = (rows - first) * CELL.height + 2 * PADDING;
  const shapes: string[] = [];
  for (let y = first; y < rows; y++) {
    const line = buffer.getLine(buffer.baseY + y);
    if (!line) continue;
    for (let x = 0; x < terminal.cols; x++) {
      const cell = line.getCell(x);
      const text = cell?.getChars() ?? '';
      if (!cell || cell.getWidth() === 0) continue;
      const palette = (index: number): string => PALETTE[index] ?? FOREGROUND;
      let ink = cell.isFgPalette() ? palette(cell.getFgColor()) : FOREGROUND;
      let paper = cell.isBgPalette() ? palette(cell.getBgColor()) : undefined;
      if (cell.isInverse()) [ink, paper] = [paper ?? BACKGROUND, ink];
      if (cell.isDim()) ink = mix(ink, BACKGROUND, 0.6);
      const left = PADDING + x * CELL.width;
      const top = PADDING + (y - first) * CELL.height;
      const cells = cell.getWidth();
      if (paper)
        shapes.push(
          `<rect x="${left}" y="${top}" width="${cells * CELL.width}" height="${CELL.height}" fill="${paper}"/>`,
        );
      if (text.trim() === '') continue;
      const bold = cell.isBold() ? ' font-weight="bold"' : '';
      shapes.push(`<text x="${left}" y="${top + 13.5}" fill="${ink}"${bold}>${escapeXml(text)}</text>`);
    }
  }
  if (!cursor.hidden)
    shapes.push(
      `<rect x="${PADDING + cursor.x * CELL.width}" y="${PADDING + (cursor.y - first) * CELL.height}" width="${CELL.width}" height="${CELL.height}" fill="${FOREGROUND}" opacity="0.6"/>`,
    );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>`,
    `<g font-family="DejaVu Sans Mono" font-size="14" xml:space="preserve">`,
    ...shapes,
    '</g></svg>',
  ].join('\n');
}
