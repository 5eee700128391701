import { escapeMarkdown, oneLine, plural } from '../base/text.ts';
import type { Style } from './style.ts';
import { displayWidth, hang, pad, wrap } from './width.ts';

/** Of the spellings of one family: how many were held, how many went through, how many proved nothing. */
export interface Tally {
  held: number;
  leaked: number;
  unproven: number;
}

/** One agent in one set-up. */
export interface ReachColumn {
  agent: string;
  version: string;
  setup: string;
  /** Why it could not be driven. */
  reason: string | null;
  families: Readonly<Record<string, Tally>>;
  /** Whether work went on. */
  works: boolean | null;
  /** What came up beside, such as why not all was tried. */
  notes: readonly string[];
}

export interface ReachTable {
  startedAt: string;
  durationMs: number;
  platform: string;
  commandLine: string;
  /** Spellings of each family. */
  ways: number;
  columns: readonly ReachColumn[];
}

/** `9/11`: held of those that came to a conclusion; with `?` where there was none; empty where there was nothing to try. */
function cell(tally: Tally | undefined): string {
  if (!tally || tally.held + tally.leaked + tally.unproven === 0) return '';
  const proven = tally.held + tally.leaked;
  return proven === 0 ? '?' : `${tally.held}/${proven}${tally.unproven > 0 ? ` (${tally.unproven}?)` : ''}`;
}

/** All families of a table, in the order in which they first come. */
function familiesOf({ columns }: ReachTable): string[] {
  return [...new Set(columns.flatMap(({ families }) => Object.keys(families)))];
}

/** Columns by agent. */
function byAgent({ columns }: ReachTable): [title: string, columns: ReachColumn[]][] {
  const groups = new Map<string, ReachColumn[]>();
  for (const column of columns) {
    const title = `${column.agent} ${column.version}`;
    groups.set(title, [...(groups.get(title) ?? []), column]);
  }
  return [...groups];
}

function totalOf(column: ReachColumn): Tally {
  const sum = { held: 0, leaked: 0, unproven: 0 };
  for (const { held, leaked, unproven } of Object.values(column.families)) {
    sum.held += held;
    sum.leaked += leaked;
    sum.unproven += unproven;
  }
  return sum;
}

const worked = ({ works }: ReachColumn) => (works === null ? '?' : works ? 'yes' : 'NO');

const EXPLAINED =
  "Held of tried: 9/11 means that two spellings of the family went through. (2?): two proved nothing. What was held was tried in two sessions with a permitted sibling, and where it is a command without the agent as well. One of the three files that are read stands in git's history, where no box hides it. Ways round a denied command are none of it: no set-up denies one, and agent-posture test tries those of yours.";

/** What stands above the table on a terminal: what the numbers are, and what the signs beside them say. */
const SENTENCE =
  'How many spellings of each family an agent refused, of those that could be judged: 9/11 means that nine were held and two went through.';
const LEGEND =
  "(2?) two more proved nothing; ? none was proven; an empty place: nothing of it was tried. What was held was tried in two sessions with a permitted sibling, and where it is a command without the agent as well. One of the three files that are read stands in git's history, where no box hides it. Ways round a denied command are none of it: no set-up denies one.";

const NEXT =
  'next: agent-posture test --agent AGENT tries yours: with your settings, which spelling goes through, and what closes it';

/** Columns of a set-up at the most, and two between them at the least. */
const WIDEST = 22;
const NARROWEST = 12;

/** The table for a terminal: one block for each agent, one line for each family; its set-ups beside each other as far as they fit. */
export function reachText(table: ReachTable, style: Style): string {
  const families = familiesOf(table);
  const names = Math.max(...families.map(displayWidth), 12) + 2;
  const facts = `${plural(table.ways, 'spelling')} of each family   ${table.platform}`;
  const lines = [
    ...hang(' ', oneLine(table.commandLine), style.width),
    ...hang(' ', facts, style.width),
    ...hang(' ', SENTENCE, style.width),
    ...hang(' ', LEGEND, style.width),
  ];
  // Where a window is too narrow for two of them, each stands for itself, and the longest names are wrapped.
  const beside = Math.max(1, Math.floor((style.width - 3 - names) / NARROWEST));
  for (const [title, columns] of byAgent(table)) {
    const open = columns.filter(({ reason }) => reason === null);
    lines.push('', ...hang(' ', oneLine(title), style.width));
    for (const { reason, setup } of columns)
      if (reason !== null) lines.push(...hang('   ', `${setup}: not driven: ${oneLine(reason)}`, style.width));
    for (const { setup, notes } of columns)
      for (const note of notes) lines.push(...hang('   ', `${setup}: ${oneLine(note)}`, style.width));
    for (let at = 0; at < open.length; at += beside) {
      if (at > 0) lines.push('');
      lines.push(...block(open.slice(at, at + beside), families, names, style));
    }
  }
  lines.push('', ...hang(' ', NEXT, style.width));
  return `${lines.join('\n')}\n`;
}

/** Some set-ups of one agent beside each other. */
function block(
  columns: readonly ReachColumn[],
  families: readonly string[],
  names: number,
  { width }: Style,
): string[] {
  const room = Math.min(WIDEST, Math.floor((width - 3 - names) / columns.length));
  if (room < NARROWEST) return columns.flatMap(column => stacked(column, families, width));
  const row = (name: string, cells: readonly string[]) =>
    `   ${pad(name, names)}${cells.map(text => pad(text, room)).join('')}`.trimEnd();
  const heads = columns.map(({ setup }) => wrap(setup, room - 2));
  const tall = Math.max(...heads.map(({ length }) => length));
  return [
    ...Array.from({ length: tall }, (_, at) =>
      row(
        '',
        heads.map(head => head[at] ?? ''),
      ),
    ),
    ...families.map(name =>
      row(
        name,
        columns.map(({ families: each }) => cell(each[name])),
      ),
    ),
    row(
      'all',
      columns.map(column => cell(totalOf(column))),
    ),
    row('work goes on', columns.map(worked)),
  ];
}

/** One set-up where there is no room for a second column of words. */
function stacked(column: ReachColumn, families: readonly string[], width: number): string[] {
  const said = (name: string, text: string) => (text === '' ? [] : hang('   ', `${name}  ${text}`, width));
  return [
    ...hang('  ', column.setup, width),
    ...families.flatMap(name => said(name, cell(column.families[name]))),
    ...said('all', cell(totalOf(column))),
    ...said('work goes on', worked(column)),
  ];
}

/** The same as a page: a summary of all agents, and a table for each. */
export function reachMarkdown(table: ReachTable): string {
  const families = familiesOf(table);
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  const head = (cells: readonly string[]) => [line(cells), line(cells.map(() => '---')).replaceAll('\\-', '-')];
  const setups = [...new Set(table.columns.map(({ setup }) => setup))];
  const of = (columns: readonly ReachColumn[], setup: string) => columns.find(column => column.setup === setup);
  const summary = byAgent(table).map(([title, columns]) =>
    line([
      title,
      ...setups.map(setup => {
        const column = of(columns, setup);
        return column === undefined ? '' : column.reason === null ? cell(totalOf(column)) : 'not driven';
      }),
    ]),
  );
  const each = byAgent(table).flatMap(([title, columns]) => {
    const open = columns.filter(({ reason }) => reason === null);
    const closed = columns.filter(({ reason }) => reason !== null);
    return [
      '',
      `## ${escapeMarkdown(title)}`,
      '',
      ...closed.flatMap(({ setup, reason }) => [
        `${escapeMarkdown(setup)}: not driven: ${escapeMarkdown(oneLine(reason ?? ''))}`,
        '',
      ]),
      ...columns.flatMap(({ setup, notes }) =>
        notes.flatMap(note => [`${escapeMarkdown(setup)}: ${escapeMarkdown(oneLine(note))}`, '']),
      ),
      ...(open.length === 0
        ? []
        : [
            ...head(['family', ...open.map(({ setup }) => setup)]),
            ...families.map(name => line([name, ...open.map(({ families: tallies }) => cell(tallies[name]))])),
            line(['work goes on', ...open.map(worked)]),
          ]),
    ];
  });
  return `${[
    '# What each agent lets through',
    '',
    `Made on ${table.startedAt.slice(0, 10)} on ${escapeMarkdown(table.platform)} by`,
    '',
    `    ${table.commandLine} --format markdown`,
    '',
    `${EXPLAINED} ${plural(table.ways, 'spelling')} of each family. The repository, its secrets and the home are made for it: no settings of the user's are in force.`,
    '',
    ...head(['agent', ...setups]),
    ...summary,
    ...each,
  ].join('\n')}\n`;
}
