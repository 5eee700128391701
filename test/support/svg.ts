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

/** A run of plain characters that look alike: stretched over its cells, whatever font is there. */
interface Run {
  left: number;
  top: number;
  text: string;
  look: string;
}

function runElement({ left, top, text, look }: Run): string {
  const length = text.length > 1 ? ` textLength="${text.length * CELL.width}"` : '';
  return `<text x="${left}" y="${top + 13.5}"${length} ${look}>${escapeXml(text)}</text>`;
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
    let run: Run | undefined;
    const end = (): void => {
      if (run) shapes.push(runElement({ ...run, text: run.text.trimEnd() }));
      run = undefined;
    };
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
      const look = `fill="${ink}"${cell.isBold() ? ' font-weight="bold"' : ''}`;
      // What is wider than its cell in some font, or narrower, is set by itself.
      const plain = /^[!-~]$/.test(text) || (text.trim() === '' && run !== undefined && !paper);
      // Several blanks in a row are one to some readers of SVG: what follows them is a run of its own.
      if (text.trim() === '' && run?.text.endsWith(' ')) end();
      if (plain && run && (run.look === look || text.trim() === '')) run.text += text === '' ? ' ' : text;
      else {
        end();
        if (text.trim() === '') continue;
        run = { left, top, text, look };
        if (!plain) end();
      }
    }
    end();
  }
  if (!cursor.hidden)
    shapes.push(
      `<rect x="${PADDING + cursor.x * CELL.width}" y="${PADDING + (cursor.y - first) * CELL.height}" width="${CELL.width}" height="${CELL.height}" fill="${FOREGROUND}" opacity="0.6"/>`,
    );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>`,
    `<g font-family="DejaVu Sans Mono, ui-monospace, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">`,
    ...shapes,
    '</g></svg>',
  ].join('\n');
}

/** Pictures one after the other, each for as many seconds as is said, over and over: a page shows it without a script. */
export function animate(frames: readonly { svg: string; seconds: number }[]): string {
  const parts = frames.map(({ svg, seconds }) => {
    const [, width = '0', height = '0', body = ''] =
      /^<svg [^>]*width="([\d.]+)" height="([\d.]+)"[^>]*>([\s\S]*)<\/svg>$/.exec(svg) ?? [];
    return { seconds, width: Number(width), height: Number(height), body };
  });
  const total = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  const [width, height] = [Math.max(...parts.map(part => part.width)), Math.max(...parts.map(part => part.height))];
  let begin = 0;
  const shown = parts.map(({ seconds, body }, at) => {
    const [from, to] = [begin, begin + seconds].map(second => Math.round((second / total) * 10_000) / 100);
    begin += seconds;
    const before = from === 0 ? '' : `0%,${(from as number) - 0.01}%{visibility:hidden}`;
    const after = to === 100 ? '' : `${(to as number) + 0.01}%,100%{visibility:hidden}`;
    return {
      rule: `@keyframes f${at}{${before}${from}%,${to}%{visibility:visible}${after}}.f${at}{animation:f${at} ${total}s steps(1) infinite}`,
      group: `<g class="f${at}">${body}</g>`,
    };
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<style>${shown.map(({ rule }) => rule).join('')}</style>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>`,
    ...shown.map(({ group }) => group),
    '</svg>',
    '',
  ].join('\n');
}
