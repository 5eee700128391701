import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { readBounded, writeAtomic } from '../base/files.ts';
import { sha256 } from '../base/hash.ts';
import { ensurePrivate, stateFolder } from '../base/state.ts';
import { shellQuote } from '../base/text.ts';
import type { Row, VantageReport, Verdict } from './types.ts';

/** What was found before: verdicts by vantage (a `--via` by its command, an agent with its version) and probe. */
export interface Baseline {
  version: 1;
  takenAt: string;
  vantages: Record<string, Record<string, Verdict>>;
}

const LIMIT = 20_000_000;
const VERDICTS: ReadonlySet<string> = new Set(['exposed', 'blocked', 'works', 'broken', 'inconclusive', 'skipped']);

/** By what a vantage is known across runs: `via:2` may be another command tomorrow. */
export function vantageKey({
  id,
  title,
  agent,
  command,
  judged,
}: Pick<VantageReport, 'id' | 'title' | 'agent' | 'command' | 'judged'>): string {
  // What is seen on the host beside a box, such as an agent outside it, is no try of the host.
  if (!judged) return `${id} as control`;
  // By its hash: a command may hold a secret, and the file stays.
  if (id.startsWith('via:')) return `via ${command ?? sha256(title)}`;
  return agent ? `${id} ${agent.version}` : id;
}

/**
 * What was kept of a vantage. Of an agent in a version that is new here, what was kept of its last one: an update that lets
 * through what the one before held is what one looks for.
 */
function keptOf(
  vantage: Parameters<typeof vantageKey>[0],
  baseline: Baseline | undefined,
): Record<string, Verdict> | undefined {
  const own = baseline?.vantages[vantageKey(vantage)];
  if (own || !baseline || !vantage.agent) return own;
  const others = Object.keys(baseline.vantages).filter(key => key.startsWith(`${vantage.id} `));
  return baseline.vantages[others.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? ''];
}

/** The versions of agents from which the verdicts that are compared with come, where they are other ones, as notes. */
export function updatedNotes(vantages: readonly VantageReport[], baseline: Baseline | undefined): string[] {
  return vantages.flatMap(vantage => {
    const { agent, id, title } = vantage;
    if (!agent || !baseline || baseline.vantages[vantageKey(vantage)] || !keptOf(vantage, baseline)) return [];
    const versions = Object.keys(baseline.vantages).flatMap(key =>
      key.startsWith(`${id} `) ? [key.slice(id.length + 1)] : [],
    );
    return [
      `${title}: compared with what version ${versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)} did`,
    ];
  });
}

const probeKey = (row: Pick<Row, 'id' | 'vantage'>) => row.id.slice(row.vantage.length + 1);

function placeOf(root: string, file: string | undefined): string {
  return file ?? join(stateFolder(root), 'baseline.json');
}

/**
 * The kept verdicts; undefined without any. UserError for a file that cannot be read or is no baseline, and for one that
 * was named and is not there, unless this run is to write it.
 */
export async function loadBaseline(
  root: string,
  file: string | undefined,
  saving = false,
): Promise<Baseline | undefined> {
  const path = placeOf(root, file);
  const read = await readBounded(path, LIMIT);
  if (!read.ok && (read.reason === 'ENOENT' || read.reason === 'ENOTDIR')) {
    if (file === undefined || saving) return undefined;
    throw new UserError({
      what: 'there is no such baseline',
      where: { path },
      next: `agent-posture test --save-baseline --baseline ${shellQuote(file)}`,
    });
  }
  const wrong = (what: string) =>
    new UserError({
      what,
      where: { path },
      expected: 'a baseline that "agent-posture test --save-baseline" wrote',
      next: `remove it and save a new one: agent-posture test --save-baseline${file ? ` --baseline ${shellQuote(file)}` : ''}`,
    });
  if (!read.ok) throw wrong(`the baseline cannot be read (${read.reason})`);
  try {
    const value = JSON.parse(read.data.toString('utf8')) as Partial<Baseline> | null;
    if (
      value?.version !== 1 ||
      typeof value.takenAt !== 'string' ||
      typeof value.vantages !== 'object' ||
      !value.vantages
    )
      throw new Error('shape');
    const vantages: Baseline['vantages'] = {};
    for (const [key, rows] of Object.entries(value.vantages))
      vantages[key] = Object.fromEntries(Object.entries(rows).filter(([, verdict]) => VERDICTS.has(verdict)));
    return { version: 1, takenAt: value.takenAt, vantages };
  } catch {
    throw wrong('this is not a baseline');
  }
}

/** Keeps these verdicts, for this user alone (0600). */
export async function saveBaseline(root: string, file: string | undefined, baseline: Baseline): Promise<void> {
  if (file === undefined) await ensurePrivate(stateFolder(root));
  await writeAtomic(placeOf(root, file), `${JSON.stringify(baseline)}\n`, 0o600);
}

/** The verdicts of this run over those that are kept: vantages that were not tried now stay as they were. */
export function takeBaseline(
  before: Baseline | undefined,
  rows: readonly Row[],
  vantages: readonly VantageReport[],
  takenAt: string,
): Baseline {
  const taken: Baseline = { version: 1, takenAt, vantages: { ...before?.vantages } };
  for (const vantage of vantages)
    taken.vantages[vantageKey(vantage)] = Object.fromEntries(
      rows.filter(row => row.vantage === vantage.id).map(row => [probeKey(row), row.verdict]),
    );
  return taken;
}

/** Vantages with rows of which nothing was kept: what is new there cannot be told. */
export function unknownVantages(
  rows: readonly Row[],
  vantages: readonly VantageReport[],
  baseline: Baseline | undefined,
): VantageReport[] {
  return vantages.filter(vantage => !keptOf(vantage, baseline) && rows.some(row => row.vantage === vantage.id));
}

const BAD: ReadonlySet<Verdict | null> = new Set(['exposed', 'broken']);

/** Marks what is otherwise than in the baseline; newly reached rows as new. Vantages that the baseline does not know stay unmarked. */
export function markChanges(
  rows: readonly Row[],
  vantages: readonly VantageReport[],
  baseline: Baseline | undefined,
): Row[] {
  const kept = new Map(vantages.map(vantage => [vantage.id, keptOf(vantage, baseline)]));
  return rows.map(row => {
    const before = kept.get(row.vantage);
    if (!before) return row;
    const from = before[probeKey(row)] ?? null;
    if (from === row.verdict) return row;
    return { ...row, change: { from, isNew: BAD.has(row.verdict) && !BAD.has(from) } };
  });
}

/** Rows that were held before and cannot be proven now: to be said aloud. */
export function fallen(rows: readonly Row[]): Row[] {
  return rows.filter(row => row.change?.from === 'blocked' && row.verdict === 'inconclusive');
}
