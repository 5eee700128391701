import { lstat, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { agentCommand } from '../agents/command.ts';
import { allEnded } from '../base/all.ts';
import { approvalHash, isApproved } from '../base/approvals.ts';
import { Interrupted, UserError } from '../base/errors.ts';
import { loadersAtStart } from '../base/exec.ts';
import { randomHex, sha256 } from '../base/hash.ts';
import { packageRoot } from '../base/package.ts';
import { ensurePrivate, stateFolder } from '../base/state.ts';
import { stateHome } from '../base/state-home.ts';
import { didYouMean } from '../base/suggest.ts';
import { list, plural } from '../base/text.ts';
import { runtimeOf } from '../isolation/index.ts';
import { POSTURE_FILE } from '../posture/model.ts';
import { undoneScans } from '../posture/scanning.ts';
import { loadBaseline, markChanges, saveBaseline, takeBaseline, unknownVantages } from './baseline.ts';
import { boxOf } from './box.ts';
import { runColumn } from './column.ts';
import { plantProcess } from './decoys.ts';
import { chooseFixes, type Failing } from './fixes.ts';
import { judge } from './judge.ts';
import { recover } from './leftovers.ts';
import { makePlan, type PlannedProbe } from './plan.ts';
import { preflight } from './preflight.ts';
import { guardPaths, guardProbes } from './probes/guard.ts';
import { plantKey } from './probes/keyring.ts';
import { laterFolders } from './probes/later.ts';
import { agentsOutside } from './probes/machine.ts';
import type { Probe, ProbeContext } from './probes/types.ts';
import { exitCodeOf, inOrder, markAccepted, summarize } from './report.ts';
import { type Column, rowId } from './rows.ts';
import { type Opened, openSession, type Session } from './session/session.ts';
import { Targets } from './targets.ts';
import { openTerminal, type Terminal } from './terminal.ts';
import { makeTry, writeTry } from './tries.ts';
import {
  type ApprovalRequest,
  LOOSENED,
  type Report,
  type Row,
  type SelftestOptions,
  type VantageReport,
} from './types.ts';
import { openVantage, vantageOf } from './vantages/index.ts';
import type { VantageContext } from './vantages/types.ts';
import { diskFull, isFull, openWorkspace, type Workspace } from './workspace.ts';

interface Place {
  report: VantageReport;
  context: VantageContext;
}

/** Everything that has to be ended or taken away, whatever happens. */
class Cleanup {
  private readonly work: (() => unknown)[] = [];
  private readonly lasts: (() => unknown)[] = [];
  private readonly begun: Promise<unknown>[] = [];
  private done = false;
  /** What comes up after the end is ended at once. */
  add(work: () => unknown): void {
    if (this.done) this.begun.push((async () => work())());
    else this.work.push(work);
  }
  /** What must not go before everything else has ended: where decoys lie, and what says which are outstanding. */
  last(work: () => unknown): void {
    this.lasts.push(work);
  }
  /** What was begun and is waited for later: where the run ends before, it fails unheard, and is waited for at the end. */
  begin<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    this.begun.push(work);
    return work;
  }
  async run(): Promise<void> {
    this.done = true;
    await Promise.allSettled(this.work.reverse().map(async work => work()));
    while (this.begun.length > 0) await Promise.allSettled(this.begun.splice(0));
    for (const work of this.lasts.reverse()) await Promise.allSettled([(async () => work())()]);
  }
}

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
  const planned = cleanup.begin(makePlan(context, guards));
  const opening = places
    .filter(({ report }) => report.id !== 'host')
    .map(place => cleanup.begin(openOrExplain(place, options, cleanup).then(answer => [place, answer] as const)));
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
  tell(await rowsOutside(context, judgedPlaces));
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

/**
 * The vantages: the declared one, or those that were asked for, and every `--via` (of which some may be picked). The host
 * always serves as control.
 */
export function placesOf({ root, home, posture, vantages, via, facts }: SelftestOptions): Place[] {
  const isolation = posture?.posture.isolation;
  const box = posture && boxOf(facts, posture.posture);
  const boxed = isolation !== undefined && isolation.runtime !== 'none' && isolation.runtime !== 'native';
  const vias = via.map((_, index) => `via:${index + 1}`);
  const declared = ['host', ...(boxed ? ['sandbox'] : [])];
  const known = [...declared, ...vias];
  for (const id of vantages)
    if (!known.includes(id))
      throw new UserError({
        what:
          id === 'sandbox'
            ? `no box is declared here, so there is no vantage "sandbox", only host: agent-posture init declares one, --via 'CMD' tries another`
            : `there is no vantage "${id}"${didYouMean(id, known)}; there are ${list(known)}, and --via 'CMD' adds others`,
      });
  const wanted = vantages.length > 0 ? vantages : [boxed ? 'sandbox' : 'host'];
  const picked = vias.some(id => wanted.includes(id)) ? wanted : vias;
  const place = (id: string, context: VantageContext, judged: boolean): Place => ({
    context,
    report: {
      id,
      kind: id === 'host' ? 'host' : 'sandbox',
      title: vantageOf(id)?.title(context) ?? id,
      ...(context.command === undefined ? {} : { command: sha256(context.command) }),
      available: true,
      reason: null,
      agent: null,
      judged,
      facts: null,
    },
  });
  return [
    place('host', { root, home }, wanted.includes('host')),
    ...(wanted.includes('sandbox') && box ? [place('sandbox', { root, home, box }, true)] : []),
    ...vias.flatMap((id, index) =>
      picked.includes(id) ? [place(id, { root, home, command: via[index] as string }, true)] : [],
    ),
  ];
}

/** Starts a vantage; a box that the repository describes only when that was approved. */
async function openOrExplain(
  place: Place | undefined,
  options: SelftestOptions,
  cleanup: Cleanup,
): Promise<Opened | undefined> {
  if (!place) return undefined;
  const { report, context } = place;
  if (report.id === 'sandbox' && context.box) {
    const { box } = context;
    let text: string | undefined;
    const runtime = runtimeOf(box.isolation.runtime);
    if (!runtime) return { ok: false, reason: `runtime "${box.isolation.runtime}" is not started by this version` };
    try {
      text = runtime.approval(box);
    } catch (error) {
      return { ok: false, reason: error instanceof Error ? error.message : String(error) };
    }
    if (text !== undefined) {
      const purpose = 'to start the declared box and try from inside it';
      if (options.readOnly || !(await approved(options, { kind: 'box', text, purpose })))
        return { ok: false, reason: 'you have not approved what it starts; run this on a terminal, or with --trust' };
    }
  }
  const kind = vantageOf(report.id);
  if (!kind) return { ok: false, reason: 'not known' };
  if (options.signal?.aborted) return { ok: false, reason: 'interrupted' };
  return closedAtEnd(openVantage(kind, context, { signal: options.signal }), cleanup);
}

/** The end waits for what is still starting too: only then is what stands beside it, such as placeholders, gone. */
async function closedAtEnd(opening: Promise<Opened>, cleanup: Cleanup): Promise<Opened> {
  cleanup.add(async () => {
    const opened = await opening;
    if (opened.ok) await opened.session.close();
  });
  return opening;
}

/** The place from which a remote vantage's controls are made: `--control-via`. */
async function openControl(options: SelftestOptions, cleanup: Cleanup, notes: string[]): Promise<Session | undefined> {
  if (options.controlVia === undefined) return undefined;
  const kind = vantageOf('via');
  if (!kind) return undefined;
  const context = { root: options.root, home: options.home, command: options.controlVia };
  const starting = openSession(words => kind.start(context, words), { signal: options.signal });
  const opened = await closedAtEnd(starting, cleanup);
  if (opened.ok) return opened.session;
  notes.push(`--control-via did not answer: ${opened.reason}`);
  return undefined;
}

async function approved(options: SelftestOptions, request: ApprovalRequest): Promise<boolean> {
  return (await isApproved(options.root, request)) || (await options.approve(request));
}

/** Asks for what the posture wants run or contacted, one after the other, and gives the hashes of what may be; in a read-only try only what is approved already counts. */
async function askFor(options: SelftestOptions, requests: readonly ApprovalRequest[]): Promise<ReadonlySet<string>> {
  const given = new Set<string>();
  for (const request of requests)
    if (await (options.readOnly ? isApproved(options.root, request) : approved(options, request)))
      given.add(approvalHash(request));
  return given;
}

/** A probe whose approval is missing is not tried, and says so. */
function withApproval({ needs, ...probe }: PlannedProbe, given: ReadonlySet<string>): Probe {
  if (needs === undefined || given.has(approvalHash(needs)) || probe.subject.kind === 'skip') return probe;
  const why =
    probe.subject.kind === 'command' || probe.subject.kind === 'push'
      ? 'you have not approved running it; run this on a terminal, or with --trust'
      : 'not contacted: you have not agreed to it; run this on a terminal, or with --trust';
  return { ...probe, subject: { kind: 'skip', why } };
}

/** Rows that were not tried for want of an approval say which. */
function markUnapproved(rows: readonly Row[], probes: readonly PlannedProbe[], given: ReadonlySet<string>): Row[] {
  const missing = new Map(
    probes.flatMap(({ attempt, target, needs, subject }) =>
      needs === undefined || given.has(approvalHash(needs)) || subject.kind === 'skip'
        ? []
        : [[`${attempt}:${target}`, approvalHash(needs)] as const],
    ),
  );
  return rows.map(row => {
    const unapproved = missing.get(`${row.attempt}:${row.target}`);
    return row.verdict === 'skipped' && unapproved !== undefined ? { ...row, unapproved } : row;
  });
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

/** Rows of a vantage that did not answer: each inconclusive, what is not there skipped. */
function unavailable(report: VantageReport, probes: readonly Probe[]): Row[] {
  return probes.map(probe => {
    const judgement =
      probe.subject.kind === 'skip'
        ? { verdict: 'skipped' as const, layer: null, reason: probe.subject.why, evidence: null }
        : judge({
            attempt: probe.attempt,
            expect: probe.expect,
            escape: null,
            vantage: {
              kind: 'sandbox',
              available: false,
              reason: report.reason,
              handshake: false,
              remote: false,
              facts: null,
            },
            host: null,
            ways: [],
            others: [],
          });
    const { safeguard, attempt, target, expect, severity, group, opens } = probe;
    return {
      id: rowId(report.id, probe, null),
      safeguard,
      vantage: report.id,
      attempt,
      target,
      expect,
      escape: null,
      ...judgement,
      controls: [],
      severity,
      group,
      opens,
      fix: null,
      durationMs: 0,
    };
  });
}

/** The terminal that a probe types into. */
async function makeTerminal(
  probes: readonly Probe[],
  workspace: Workspace,
  cleanup: Cleanup,
): Promise<Terminal | undefined> {
  const subject = probes.map(probe => probe.subject).find(({ kind }) => kind === 'terminal');
  if (subject?.kind !== 'terminal') return undefined;
  const terminal = await openTerminal(subject.perl, workspace.fresh());
  if (terminal) cleanup.add(terminal.close);
  return terminal;
}

/** The key that a probe looks for in the kernel's keyrings. */
async function plantKeys(probes: readonly Probe[], cleanup: Cleanup): Promise<void> {
  for (const { origin, subject } of probes)
    if (origin === 'keyring' && subject.kind === 'command') cleanup.add(await plantKey(subject));
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

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return work => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}

/** Why what is reported here could have been made up by what is judged: our own files and state within its reach, loaders in our environment. */
async function integrityNotes(
  places: readonly Place[],
  opened: ReadonlyMap<Place, Opened | undefined>,
  workspace: Workspace | undefined,
): Promise<string[]> {
  const loaders = loadersAtStart();
  const notes =
    loaders.length > 0 ? [`judge integrity not established: ${list(loaders)} was set when this program started`] : [];
  if (!workspace) return notes;
  const folders = [
    { path: packageRoot, what: 'the files of this program' },
    { path: stateHome(), what: 'its state folder' },
  ];
  for (const place of places) {
    const answer = opened.get(place);
    if (!answer?.ok) continue;
    const tries = await Promise.all(
      folders.map(async folder => ({
        ...folder,
        there: (await lstat(folder.path).catch(() => undefined))?.isDirectory() === true,
        at: join(folder.path, `.${workspace.fresh()}`),
        content: randomHex(24),
      })),
    );
    const made = tries
      .filter(({ there }) => there)
      .map(one => ({ ...one, try: writeTry('create', one.at, one.content, one.at) }));
    for (const { at, content, try: one } of made)
      if (one.op === 'write') workspace.will({ create: at, beside: `${one.aside ?? at}.new`, content });
    await answer.session.round(made.map(one => one.try));
    const reached: string[] = [];
    for (const { at, content, what } of made) {
      if ((await readFile(at, 'utf8').catch(() => '')) === content) reached.push(what);
      await rm(at, { force: true }).catch(() => {});
    }
    await answer.session.round(made.map(({ at }) => makeTry({ op: 'unwrite', how: 'create', path: at })));
    if (reached.length > 0)
      notes.push(`judge integrity not established: from ${place.report.title}, ${list(reached)} can be changed`);
  }
  return notes;
}

/** Agents that work in this repository outside the declared box: a row for each. */
async function rowsOutside(context: ProbeContext, places: readonly Place[]): Promise<Row[]> {
  if (!places.some(({ report }) => report.id === 'sandbox')) return [];
  const rows = new Map<string, Row>();
  for (const { id, title, pid } of await agentsOutside(context)) {
    const target = title;
    rows.set(id, {
      id: `host:process:${target}`,
      safeguard: 'ISO-1',
      vantage: 'host',
      attempt: 'process',
      target,
      expect: 'deny',
      verdict: 'exposed',
      layer: null,
      escape: null,
      reason: 'runs here outside the declared box',
      evidence: { at: `process ${pid}`, attested: 'host' },
      controls: [],
      severity: 'critical',
      group: 'way-out',
      opens: 'everything that you reach',
      fix: null,
      durationMs: 0,
    });
  }
  return [...rows.values()];
}

/** Guards of our own that somebody loosened by hand: seen in the files, so no try is needed. */
async function loosenedRows(
  { loosened, safeguards, only, readOnly }: SelftestOptions,
  notes: string[],
): Promise<Row[]> {
  if (!loosened || readOnly || (safeguards.length > 0 && !safeguards.includes('GRD-1'))) return [];
  const found = await loosened().catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    notes.push(`whether guards were loosened by hand could not be seen: ${error.problems[0]?.what ?? error.message}`);
    return [];
  });
  const rows = found.map(
    ({ path, reason }): Row => ({
      id: `host:write:${path}#${LOOSENED}`,
      safeguard: 'GRD-1',
      vantage: 'host',
      attempt: 'write',
      target: path,
      expect: 'deny',
      verdict: 'exposed',
      layer: null,
      escape: LOOSENED,
      reason: `loosened by hand: ${reason}`,
      evidence: { at: path, attested: 'host' },
      controls: [],
      severity: 'high',
      group: 'guard',
      fix: null,
      durationMs: 0,
    }),
  );
  return rows.filter(({ id }) => !only || only.has(id));
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
