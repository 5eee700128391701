import { plural } from '../base/text.ts';
import { partsOf } from '../generate/parts.ts';
import type { Change, ChangeState, Plan } from '../generate/types.ts';
import { STATE_WORDS, TROUBLE } from '../report/plan-words.ts';
import { fitMiddle, fitWords, type Line, line, nameColumn, pad, span, TWO_COLUMNS, wrapText } from './lines.ts';
import type { Theme, Tone } from './theme.ts';

const TONES: Record<ChangeState, Tone> = {
  unchanged: 'quiet',
  create: 'good',
  update: 'accent',
  merge: 'accent',
  conflict: 'warn',
  loosened: 'warn',
  delete: 'bad',
  refused: 'warn',
};

/** What the plan does, without the files that stay as they are. */
export function pending(plan: Plan): Change[] {
  return plan.changes.filter(change => change.state !== 'unchanged');
}

/** One name for several files: what they share at both ends, or their folder. */
export function commonName(paths: readonly string[]): string {
  const first = paths[0] ?? '';
  if (paths.length < 2) return first;
  const folder = first.slice(0, first.lastIndexOf('/') + 1);
  if (folder !== '' && paths.every(path => path.startsWith(folder) && !path.slice(folder.length).includes('/')))
    return folder;
  let head = first.length;
  let tail = first.length;
  for (const path of paths) {
    while (!path.startsWith(first.slice(0, head))) head--;
    while (tail > 0 && !path.endsWith(first.slice(first.length - tail))) tail--;
  }
  const shortest = Math.min(...paths.map(path => path.length));
  tail = Math.min(tail, shortest - head);
  return head + tail >= 3
    ? `${first.slice(0, head)}*${tail > 0 ? first.slice(first.length - tail) : ''}`
    : `${first} and more`;
}

interface Group {
  word: string;
  tone: Tone;
  changes: Change[];
  /** What is said beside it, whatever it does. */
  says?: string;
}

/** What becomes of what was left out. */
const SKIPPED = 'left out; the next generate writes it';

const skipped = (changes: readonly Change[]): Group => ({
  word: 'skip',
  tone: 'quiet',
  changes: [...changes],
  says: SKIPPED,
});

/** Alike files together: the same output in the same state. What the reader has to look at comes first, each by itself. */
function groups(plan: Plan): { written: Group[]; left: Group[] } {
  const found = new Map<string, Group>();
  for (const change of pending(plan)) {
    const key = TROUBLE.has(change.state)
      ? `${change.state} ${change.path}`
      : `${STATE_WORDS[change.state]} ${change.output}`;
    const { [change.state]: word } = STATE_WORDS;
    const group = found.get(key) ?? { word, tone: TONES[change.state], changes: [] };
    group.changes.push(change);
    found.set(key, group);
  }
  const trouble = ({ changes: [first] }: Group) => Number(first !== undefined && TROUBLE.has(first.state));
  const written = [...found.values()].sort((a, b) => trouble(b) - trouble(a));
  const left = partsOf({ changes: plan.skipped ?? [] }).map(({ changes }) => skipped(changes));
  return { written, left };
}

/** Fewer cells than these beside the names say nothing: it is read in the plan as a whole. */
const SAID = 8;

export type TitleOf = (output: string) => string | undefined;

/** What is said beside a group. */
function saidOf({ changes, says }: Group, titleOf: TitleOf): string {
  const reasons = [...new Set(changes.map(change => change.reason))];
  const said = reasons.length === 1 && reasons[0] !== 'new' ? (reasons[0] as string) : '';
  return says ?? (said || (titleOf(changes[0]?.output ?? '') ?? ''));
}

/** The plan with every file and all that is said of it, on as many lines as it takes. */
export function wholePlanLines(plan: Plan, width: number, titleOf: TitleOf): Line[] {
  const { written, left } = groups(plan);
  const all = [...written, ...left];
  const words = Math.max(6, ...all.map(({ word }) => word.length));
  return all.flatMap(group => {
    const paths = group.changes.flatMap(({ path }) => wrapText(path, width - words - 5));
    const said = saidOf(group, titleOf);
    return [
      ...paths.map((path, index) =>
        line('   ', span(pad(index === 0 ? group.word : '', words), group.tone), `  ${path}`),
      ),
      ...(said === '' ? [] : wrapText(said, width - words - 7)).map(text =>
        line(span(`${' '.repeat(words + 7)}${text}`, 'quiet')),
      ),
    ];
  });
}

/**
 * The plan in at most `most` lines, with what each part of it does, or what becomes of the user's own; what does not fit
 * is counted in the last one. What the user left out is not among that: it is looked for here, as one where it would take
 * more than half of the lines.
 */
export function planLines(plan: Plan, width: number, { glyphs }: Theme, titleOf: TitleOf, most = 5): Line[] {
  const { written, left: apart } = groups(plan);
  const folds = written.length + apart.length > most;
  const left = folds && apart.length > most / 2 ? [skipped(apart.flatMap(({ changes }) => changes))] : apart;
  const room = folds ? most - 1 - left.length : written.length;
  const shown = [...written.slice(0, room), ...left];
  const hidden = written.slice(room).map(group => group.changes);
  const rest = hidden.flat();
  const names = shown.map(({ changes }) => {
    const name = commonName(changes.map(change => change.path));
    return changes.length > 1 ? `${name}  (${changes.length} files)` : name;
  });
  const column = nameColumn(
    [...names, '10 more files'],
    width,
    width < TWO_COLUMNS ? width - 12 : Math.floor(width * 0.45),
  );
  const words = Math.max(6, ...shown.map(group => group.word.length));
  const wide = width - column - words - 8;
  const beside = (text: string) =>
    span(text && wide >= SAID ? `   ${fitWords(text, wide, glyphs.ellipsis)}` : '', 'quiet');
  const lines = shown.map((group, index) => {
    return line(
      '   ',
      span(pad(group.word, words), group.tone),
      `  ${pad(fitMiddle(names[index] as string, column, glyphs.ellipsis), column)}`,
      beside(saidOf(group, titleOf)),
    );
  });
  if (rest.length === 0) return lines;
  const files = hidden.map(changes => commonName(changes.map(change => change.path))).join(', ');
  return [
    ...lines,
    line('   ', span(pad('and', words), 'quiet'), `  ${pad(plural(rest.length, 'more file'), column)}`, beside(files)),
  ];
}
