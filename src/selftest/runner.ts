import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { agentCommand } from '../agents/command.ts';
import { allEnded } from '../base/all.ts';
import { Interrupted, UserError } from '../base/errors.ts';
import { packageRoot } from '../base/package.ts';
import { ensurePrivate, stateFolder } from '../base/state.ts';
import { stateHome } from '../base/state-home.ts';
import { plural } from '../base/text.ts';
import { POSTURE_FILE } from '../posture/model.ts';
import { undoneScans } from '../posture/scanning.ts';
import { askFor, markUnapproved, withApproval } from './approvals.ts';
import { loadBaseline, markChanges, saveBaseline, takeBaseline, unknownVantages } from './baseline.ts';
import { Cleanup, oneAtATime } from './cleanup.ts';
import { runColumn } from './column.ts';
import { makeTerminal, plantKeys, plantProcess } from './decoys.ts';
import { loosenedRows, rowsOutside, unavailable } from './extra-rows.ts';
import { chooseFixes, type Failing } from './fixes.ts';
import { integrityNotes } from './integrity.ts';
import { recover } from './leftovers.ts';
import { openControl, openOrExplain, type Place, placesOf } from './opening.ts';
import { makePlan } from './plan.ts';
import { preflight } from './preflight.ts';
import { guardPaths, guardProbes } from './probes/guard.ts';
import { laterFolders } from './probes/later.ts';
import type { Probe, ProbeContext } from './probes/types.ts';
import { exitCodeOf, inOrder, markAccepted, summarize } from './report.ts';
import { rowId } from './row.ts';
import type { Column } from './rows/plans.ts';
import type { Opened } from './session/session.ts';
import { Targets } from './targets.ts';
import { LOOSENED, type Report, type Row, type SelftestOptions, type VantageReport } from './types.ts';
import { diskFull, isFull, openWorkspace } from './workspace.ts';

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
  const asking = oneAtATime();
  const options: SelftestOptions = { ...given, approve: request => asking(() => given.approve(request)) };
  const started = new Date();
  const { root, home, facts, readOnly, signal } = options;
  const posture = options.posture?.posture;
  const undone = posture && undoneScans(posture);
  const notes: string[] = undone === undefined ? [] : [undone];
  const baseline = await loadBaseline(root, options.baselineFile, options.saveBaseline);
  const places = placesOf(options);
  const context: ProbeContext = {
    root,
    home,
    env: process.env,
    facts,
    posture,
    deep: options.deep,
    readOnly,
    restricted: posture?.isolation?.network !== undefined,
    note: text => notes.push(text),
  };
  await preflight(undefined, undefined);
  if (!readOnly) {
    const folders = [...recoveryFolders(options), ...(await laterFolders(context))];
    notes.push(...(await recover(folders, stateFolder(root))));
  }
  const hostOpening = cleanup.begin(
    openOrExplain(
      places.find(({ report }) => report.id === 'host'),
      options,
      cleanup,
    ),
  );
  // A box lays placeholders for guards that are missing, so these are looked at before one is started.
  const guards = await guardProbes(context);
  const opening = places
    .filter(({ report }) => report.id !== 'host')
    .map(place => cleanup.begin(openOrExplain(place, options, cleanup).then(answer => [place, answer] as const)));
  // Planned while they start.
  const planned = cleanup.begin(makePlan(context, guards));
  const plan = await planned;
  const approvals = await askFor(options, plan.approvals);
  const probes = plan.probes
    .map(probe => withApproval(probe, approvals))
    .filter(({ safeguard }) => options.safeguards.length === 0 || options.safeguards.includes(safeguard))
    .filter(probe => wantedBy(options.only, probe));
  const state = readOnly ? undefined : await ownState(root, cleanup, notes);
  const workspace = state && openWorkspace(root, state.folder);
  if (workspace) {
    cleanup.last(workspace.close);
    if (!workspace.inRoot) notes.push('the repository cannot be written, so decoys lie outside it');
  }
  const judgedPlaces = places.filter(({ report }) => report.judged);
  options.onEvent?.({
    type: 'planned',
    tries: probes.filter(({ subject }) => subject.kind !== 'skip').length * judgedPlaces.length,
    things: probes.length * judgedPlaces.length,
    vantages: judgedPlaces.map(({ report }) => ({ id: report.id, title: report.title })),
  });
  const targets = new Targets(signal);
  const processDecoy = workspace ? plantProcess(root) : undefined;
  if (processDecoy) cleanup.add(processDecoy.end);
  const making = workspace ? cleanup.begin(makeTerminal(probes, workspace, cleanup)) : undefined;
  const reading = cleanup.begin(targets.read(root, probes));
  const commandsReady = cleanup.begin(plantKeys(probes, cleanup).then(() => targets.tryCommands(probes)));
  const hostOpened = await hostOpening;
  const hostSession = hostOpened?.ok ? hostOpened.session : undefined;
  let controlsReady = Promise.resolve();
  if (hostSession) {
    await preflight(hostSession, workspace);
    controlsReady = cleanup.begin(targets.tryBefore(hostSession, probes));
  } else
    notes.push(
      `no controls could be made from the host: ${hostOpened?.ok === false ? hostOpened.reason : 'it was not started'}`,
    );
  await reading;
  const terminal = await making;
  const control = await openControl(options, cleanup, notes);
  const opened = new Map<Place, Opened | undefined>(await Promise.all(opening));
  const hostPlace = places.find(({ report }) => report.id === 'host');
  if (hostPlace) opened.set(hostPlace, hostOpened);

  const exclusively = oneAtATime();
  const today = started.toISOString().slice(0, 10);
  const vantages = places.filter(({ report }) => report.judged || report.id === 'host').map(({ report }) => report);
  const rows: Row[] = [];
  // The report is made of the very rows that were told.
  const tell = (judged: readonly Row[]) => {
    const changed = markChanges(markUnapproved(judged, plan.probes, approvals), vantages, baseline);
    for (const row of markAccepted(changed, posture?.accepted ?? [], today)) {
      rows.push(row);
      options.onEvent?.({ type: 'row', row });
    }
  };
  const columns = judgedPlaces.map(async place => {
    const { report } = place;
    const answer = opened.get(place);
    if (!answer?.ok) {
      report.available = false;
      report.reason = answer?.reason ?? 'it was not started';
      options.onEvent?.({ type: 'vantage', id: report.id, available: false, reason: report.reason });
      tell(unavailable(report, probes));
      return;
    }
    const { session } = answer;
    report.facts = session.facts;
    const column: Column = {
      id: report.id,
      kind: report.kind === 'host' ? 'host' : 'sandbox',
      root,
      home,
      session,
      hostFacts: hostSession?.facts ?? null,
      targets,
      workspace,
      processDecoy,
      terminal,
      controlSession: report.id === 'host' ? undefined : control,
      only: options.only && onlyIn(options.only, report.id),
      exclusively,
      controlsReady,
      commandsReady,
      controlCommand: subject => targets.tryCommand(subject),
      controlAfter: async keys => {
        if (hostSession) await targets.tryAfter(hostSession, keys);
      },
      tell,
    };
    const handshake = await runColumn(column, probes);
    if (handshake === 'failed' && workspace) {
      report.available = false;
      report.reason = 'it never brought back the decoy planted in the workspace';
    }
    if (handshake === 'hidden')
      notes.push(
        `${report.title}: it shows nothing of the repository, so no work is possible there and nothing is held`,
      );
    options.onEvent?.({ type: 'vantage', id: report.id, available: report.available, reason: report.reason });
    notes.push(...session.notes.map(note => `${report.title}: ${note}`));
  });
  // None goes on behind the end of another: what it lays would stay.
  await allEnded(columns);
  if (signal?.aborted) throw new Interrupted();
  const integrity = await integrityNotes(judgedPlaces, opened, workspace);
  notes.push(...integrity);
  tell(await rowsOutside(context, judgedPlaces, options));
  tell(await loosenedRows(options, notes));
  const { fixes, rows: fixed } = withFixes(rows, probes, options);
  const uncompared = unknownVantages(fixed, vantages, baseline);
  if (options.failOn === 'new')
    for (const vantage of uncompared)
      notes.push(
        `nothing was kept to compare with for ${vantage.title} (${vantage.id}), so --fail-on new counts all that is reached there`,
      );
  const kept =
    state?.lasting === false && !options.saveBaseline
      ? []
      : await keepBaseline(options, baseline, fixed, vantages, started);
  return {
    startedAt: started.toISOString(),
    durationMs: Date.now() - started.getTime(),
    root,
    project: posture?.project ?? facts.project,
    posture: options.posture ? { path: POSTURE_FILE, sha256: options.posture.sha256 } : null,
    vantages,
    rows: inOrder(fixed),
    summary: summarize(fixed),
    fixes,
    baseline: baseline ? { takenAt: baseline.takenAt } : null,
    notes: [...new Set([...notes, ...kept])],
    subject: subjectOf(options),
    exitCode: exitCodeOf(fixed, vantages, {
      failOn: options.failOn,
      strict: options.strict,
      judgeInReach: integrity.length > 0,
      uncompared: uncompared.map(({ id }) => id),
    }),
  };
}

/** The state folder; where it cannot be written, one that goes away with the run, which is said. */
async function ownState(
  root: string,
  cleanup: Cleanup,
  notes: string[],
): Promise<{ folder: string; lasting: boolean }> {
  try {
    return { folder: await ensurePrivate(stateFolder(root)), lasting: true };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const folder = await mkdtemp(join(tmpdir(), 'agent-posture-state-'));
    cleanup.last(() => rm(folder, { recursive: true, force: true }));
    notes.push(
      `no baseline is kept: ${error.problems[0]?.what ?? 'the state folder cannot be written'} (${stateFolder(root)})`,
    );
    return { folder, lasting: false };
  }
}

function wantedBy(only: ReadonlySet<string> | undefined, probe: Probe): boolean {
  if (!only) return true;
  const part = rowId('', probe, null);
  return [...only].some(id => {
    const own = id.slice(id.indexOf(`:${probe.attempt}:`));
    return own === part || own.startsWith(`${part}#`);
  });
}

function onlyIn(only: ReadonlySet<string>, vantage: string): ReadonlySet<string> {
  return new Set([...only].filter(id => id.startsWith(`${vantage}:`)));
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

function withFixes(rows: readonly Row[], probes: readonly Probe[], options: SelftestOptions) {
  const byTarget = new Map(probes.map(probe => [`${probe.attempt}:${probe.target}`, probe]));
  const failing: Failing[] = rows
    .filter(({ verdict }) => verdict === 'exposed' || verdict === 'broken')
    .map(row => ({
      row,
      probe: (row.escape === LOOSENED ? undefined : byTarget.get(`${row.attempt}:${row.target}`)) ?? {
        origin: row.escape === LOOSENED ? 'loosened' : row.attempt === 'env' ? 'variable' : 'process',
        subject: { kind: 'skip', why: '' },
      },
    }));
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

function subjectOf({ facts, posture }: SelftestOptions): Report['subject'] {
  const agent = facts.agents[0];
  const command = agentCommand(facts.agents, posture?.posture.agents);
  return { agent: agent?.title ?? null, version: agent?.version ?? null, driven: false, command };
}
