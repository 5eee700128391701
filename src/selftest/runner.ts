import { dirname, join } from 'node:path';
import { agentCommand } from '../agents/command.ts';
import { Interrupted } from '../base/errors.ts';
import { packageRoot } from '../base/package.ts';
import { stateFolder } from '../base/state.ts';
import { stateHome } from '../base/state-home.ts';
import { plural } from '../base/text.ts';
import { POSTURE_FILE } from '../posture/model.ts';
import { undoneNote } from '../posture/undone.ts';
import { advisoryNotes } from './advisories.ts';
import { askFor, markUnapproved, withApproval } from './approvals.ts';
import { loadBaseline, markChanges, saveBaseline, takeBaseline, unknownVantages, updatedNotes } from './baseline.ts';
import { Cleanup, oneAtATime } from './cleanup.ts';
import { tryVantages } from './columns.ts';
import { loosenedRows, rowsOutside } from './extra-rows.ts';
import { chooseFixes, type Failing } from './fixes.ts';
import { prepare } from './ground.ts';
import { integrityNotes } from './integrity.ts';
import { recover } from './leftovers.ts';
import { openOrExplain, type Vantage, vantagesOf } from './opening.ts';
import { makePlan, type ProbePlan } from './plan.ts';
import { preflight } from './preflight.ts';
import { guardPaths, guardProbes } from './probes/guard.ts';
import { laterFolders } from './probes/later.ts';
import type { Probe, ProbeContext } from './probes/types.ts';
import { exitCodeOf, inOrder, markAccepted, summarize } from './report.ts';
import { rowId } from './row.ts';
import { LOOSENED, type Report, type Row, type SelftestOptions, type VantageReport } from './types.ts';
import { diskFull, isFull } from './workspace.ts';

/**
 * Tries what an agent could reach, from each vantage that is judged, and judges it. Writes nothing but decoys that it
 * takes away (nothing at all when `readOnly`) and, where asked or for the first time, the baseline in the state folder.
 * UserError for an unknown vantage, a baseline that is none, and an engine that fails its own preflight; Interrupted when
 * `signal` ends it.
 */
export async function selftest(options: SelftestOptions): Promise<Report> {
  const cleanup = new Cleanup();
  try {
    return await run(options, cleanup);
  } catch (error) {
    if (options.signal?.aborted) throw new Interrupted();
    // Copies of a remote, the verdicts that are kept: wherever the room ended, it is not a fault of ours.
    if (isFull(error)) throw diskFull('what a try needs', (error as NodeJS.ErrnoException).path);
    throw error;
  } finally {
    await cleanup.run();
  }
}

async function run(given: SelftestOptions, cleanup: Cleanup): Promise<Report> {
  const started = new Date();
  const asking = oneAtATime();
  let waited = 0;
  const approve: SelftestOptions['approve'] = request =>
    asking(async () => {
      const since = Date.now();
      return given.approve(request).finally(() => {
        waited += Date.now() - since;
      });
    });
  const options: SelftestOptions = { ...given, approve };
  const posture = options.posture?.posture;
  const undone = posture && undoneNote(posture, options.facts.git.remote?.forge);
  const notes: string[] = undone === undefined ? [] : [undone];
  const baseline = await loadBaseline(options.root, options.baselineFile, options.saveBaseline);
  const vantages = vantagesOf(options);
  const context = contextOf(options, notes);
  await preflight(undefined, undefined);
  if (!options.readOnly) await takeBack(options, context, notes);
  const open = (vantage: Vantage | undefined) => cleanup.begin(openOrExplain(vantage, options, cleanup));
  const host = vantages.find(({ report }) => report.id === 'host');
  const hostOpening = open(host);
  // A box lays placeholders for guards that are missing, so these are looked at before one is started.
  const guards = await guardProbes(context);
  const openings = new Map(vantages.map(each => [each, each === host ? hostOpening : open(each)]));
  // Planned while they start.
  const { plan, approvals, probes } = await choose(options, context, guards, cleanup);
  const judged = vantages.filter(({ report }) => report.judged);
  // A fifth of this program, which nothing but a test of agents needs.
  const driving = options.agents.length > 0 ? await import('./drive/index.ts') : undefined;
  const driven = driving?.drivenVantages(options) ?? [];
  const mayRun = await driving?.askForAgents(driven, { options, probes });
  options.onEvent?.({
    type: 'planned',
    tries: probes.filter(({ subject }) => subject.kind !== 'skip').length * judged.length,
    things: probes.length * judged.length,
    vantages: [...judged.map(({ report }) => report), ...driven].map(({ id, title }) => ({ id, title })),
  });
  const ground = await prepare(options, probes, hostOpening, cleanup, notes);

  const reports = [
    ...vantages.filter(({ report }) => report.judged || report.id === 'host').map(({ report }) => report),
    ...driven,
  ];
  const rows: Row[] = [];
  // The report is made of the very rows that were told.
  const tell = (found: readonly Row[]) => {
    const changed = markChanges(markUnapproved(found, plan.probes, approvals), reports, baseline);
    for (const row of markAccepted(changed, posture?.accepted ?? [], started.toISOString().slice(0, 10))) {
      rows.push(row);
      options.onEvent?.({ type: 'row', row });
    }
  };
  await tryVantages(judged, openings, { options, probes, ground, notes, tell });
  if (mayRun) await driving?.driveAgents(driven, mayRun, { options, probes, tell, note: text => notes.push(text) });
  if (options.signal?.aborted) throw new Interrupted();
  const opened = new Map(await Promise.all([...openings].map(async ([vantage, it]) => [vantage, await it] as const)));
  const integrity = await integrityNotes(judged, opened, ground.workspace);
  for (const { available, title, agent } of driven) if (available && agent) notes.push(`${title}: ${agent.mode}`);
  notes.push(...integrity, ...advisoryNotes(options.facts));
  tell(await rowsOutside(context, judged, options));
  tell(await loosenedRows(options, notes));
  notes.push(...updatedNotes(driven, baseline));
  const { fixes, rows: fixed } = withFixes(rows, probes, options);
  const uncompared = unknownVantages(fixed, reports, baseline);
  if (options.failOn === 'new') notes.push(...uncompared.map(uncomparedNote));
  if (ground.lasting || options.saveBaseline)
    notes.push(...(await keepBaseline(options, baseline, fixed, reports, started)));
  return {
    startedAt: started.toISOString(),
    // What a person thinks over is none of its time.
    durationMs: Date.now() - started.getTime() - waited,
    root: options.root,
    project: posture?.project ?? options.facts.project,
    posture: options.posture ? { path: POSTURE_FILE, sha256: options.posture.sha256 } : null,
    vantages: reports,
    rows: inOrder(fixed),
    summary: summarize(fixed),
    fixes,
    baseline: baseline ? { takenAt: baseline.takenAt, unknown: uncompared.map(({ id }) => id) } : null,
    notes: [...new Set(notes)],
    subject: subjectOf(options, driven),
    exitCode: exitCodeOf(fixed, reports, {
      failOn: options.failOn,
      strict: options.strict,
      judgeInReach: integrity.length > 0,
      uncompared: uncompared.map(({ id }) => id),
    }),
  };
}

function contextOf({ root, home, facts, posture, deep, readOnly }: SelftestOptions, notes: string[]): ProbeContext {
  return {
    root,
    home,
    env: process.env,
    facts,
    posture: posture?.posture,
    deep,
    readOnly,
    restricted: posture?.posture.isolation?.network !== undefined,
    note: text => notes.push(text),
  };
}

/** Takes back what a run that was killed has left. */
async function takeBack(options: SelftestOptions, context: ProbeContext, notes: string[]): Promise<void> {
  const folders = [...recoveryFolders(options), ...(await laterFolders(context))];
  notes.push(...(await recover(folders, stateFolder(options.root))));
}

/** The probes that are wanted, each as far as it is approved. */
async function choose(
  options: SelftestOptions,
  context: ProbeContext,
  guards: readonly Probe[],
  cleanup: Cleanup,
): Promise<{ plan: ProbePlan; approvals: ReadonlySet<string>; probes: Probe[] }> {
  const plan = await cleanup.begin(makePlan(context, guards));
  const approvals = await askFor(options, plan.approvals);
  const probes = plan.probes
    .map(probe => withApproval(probe, approvals))
    .filter(({ safeguard }) => options.safeguards.length === 0 || options.safeguards.includes(safeguard))
    .filter(probe => wantedBy(options.only, probe));
  return { plan, approvals, probes };
}

const uncomparedNote = ({ title, id }: VantageReport) =>
  `nothing was kept to compare with for ${title} (${id}), so --fail-on new counts all that is reached there`;

function wantedBy(only: ReadonlySet<string> | undefined, probe: Probe): boolean {
  if (!only) return true;
  const part = rowId('', probe, null);
  return [...only].some(id => {
    const own = id.slice(id.indexOf(`:${probe.attempt}:`));
    return own === part || own.startsWith(`${part}#`);
  });
}

/** Where a killed run may have left something. */
function recoveryFolders({ root, facts, posture }: SelftestOptions): string[] {
  const guards = guardPaths(root, facts, posture?.posture).map(path => join(root, path));
  return [
    root,
    packageRoot,
    stateHome(),
    ...guards.filter(path => path.endsWith('/')),
    ...guards.map(path => dirname(path)),
  ].map(path => (path.length > 1 ? path.replace(/\/$/, '') : path));
}

/**
 * The rows that ask for a fix, each with what it came from. A row of an agent says that itself: a rule may speak of the very
 * command that a probe of another kind runs.
 */
export function failingOf(rows: readonly Row[], probes: readonly Probe[]): Failing[] {
  const byTarget = new Map(probes.map(probe => [`${probe.attempt}:${probe.target}`, probe]));
  return rows
    .filter(({ verdict }) => verdict === 'exposed' || verdict === 'broken')
    .map(row => {
      const { attempt, escape: way, from, target } = row;
      const probe = way === LOOSENED ? undefined : byTarget.get(`${attempt}:${target}`);
      const fallback = way === LOOSENED ? 'loosened' : attempt === 'env' ? 'variable' : 'process';
      return {
        row,
        probe: {
          origin: from?.origin ?? probe?.origin ?? fallback,
          subject: probe?.subject ?? { kind: 'skip', why: '' },
        },
      };
    });
}

function withFixes(rows: readonly Row[], probes: readonly Probe[], options: SelftestOptions) {
  const failing = failingOf(rows, probes);
  const { fixes, of } = chooseFixes(failing, { posture: options.posture?.posture, facts: options.facts });
  return {
    fixes,
    rows: rows.map(row => {
      const fix = of.get(row.id);
      return fix ? { ...row, fix: { text: fix.title, command: fix.command } } : row;
    }),
  };
}

/**
 * Saves the verdicts where that is asked for; on a full run with a posture also those of a vantage that had none yet.
 * What the report should say of it.
 */
async function keepBaseline(
  options: SelftestOptions,
  before: Awaited<ReturnType<typeof loadBaseline>>,
  rows: readonly Row[],
  vantages: readonly VantageReport[],
  now: Date,
): Promise<string[]> {
  const takenAt = now.toISOString();
  if (options.saveBaseline) {
    await saveBaseline(options.root, options.baselineFile, takeBaseline(before, rows, vantages, takenAt));
    return [`baseline saved: ${plural(rows.length, 'row')}`];
  }
  if (options.readOnly) return ['nothing was written'];
  if (!options.posture) return ['nothing was kept; decoys were written, and taken away again'];
  const full = !options.only && options.safeguards.length === 0;
  if (!full || options.baselineFile !== undefined) return [];
  const fresh = takeBaseline(
    undefined,
    rows,
    vantages.filter(({ available }) => available),
    takenAt,
  );
  const missing = Object.keys(fresh.vantages).filter(key => !before?.vantages[key]);
  if (missing.length === 0) return [];
  const added = Object.fromEntries(missing.map(key => [key, fresh.vantages[key] ?? {}]));
  await saveBaseline(options.root, undefined, {
    version: 1,
    takenAt: before?.takenAt ?? takenAt,
    vantages: { ...before?.vantages, ...added },
  });
  return [];
}

function subjectOf({ facts, posture }: SelftestOptions, driven: readonly VantageReport[]): Report['subject'] {
  const ids = new Set(driven.flatMap(({ available, agent }) => (available && agent ? [agent.id] : [])));
  const undriven = facts.agents.filter(({ id }) => !ids.has(id));
  const [agent, ...others] = ids.size > 0 ? [facts.agents.find(({ id }) => ids.has(id)), ...undriven] : undriven;
  return {
    agent: agent?.title ?? null,
    version: agent?.version ?? null,
    others: others.flatMap(other => other?.title ?? []),
    driven: ids.size > 0,
    command: agentCommand(facts.agents, ids.size > 0 ? [...ids] : posture?.posture.agents),
  };
}
