import { AT_ONCE, driverOf, longestFirst } from '../../agents/drivers.ts';
import { escapes } from '../../agents/escapes/index.ts';
import { agents } from '../../agents/index.ts';
import { someAtOnce } from '../../base/all.ts';
import { EXIT, Interrupted, UserError } from '../../base/errors.ts';
import { didYouMean } from '../../base/suggest.ts';
import { list, oneLine, plural } from '../../base/text.ts';
import { discover } from '../../discover/index.ts';
import { type ReachColumn, type ReachTable, reachMarkdown, reachText, type Tally } from '../../report/reach.ts';
import { NOT_ALL, whyNot } from '../../selftest/drive/vantage.ts';
import type { Row, SelftestEvent, VantageReport } from '../../selftest/types.ts';
import type { Command, Context } from '../command.ts';
import { driveInLab, SETUPS, setupsOf } from '../reach-lab.ts';

/** More of a family than any has. */
const ALL = 1_000;

/** `reach`: drives each agent as installed and as we set it up, and says what of each family of ways round was held. */
export const command: Command = async context => {
  const { root, home, flags, terminal, signal } = context;
  const { env } = terminal.streams;
  const facts = await discover(root, { home, env, defaultBranch: false });
  const wanted = chosen(flags.values('agent'));
  const found = facts.agents.filter(
    ({ id, binary }) => binary && driverOf(id) && (wanted.length === 0 || wanted.includes(id)),
  );
  const missing = wanted.filter(id => !found.some(agent => agent.id === id)).map(missingColumn);
  if (found.length === 0)
    throw new UserError({
      what:
        missing.length > 0
          ? missing.map(({ agent, reason }) => `${agent}: ${reason}`).join(', ')
          : 'no agent that can be driven is installed here',
      next: 'agent-posture doctor',
    });
  const started = new Date();
  const ways = flags.is('deep') ? ALL : 1;
  const all = found
    .flatMap(agent => setupsOf(agent.id).map(setup => ({ agent, setup })))
    .map((each, at) => ({ ...each, at }));
  const columns = new Map<number, ReachColumn>();
  let begun = 0;
  const drive = async ({ agent, setup, at }: (typeof all)[number]) => {
    const { title } = SETUPS[setup];
    const place = `[${++begun} of ${all.length}]`;
    terminal.note(`${place} ${oneLine(agent.title)}, ${title}`);
    const onEvent = everyQuarter(text => terminal.note(`${place} ${text}`));
    const { vantage, rows, notes } = await driveInLab(agent, setup, { home, env, ways, signal, onEvent }).catch(failed);
    columns.set(at, {
      agent: agent.title,
      version: agent.version ?? '',
      setup: title,
      reason: vantage.available ? null : (vantage.reason ?? 'it did not answer'),
      families: familiesOf(rows),
      works: worksIn(rows),
      notes: [...notesOf(notes, vantage.title), ...whyOf(rows)],
    });
  };
  const order = longestFirst(all, ({ agent }) => agent.id);
  await someAtOnce(order, AT_ONCE, drive, signal);
  if (signal.aborted) throw new Interrupted();
  const table: ReachTable = {
    startedAt: started.toISOString(),
    durationMs: Date.now() - started.getTime(),
    platform: `${process.platform} ${process.arch}`,
    commandLine: commandLine(context),
    ways,
    columns: [...all.flatMap(({ at }) => columns.get(at) ?? []), ...missing],
  };
  return {
    exitCode: exitOf(table.columns),
    json: { ...table },
    text: style => reachText(table, style),
    formats: { markdown: async () => reachMarkdown(table) },
  };
};

/** One that was asked for and is not there is no table without it. */
function missingColumn(id: string): ReachColumn {
  return {
    agent: agents.find(agent => agent.id === id)?.title ?? id,
    version: '',
    setup: SETUPS.default.title,
    reason: driverOf(id) ? 'it is not installed here' : 'no driver of it is known to this version',
    families: {},
    works: null,
    notes: [],
  };
}

/** Whether all that was asked for was tried: a column that broke off half way is no column of what holds. */
export function exitOf(columns: readonly Pick<ReachColumn, 'reason' | 'notes'>[]): number {
  const isWhole = columns.every(
    ({ reason, notes }) => reason === null && !notes.some(note => note.startsWith(NOT_ALL)),
  );
  return isWhole ? EXIT.ok : EXIT.inconclusive;
}

/** Of its notes those that begin with its title, which stands above them already: the others are of how the lab was laid. */
function notesOf(notes: readonly string[], title: string): string[] {
  return notes.flatMap(note => (note.startsWith(title) ? [note.slice(title.length).replace(/^[: ]+/, '')] : []));
}

/** Why work did not go on, and where most of it proved nothing what is most often said of that. */
export function whyOf(rows: readonly Row[]): string[] {
  const broken = rows.filter(({ verdict }) => verdict === 'broken').map(({ reason }) => reason);
  const tried = rows.filter(({ verdict, expect }) => expect === 'deny' && verdict !== 'skipped');
  const unproven = tried.filter(({ verdict }) => verdict === 'inconclusive');
  const times = new Map<string, number>();
  for (const { reason } of unproven) times.set(reason, (times.get(reason) ?? 0) + 1);
  const [most] = [...times].sort(([, a], [, b]) => b - a);
  return [
    ...[...new Set(broken)].map(said => `work does not go on: ${said}`),
    ...(most && unproven.length * 2 > tried.length ? [`not proven, ${most[1]} of ${unproven.length}: ${most[0]}`] : []),
  ];
}

/** What the system refuses for one column (a full disk) leaves the others as they are. */
function failed(error: unknown): {
  vantage: Pick<VantageReport, 'available' | 'reason' | 'title'>;
  rows: Row[];
  notes: string[];
} {
  return { vantage: { title: '', available: false, reason: whyNot(error) }, rows: [], notes: [] };
}

/** Says how far an agent has come, a few times on the way: one column takes a minute and more. */
export function everyQuarter(say: (text: string) => void): (event: SelftestEvent) => void {
  let said = 0;
  return event => {
    if (event.type !== 'drive' || event.doing === 'hooks' || event.doing === 'controls' || event.of === 0) return;
    const quarter = Math.floor((event.done / event.of) * 4);
    if (event.done === 0) said = 0;
    if (quarter <= said) return;
    said = quarter;
    say(`${event.doing === 'again' ? 'what it refused once more, ' : ''}${event.done} of ${plural(event.of, 'call')}`);
  };
}

function chosen(given: readonly string[]): string[] {
  const known: string[] = agents.map(({ id }) => id);
  for (const id of given)
    if (!known.includes(id) && id !== 'all')
      throw new UserError({ what: `unknown agent "${id}"${didYouMean(id, known)}; there are ${list(known)}` });
  return given.includes('all') ? [] : [...new Set(given)];
}

function commandLine({ flags }: Context): string {
  const words = flags.values('agent').flatMap(id => ['--agent', id]);
  return ['agent-posture reach', ...words, ...(flags.is('deep') ? ['--deep'] : [])].join(' ');
}

const FAMILY = new Map(escapes.map(({ id, of, family }) => [id, `${of}: ${family}`]));
const PLAIN: Partial<Record<Row['attempt'], string>> = { read: 'read', write: 'write', push: 'push', connect: 'fetch' };

/** Rows by the family of their way round; the plain ones are a family of their own. */
function familiesOf(rows: readonly Row[]): Record<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const { verdict, expect, escape: way, attempt } of rows) {
    const kind = PLAIN[attempt];
    const family = way === null ? kind && `${kind}: plainly` : FAMILY.get(way);
    if (family === undefined || expect !== 'deny' || verdict === 'skipped') continue;
    const tally = tallies.get(family) ?? { held: 0, leaked: 0, unproven: 0 };
    tally[verdict === 'blocked' ? 'held' : verdict === 'exposed' ? 'leaked' : 'unproven']++;
    tallies.set(family, tally);
  }
  return Object.fromEntries(tallies);
}

function worksIn(rows: readonly Row[]): boolean | null {
  const work = rows.filter(({ expect }) => expect === 'allow');
  if (work.some(({ verdict }) => verdict === 'broken')) return false;
  return work.some(({ verdict }) => verdict === 'works') ? true : null;
}
