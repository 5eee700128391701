import { shortHash } from '../base/approvals.ts';
import { list, oneLine, plural } from '../base/text.ts';
import { fallen } from '../selftest/baseline.ts';
import {
  GROUPS,
  type Group,
  LOOSENED,
  type Report,
  type Row,
  SEVERITIES,
  type Severity,
  type Verdict,
} from '../selftest/types.ts';

/**
 * What the reader sees as one thing: all rows of one target from one place. It is reached when any of them is, and held
 * only when all of them are; ways round that had nothing to be tried on do not count.
 */
export interface Thing {
  vantage: string;
  attempt: Row['attempt'];
  target: string;
  expect: Row['expect'];
  state: 'reached' | 'held' | 'too tight' | 'works' | 'not proven' | 'not tried' | 'accepted';
  group: Group;
  severity: Severity;
  isNew: boolean;
  /** The rows that make the state, the literal one first. */
  rows: Row[];
  /** Tries of it that came to a conclusion, whatever that was. */
  proven: number;
}

/** The rows of a report as things, in the order in which they are printed. */
export function things({ rows }: { rows: readonly Row[] }): Thing[] {
  return thingsOf(rows).sort(byConsequence);
}

/** Rows as things, in the order in which the first row of each came. */
export function thingsOf(rows: readonly Row[]): Thing[] {
  const byTarget = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.vantage, row.attempt, row.target, row.expect]);
    const others = byTarget.get(key);
    if (others) others.push(row);
    else byTarget.set(key, [row]);
  }
  return [...byTarget.values()].map(toThing);
}

function toThing(all: Row[]): Thing {
  const has = (verdict: Verdict) => all.some(row => row.verdict === verdict && !row.accepted);
  const state: Thing['state'] = has('exposed')
    ? 'reached'
    : has('broken')
      ? 'too tight'
      : all.some(row => row.accepted && ['exposed', 'broken'].includes(row.verdict))
        ? 'accepted'
        : has('inconclusive')
          ? 'not proven'
          : has('blocked')
            ? 'held'
            : has('works')
              ? 'works'
              : 'not tried';
  const verdicts = VERDICTS[state];
  const rows = all
    .filter(row => verdicts.includes(row.verdict) && (state === 'accepted') === (row.accepted !== undefined))
    .sort((a, b) => Number(a.escape !== null) - Number(b.escape !== null));
  const shown = rows.length > 0 ? rows : all;
  const [first] = shown as [Row];
  return {
    vantage: first.vantage,
    attempt: first.attempt,
    target: first.target,
    expect: first.expect,
    state,
    group: state === 'too tight' ? 'too-tight' : first.group,
    severity: worst(shown),
    isNew: shown.some(row => row.change?.isNew),
    rows: shown,
    proven: all.filter(({ verdict }) => PROVEN.has(verdict)).length,
  };
}

const PROVEN: ReadonlySet<Verdict> = new Set(['exposed', 'blocked', 'works', 'broken']);

const VERDICTS: Record<Thing['state'], readonly Verdict[]> = {
  reached: ['exposed'],
  'too tight': ['broken'],
  accepted: ['exposed', 'broken'],
  'not proven': ['inconclusive'],
  held: ['blocked'],
  works: ['works'],
  'not tried': ['skipped'],
};

function worst(rows: readonly Row[]): Severity {
  return SEVERITIES.find(severity => rows.some(row => row.severity === severity)) ?? 'low';
}

function byConsequence(a: Thing, b: Thing): number {
  return (
    GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) ||
    Number(b.isNew) - Number(a.isNew) ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    a.vantage.localeCompare(b.vantage) ||
    (a.target < b.target ? -1 : a.target > b.target ? 1 : 0)
  );
}

/** Things that are told in one line, because the same happened to them and the same closes them. */
export interface Line {
  things: Thing[];
  /** What happened, in the reader's words. */
  what: string;
  /** Number of the fix that closes them, or undefined. */
  fix: number | undefined;
}

/** Collapses alike things: the same group, place, kind, wording, fix and newness. Order is kept. */
export function collapse(list: readonly Thing[], report: Report): Line[] {
  const lines = new Map<string, Line>();
  for (const thing of list) {
    const what = happened(thing);
    const fix = report.fixes.find(({ closes }) => thing.rows.some(row => closes.includes(row.id)))?.n;
    const key = JSON.stringify([thing.group, thing.vantage, thing.attempt, what, fix, thing.isNew]);
    const line = lines.get(key);
    if (line) line.things.push(thing);
    else lines.set(key, { things: [thing], what, fix });
  }
  return [...lines.values()];
}

/** What the first row says happened, and by how many ways round beside. */
export function happened(thing: Pick<Thing, 'rows'> & Partial<Pick<Thing, 'proven'>>): string {
  const [first, ...others] = thing.rows as [Row, ...Row[]];
  if (first.spelling !== undefined && first.verdict === 'exposed' && first.expect === 'deny') return leaked(thing);
  const opens = first.opens && !first.reason.includes(first.opens) ? first.opens : '';
  // That a file was opened goes without saying beside what it opens.
  const what = opens && first.reason === 'opened' ? opens : [first.reason, opens].filter(Boolean).join(', ');
  const way = wayRound(first.escape);
  return `${what}${way ? ` (way round: ${way})` : ''}${first.escape === null && others.length > 0 ? `, and ${others.length} more ways` : ''}`;
}

/** What an agent let through: of how many spellings of it, and some of those. */
function leaked({ rows, proven }: Parameters<typeof happened>[0]): string {
  const [first] = rows as [Row, ...Row[]];
  const rule = first.rule === undefined ? undefined : oneLine(first.rule);
  if (first.escape === null)
    return rule === undefined ? `${first.reason}: no rule refuses it` : `${first.reason} in spite of ${rule}`;
  // Of one row by itself, the call says it.
  if (proven === undefined)
    return `${first.reason}${rule === undefined ? '' : ` in spite of ${rule}`}: ${oneLine(first.spelling ?? '')}`;
  const ways = rows.flatMap(({ escape: way, attempt }) => spellingName(way, attempt) ?? []);
  const held = `held ${proven - rows.length} of ${proven} spellings`;
  return `${rule === undefined ? held : `${rule} ${held}`}; not ${named(ways)}`;
}

/** `read-grep-folder` is `grep-folder` beside a read. */
function spellingName(way: Row['escape'], attempt: Row['attempt']): string | undefined {
  if (way === null) return undefined;
  const kind = attempt === 'connect' ? 'fetch' : attempt;
  return way.startsWith(`${kind}-`) ? way.slice(kind.length + 1) : way;
}

/** The way round to be named beside the reason: of the history, and of what was loosened, the reason speaks itself. */
export function wayRound(way: Row['escape']): string | undefined {
  return way === null || way === 'history' || way === LOOSENED ? undefined : way;
}

/** Where all was tried from no box there is none to get out of. */
export function headingOf(group: Group, { vantages }: Pick<Report, 'vantages'>): string {
  const boxed = vantages.some(({ judged, kind }) => judged && kind === 'sandbox');
  return group === 'way-out' && !boxed ? 'A WAY TO OTHER PROGRAMS' : HEADINGS[group];
}

const HEADINGS: Record<Group, string> = {
  production: 'PRODUCTION',
  guard: 'ITS OWN GUARD',
  'way-out': 'A WAY OUT OF THE BOX',
  secrets: 'OTHER SECRETS',
  outside: 'OUTSIDE NETWORK',
  'too-tight': 'TOO TIGHT',
};

export interface Counts {
  reached: number;
  production: number;
  isNew: number;
  held: number;
  works: number;
  tooTight: number;
  notProven: number;
  notTried: number;
  accepted: number;
  /** Declared systems to be kept out, not tried because their approval is missing. */
  unapproved: number;
  /** Things that must be kept out and that a try came to a conclusion about: reached or held. */
  tries: number;
}

/** The numbers of the head and the foot of a report: of things, not of rows. */
export function count(list: readonly Thing[]): Counts {
  const of = (state: Thing['state']) => list.filter(thing => thing.state === state).length;
  const reached = list.filter(thing => thing.state === 'reached');
  const held = of('held');
  return {
    reached: reached.length,
    production: reached.filter(thing => thing.group === 'production').length,
    isNew: reached.filter(thing => thing.isNew).length,
    held,
    works: of('works'),
    tooTight: of('too tight'),
    notProven: of('not proven'),
    notTried: of('not tried'),
    accepted: of('accepted'),
    unapproved: unapprovedThings(list).filter(
      ({ expect, attempt }) => expect === 'deny' && attempt !== 'request' && attempt !== 'push',
    ).length,
    tries: reached.length + held,
  };
}

/** What stands at the foot of a report: the count that each word names. With what the headline says was reached, it is all. */
export const FOOT: readonly [word: string, of: keyof Counts][] = [
  ['Held', 'held'],
  ['Works', 'works'],
  ['Too tight', 'tooTight'],
  ['Not proven', 'notProven'],
  ['Not tried', 'notTried'],
  ['Accepted', 'accepted'],
];

/** Rows by how they came out, in the order in which they are said. One that was accepted is that alone. */
const ROW_BY_ROW = ['exposed', 'broken', 'blocked', 'works', 'inconclusive', 'skipped'] as const;

/**
 * Where several tries make one thing, how each of them came out: every row once, so that the numbers add up to what --json and
 * --verbose have. Undefined where the counts of things say as much.
 */
export function rowByRow({ rows }: Pick<Report, 'rows'>, list: readonly Thing[]): string | undefined {
  // Several rows of what was not tried are of no interest where nothing else differs.
  const tried = rows.filter(({ verdict }) => verdict !== 'skipped').length;
  if (tried === list.filter(({ state }) => state !== 'not tried').length) return undefined;
  const taken = rows.filter(({ accepted }) => accepted);
  const said = ROW_BY_ROW.flatMap(verdict => {
    const many = rows.filter(row => row.verdict === verdict && !row.accepted).length;
    return many === 0 ? [] : [`${many} ${VERDICT_WORDS[verdict]}`];
  });
  const accepted = taken.length > 0 ? [`${taken.length} accepted`] : [];
  return `Row by row: ${[...said, ...accepted].join(', ')}; ${rows.length} in all`;
}

/** How many of those that were not tried are with `--deep`, by what their reasons say. */
export function deepLine(list: readonly Thing[]): string | undefined {
  const many = list.filter(
    ({ state, rows }) => state === 'not tried' && / with --deep$/.test(rows[0]?.reason ?? ''),
  ).length;
  return many === 0 ? undefined : `${many} of what was not tried ${many === 1 ? 'is' : 'are'} with --deep`;
}

/** Agents that were asked for and could not be driven: nothing that the rest of the report says is about them. */
export function goneAgents({ vantages }: Pick<Report, 'vantages'>): string[] {
  const gone = vantages.filter(({ kind, judged, available }) => kind === 'agent' && judged && !available);
  return [...new Set(gone.map(({ title, id }) => title || id))];
}

/** The sentence that a report begins with. What was asked for and not tried goes first. */
export function headline(counts: Counts, report: Pick<Report, 'vantages'>): string {
  const gone = goneAgents(report);
  const said = gone.length > 0 ? [`NOT TRIED: ${list(gone)}.`] : [];
  if (counts.reached > 0) {
    said.push(`REACHED ${plural(counts.reached, 'thing')}.`);
    if (counts.production > 0)
      said.push(`${counts.production} ${counts.production === 1 ? 'opens' : 'open'} production.`);
  } else {
    said.push(counts.tries === 0 ? 'NOTHING PROVEN.' : `NOTHING REACHED in ${plural(counts.tries, 'try', 'tries')}.`);
    if (counts.notProven > 0) said.push(`${counts.notProven} not proven.`);
  }
  if (counts.unapproved > 0) said.push(`${plural(counts.unapproved, 'declared system')} not tried.`);
  return said.join(' ');
}

function unapprovedThings(list: readonly Thing[]): Thing[] {
  return list.filter(({ state, rows }) => state === 'not tried' && rows.some(row => row.unapproved !== undefined));
}

function grouped<T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

/** Names that a line says before it counts the rest. */
const NAMED = 3;

/** The first few of `targets`, and how many more there are. */
export function named(targets: readonly string[]): string {
  const all = [...new Set(targets)];
  const rest = all.length - NAMED;
  return all.slice(0, NAMED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** What the posture declares and nobody approved, one line for each approval: what was not tried, and how it would be. */
export function unapprovedLines(list: readonly Thing[]): string[] {
  const missing = grouped(unapprovedThings(list), ({ rows }) => rows.find(row => row.unapproved)?.unapproved ?? '');
  return [...missing].map(
    ([hash, things]) =>
      `not tried: ${named(things.map(({ target }) => target))}, not approved; agent-posture test --trust=${shortHash(hash)} or answer on a terminal`,
  );
}

/** Reasons that are said of what could not be proven, where something was reached that matters more. */
const REASONS = 4;

/** Something that was tried and not proven, as it is named beside its reason. */
interface Unproven {
  name: string;
  reason: string;
  group: Group;
}

/** Things that are not proven, and single ways round of those that are reached or accepted all the same. */
function unprovenOf({ rows }: Pick<Report, 'rows'>, list: readonly Thing[]): Unproven[] {
  const known = new Set(fallen(rows).map(({ target }) => target));
  const open = list.filter(({ state }) => state === 'not proven');
  const told = new Set(open.flatMap(thing => thing.rows));
  const single = rows.filter(row => row.verdict === 'inconclusive' && !told.has(row));
  return [
    ...open.flatMap(({ target, rows: [first], group }) =>
      known.has(target) ? [] : [{ name: target, reason: first?.reason ?? '', group }],
    ),
    ...single.map(({ target, escape: way, attempt, reason, group }) => {
      const by = spellingName(way, attempt);
      return { name: by === undefined ? target : `${target} by ${by}`, reason, group };
    }),
  ];
}

/**
 * What nothing could be proven of, one line for each reason: all of them of the declared systems, and where nothing was
 * reached; else the first few of the rest. What was held before has a line of its own.
 */
export function unprovenLines(report: Report): string[] {
  const list = things(report);
  const reached = list.some(({ state }) => state === 'reached');
  const reasons = [...grouped(unprovenOf(report, list), ({ reason }) => reason)];
  const kept = reasons.filter(
    ([, lost], at) => !reached || at < REASONS || lost.some(({ group }) => group === 'production'),
  );
  const rest = reasons.filter(one => !kept.includes(one)).reduce((sum, [, lost]) => sum + lost.length, 0);
  return [
    ...kept.map(([reason, lost]) => `not proven: ${named(lost.map(({ name }) => name))} (${reason})`),
    ...(rest > 0 ? [`not proven: ${rest} more: --verbose names them`] : []),
  ];
}

/** Places that did not answer, one line for each; `which`: only agents, which stand under the headline, or only the rest. */
export function goneLines(
  { vantages }: Pick<Report, 'vantages'>,
  which: 'all' | 'agents' | 'places' = 'all',
): string[] {
  return vantages
    .filter(({ available, kind }) => !available && (which === 'all' || (kind === 'agent') === (which === 'agents')))
    .map(({ id, title, reason }) => `${title || id} could not be tried: ${reason ?? 'it did not answer'}`);
}

/** What was held before and is not proven now, one line for each reason. */
export function fallenLines({ rows }: Report): string[] {
  return [...grouped(fallen(rows), ({ reason }) => reason)].map(
    ([reason, lost]) => `held before, not proven now: ${named(lost.map(({ target }) => target))} (${reason})`,
  );
}

/**
 * `agent-posture run -- claude`: how an agent is started in the declared box that was tried; undefined where none was. With a
 * word in the place of the agent's program where none was found here.
 */
export function startCommand({ subject, vantages }: Report): string | undefined {
  const boxed = vantages.some(({ id, available }) => id === 'sandbox' && available);
  return boxed ? `agent-posture run -- ${subject.command ?? 'YOUR-AGENT'}` : undefined;
}

/** The box that was tried holds nobody who is not in it. */
export const OUTSIDE = 'started without it, none of this holds: agent-posture test --vantage host';

/** From where it was tried, and what was not: the title's second half. */
export function title(report: Report): string {
  const places = report.vantages.filter(vantage => vantage.judged).map(vantage => vantage.title);
  return places.join(', ') || 'nothing could be tried';
}

/** `Claude Code's rules: not tried`, or undefined where they were; of several agents all are named. */
export function untriedRules({ subject }: Report): string | undefined {
  const { agent, others = [], driven } = subject;
  const untried = agent && !driven ? [agent, ...others] : [...others];
  const [first] = untried;
  if (first === undefined) return undefined;
  return untried.length === 1 ? `${first}'s rules: not tried` : `the rules of ${list(untried)}: not tried`;
}

/** The reason that most of the not proven things share, when it is short enough to stand beside their count. */
export function commonReason(list: readonly Thing[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { state, rows } of list)
    if (state === 'not proven' && rows[0]) counts.set(rows[0].reason, (counts.get(rows[0].reason) ?? 0) + 1);
  const [reason] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  return reason;
}

/** The verdicts in the words of the screen. */
export const VERDICT_WORDS: Record<Row['verdict'], string> = {
  exposed: 'reached',
  blocked: 'held',
  works: 'works',
  broken: 'too tight',
  inconclusive: 'not proven',
  skipped: 'not tried',
};

/** The very call by which an agent was got round, to stand behind what happened. */
export function callOf({ spelling, verdict, expect }: Pick<Row, 'spelling' | 'verdict' | 'expect'>): string {
  return spelling !== undefined && verdict === 'exposed' && expect === 'deny' ? `: ${spelling}` : '';
}

/** What a row says beside its verdict: what happened, by which call of an agent, what held it, until when it is accepted. */
export function detail(row: Row): string {
  const by = row.layer ? `, held by ${row.layer}` : '';
  const until = row.accepted ? `, accepted until ${row.accepted.until}: ${row.accepted.reason}` : '';
  return oneLine(`${row.reason}${callOf(row)}${by}${until}`);
}
