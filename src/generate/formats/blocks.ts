import { FormatProblem } from './types.ts';
import { lineEnding } from './values.ts';

/** The marker comments round our lines in a shared file. */
export function marker(which: 'BEGIN' | 'END', output: string, comment: string): string {
  return `${comment} ${which} agent-posture ${output}${comment === '<!--' ? ' -->' : ''}`;
}

const MARKER =
  /^\s*(?:(?:#|\/\/|;)\s*(BEGIN|END) agent-posture (\S+)|<!--\s*(BEGIN|END) agent-posture (\S+)\s*-->)\s*$/;

/** Whether a line would be read as a marker. */
export function isMarker(line: string): boolean {
  return MARKER.test(line);
}

export interface Block {
  output: string;
  /** Offsets of the first character of the begin marker and after the line break of the end marker. */
  from: number;
  to: number;
  /** Line of the begin marker. */
  line: number;
  /** What stands between, without line breaks. */
  lines: string[];
}

/**
 * The blocks of a text. Throws FormatProblem with the line where a marker is without its other half, stands twice, or
 * blocks reach into each other: what is ours is then not certain, and nothing is guessed.
 */
export function findBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { output: string; from: number; line: number; lines: string[] } | undefined;
  let offset = 0;
  for (const [index, whole] of text.split('\n').entries()) {
    const end = Math.min(offset + whole.length + 1, text.length);
    const content = whole.replace(/\r$/, '').replace(/^\ufeff/, '');
    const line = index + 1;
    const [, plainWhich, plainOutput, which = plainWhich, output = plainOutput] = MARKER.exec(content) ?? [];
    const fail = (message: string, at = line): never => {
      throw new FormatProblem(message, at, 1);
    };
    if (which === 'BEGIN' && output) {
      if (open) fail(`the block ${open.output} begun here has no end before ${output} begins`, open.line);
      if (blocks.some(block => block.output === output)) fail(`the block ${output} stands here a second time`);
      const bom = whole.startsWith('\ufeff') ? 1 : 0;
      open = { output, from: offset + bom, line, lines: [] };
    } else if (which === 'END' && output) {
      if (!open) return fail(`the end of the block ${output} has no beginning`);
      if (open.output !== output) fail(`the end of the block ${output} stands in the block ${open.output}`);
      blocks.push({ ...open, to: end });
      open = undefined;
    } else open?.lines.push(content);
    offset = end;
  }
  if (open) throw new FormatProblem(`the block ${open.output} begun here has no end`, open.line, 1);
  return blocks;
}

function blockText(output: string, comment: string, lines: readonly string[], eol: string): string {
  return [marker('BEGIN', output, comment), ...lines, marker('END', output, comment), ''].join(eol);
}

/**
 * What a script may do before our call without keeping it from being reached: say what runs it, set the usual options,
 * and, with a husky before version 9, start itself once more.
 */
const HEAD_LINE =
  /^(?:set(?: [-+][aefuxvCE]+(?:o (?:pipefail|errexit|nounset))?| -o (?:pipefail|errexit|nounset))+|\. "\$\(dirname (?:-- )?"?\$0"?\)\/_\/husky\.sh")\s*$/;

/** Offset behind the head of a script: where a call stands that nothing of the script can keep from being reached. */
function headEnd(text: string): number {
  let end = text.startsWith('\ufeff') ? 1 : 0;
  let offset = end;
  for (const [index, whole] of text.slice(end).split('\n').entries()) {
    offset = Math.min(offset + whole.length + 1, text.length);
    const line = whole.replace(/\r$/, '');
    if ((index === 0 && line.startsWith('#!')) || HEAD_LINE.test(line)) end = offset;
    else if (line.trim() !== '' && !line.startsWith('#')) break;
  }
  return end;
}

/** Whether nothing that a script does before this block can keep its lines from being reached. */
export function comesFirst(text: string, output: string): boolean {
  const block = findBlocks(text).find(found => found.output === output);
  if (!block) return false;
  const before = text.slice(0, block.from);
  return before.slice(headEnd(before)).split('\n').every(isQuiet);
}

function isQuiet(line: string): boolean {
  return line.trim() === '' || line.startsWith('#');
}

/**
 * The text with the block's lines replaced, or with a new block: at its end, or with `first` at the beginning of a
 * script, where a block that stands further down goes too. Every other byte stays.
 */
export function putBlock(
  text: string,
  output: string,
  comment: string,
  lines: readonly string[],
  first = false,
): { text: string; glue: boolean } {
  const eol = lineEnding(text);
  const put = blockText(output, comment, lines, eol);
  const block = findBlocks(text).find(found => found.output === output);
  if (first && !(block && comesFirst(text, output))) {
    const rest = block ? text.slice(0, block.from) + text.slice(block.to) : text;
    const at = headEnd(rest);
    const open = at > 1 && rest[at - 1] !== '\n';
    return { text: rest.slice(0, at) + (open ? eol : '') + put + rest.slice(at), glue: open };
  }
  if (block) {
    const open = text[block.to - 1] !== '\n';
    return {
      text: text.slice(0, block.from) + (open ? put.slice(0, -eol.length) : put) + text.slice(block.to),
      glue: false,
    };
  }
  const glue = text !== '' && text !== '\ufeff' && !text.endsWith('\n');
  return { text: text + (glue ? eol : '') + put, glue };
}

/** The text without the block, and without the line break that we put before it. */
export function takeBlock(text: string, output: string, glue: boolean): string {
  const block = findBlocks(text).find(found => found.output === output);
  if (!block) return text;
  const before = text.slice(0, block.from);
  const rest = text.slice(block.to);
  return (glue && rest === '' ? before.replace(/\r?\n$/, '') : before) + rest;
}
