import { oneLine, sanitize } from '../base/text.ts';
import { changesAnything, sameBytes } from '../generate/changes.ts';
import { formatDiff } from '../generate/diff.ts';
import { MANIFEST_PATH } from '../generate/paths.ts';
import { settledIn } from '../generate/settled.ts';
import type { Change, Plan } from '../generate/types.ts';
import { STATE_WORDS, TROUBLE } from '../report/plan-words.ts';
import { painter, type Style } from '../report/style.ts';
import { displayWidth, hang, pad } from '../report/width.ts';
import { NOTHING_TO_DO } from './words.ts';

const wordOf = ({ state }: Change) => (TROUBLE.has(state) ? STATE_WORDS[state].toUpperCase() : STATE_WORDS[state]);

/** The list of what is ours goes with the files, is committed like them, and is counted nowhere. */
const LISTED = `${MANIFEST_PATH}, the list of what is generated, is written with them.`;

/** What a plan does, one line a file; files that stay as they are only with --verbose. */
export function planLines(plan: Plan, style: Style): string[] {
  const { changes, notes, manifest } = plan;
  const shown = changes.filter(({ state }) => style.verbose || state !== 'unchanged');
  const where = ({ path }: Change) => oneLine(path);
  const widest = Math.min(Math.max(0, ...shown.map(change => displayWidth(where(change)))), style.width >> 1);
  const lines = shown.flatMap(change => {
    const word = ` ${pad(wordOf(change), 11)}`;
    const said = change.reason === wordOf(change) ? '' : oneLine(change.reason);
    const reason = change.beside
      ? `${said}; ours is ${oneLine(change.beside.path)}: compare both, then remove it`
      : said;
    // With the name of ours it needs the whole row.
    if (change.beside) return [`${word}${where(change)}`, ...hang(' '.repeat(12), reason, style.width)];
    // Words beside the column, where there is room for some.
    const beside = displayWidth(where(change)) <= widest && style.width - widest - 14 >= 18;
    return reason !== '' && beside
      ? hang(`${word}${pad(where(change), widest)}  `, reason, style.width)
      : hang(word, `${where(change)} ${reason}`, style.width);
  });
  // The files may be as they should while the list of them is not.
  const list = ` ${pad(STATE_WORDS[manifest.before ? 'update' : 'create'], 11)}${MANIFEST_PATH}  the list of what is generated`;
  const rest = changesAnything(plan) ? list : NOTHING_TO_DO;
  const listed = lines.length > 0 && !sameBytes(manifest.before, manifest.after);
  const restorable = changes.some(({ state, byHand }) => state === 'loosened' && !byHand);
  return [
    ...(lines.length > 0 ? lines : [rest]),
    ...settledIn(plan).flatMap(path =>
      hang(
        ' ',
        `${oneLine(path)} is settled as you left it: the version that lay beside it counts as taken in.`,
        style.width,
      ),
    ),
    ...(listed ? hang(' ', LISTED, style.width) : []),
    ...(restorable ? hang(' ', 'To put back what is LOOSENED: agent-posture generate --restore', style.width) : []),
    ...notes.flatMap(note => hang('', oneLine(note), style.width)),
  ];
}

/** The differences of a plan as unified diffs, safe to print, added and removed lines coloured where asked. */
export function diffText({ changes }: Plan, style: Style): string {
  const paint = painter(style);
  return changes
    .filter(({ state }) => state !== 'unchanged')
    .map(change => sanitize(formatDiff(change)))
    .filter(Boolean)
    .join('\n')
    .split('\n')
    .map(line => {
      if (line.startsWith('+++') || line.startsWith('---')) return paint('bold', line);
      if (line.startsWith('+')) return paint('green', line);
      if (line.startsWith('-')) return paint('red', line);
      return line.startsWith('@@') ? paint('cyan', line) : line;
    })
    .join('\n');
}

/** A plan for --json: what becomes of each file, and with `diff` how. */
export function planJson({ changes, notes }: Plan, diff: boolean): Record<string, unknown> {
  return {
    changes: changes.map(change => ({
      output: change.output,
      path: change.path,
      state: change.state,
      reason: change.reason,
      ...(change.line === undefined ? {} : { line: change.line }),
      ...(change.beside ? { beside: change.beside.path } : {}),
      ...(diff && change.state !== 'unchanged' ? { diff: formatDiff(change) } : {}),
    })),
    notes,
  };
}
