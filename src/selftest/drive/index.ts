import type { Driver } from '../../agents/driver.ts';
import { AT_ONCE, longestFirst } from '../../agents/drivers.ts';
import { someAtOnce } from '../../base/all.ts';
import { findProgram } from '../../base/exec.ts';
import { plural } from '../../base/text.ts';
import { runtimeOf } from '../../isolation/index.ts';
import type { Posture } from '../../posture/schema.ts';
import { rowId } from '../row.ts';
import type { Driving, VantageReport } from '../types.ts';
import { unapproved, unheld, whenLaid } from './asking.ts';
import { isBoxedOn, layPosture } from './boxed.ts';
import { type ColumnOptions, type ColumnResult, driveColumn } from './column.ts';
import { keepsRights } from './contain.ts';
import { Ground } from './ground.ts';
import { ASKED_BEFORE, hookRows, hookRowsUntried } from './hook-rows.ts';
import type { Laid } from './lay.ts';
import { isWalled, newerIn } from './prepare.ts';
import { rejectedRow, rowsOf, type Seen } from './rows.ts';
import type { Stage } from './stage.ts';
import { deniedWhole } from './subjects.ts';
import { leftForDeep, triesOf } from './tries.ts';
import { type DriveInput, modeOf, NOT_ALL, orUnavailable, programFor, unavailable, whyNot } from './vantage.ts';

export { askForAgents } from './asking.ts';
export { drivenVantages } from './vantage.ts';

/** Drives each that can be, a few at a time. `given`: the texts that `askForAgents` got approved; nothing else is asked for. */
export async function driveAgents(
  reports: readonly VantageReport[],
  given: ReadonlySet<string>,
  input: DriveInput,
): Promise<void> {
  const { signal, onEvent } = input.options;
  const drive = async (report: VantageReport) => {
    if (report.available)
      for (const text of (await orUnavailable(report, () => driveAgent(report, given, input))) ?? []) input.note(text);
    onEvent?.({ type: 'vantage', id: report.id, available: report.available, reason: report.reason });
  };
  const order = longestFirst(reports, ({ agent }) => agent?.id ?? '');
  await someAtOnce(order, AT_ONCE, drive, signal);
}

/** Drives one agent through all that is to be refused and let through, and judges it. Never rejects for what the agent does. */
async function driveAgent(report: VantageReport, given: ReadonlySet<string>, input: DriveInput): Promise<string[]> {
  const found = programFor(report, input.options);
  if (!found) return [];
  return whenLaid(report, found.driver, input, async (stage, laid, text) => {
    // What was changed since it was asked for is another text.
    if (text !== undefined && !stage.contained) unheld(report, text);
    else if (text !== undefined && !given.has(text)) unapproved(report, text);
    else return drive(report, found.driver, found.program, stage, laid, input);
    return [];
  });
}

/** Whether a program is there: each is looked for once, and is asked about for every way round that needs it. */
function here(root: string): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return name => {
    const found = known.get(name) ?? findProgram(name, [root]) !== undefined;
    known.set(name, found);
    return found;
  };
}

async function drive(
  report: VantageReport,
  driver: Driver,
  program: string,
  stage: Stage,
  laid: Laid,
  { options, lab, tell }: DriveInput,
): Promise<string[]> {
  const { deep, signal, posture, safeguards, only } = options;
  const { root, contained } = stage;
  const { links, subjects, settings, rules, hooksFolder } = laid;
  const boxed = isBoxedOn(stage, posture?.posture);
  if (boxed && posture) layBox(report, driver, stage, posture.posture, options.facts.agents);
  const ground = new Ground(stage, links);
  ground.commit(subjects, hooksFolder);
  const asked = subjects.filter(({ probe }) => safeguards.length === 0 || safeguards.includes(probe.safeguard));
  const spelled = {
    ...{ driver, contained, ...stage.seen, deep, ways: lab?.ways, families: lab?.families, has: here(root) },
  };
  const tries = triesOf(asked, spelled).filter(
    ({ subject, escape: way }) => !only || only.has(rowId(report.id, subject, way?.id ?? null)),
  );
  const mode = modeOf(report);
  const drives = (doing: Driving, done: number, of: number) =>
    options.onEvent?.({ type: 'drive', id: report.id, doing, done, of });
  const how = { driver, program, stage, ground, denied: deniedWhole(rules), mode, boxed, signal, onCall: drives };
  const column = await driveColumn(tries, how);
  const { failure, records, complaint } = column;
  if (failure !== undefined && records.every(record => record.tries.length === 0)) {
    unavailable(report, failure);
    return laid.notes;
  }
  const walled = isWalled(stage, driver, mode);
  const seen = { contained, walled: walled || boxed };
  tell(rowsOf(report, tries, records, seen, failure));
  if (complaint !== undefined) {
    const files = settings.map(({ path }) => ({ path, seen: stage.inside(path) }));
    tell([rejectedRow(report, files, complaint, driver)]);
  }
  const isOfHooks = !only && (safeguards.length === 0 || safeguards.includes('GRD-2'));
  if (isOfHooks) await driveHooks(report, laid, column, how, seen, tell);
  const newer = driver.letsIn && newerIn(stage, report.agent?.version ?? '');
  const left = only ? 0 : leftForDeep(asked, spelled);
  const notes = [
    ...(left > 0 ? [leftNote(left)] : []),
    ...(newer
      ? [`${newer} lies unpacked in the home, and is what its user starts where it updates itself: not tried`]
      : []),
    ...(failure === undefined ? [] : [`${NOT_ALL}: ${failure}`]),
    ...(contained && keepsRights({ boxed, walled }) ? [RIGHTS_NOTE] : []),
    ...(contained ? [] : ['network not contained, and not at the real paths (bubblewrap does not work here)']),
  ].map(note => `${report.title}: ${note}`);
  return [...laid.notes, ...notes, ...column.notes.map(note => `${report.title} ${note}`)];
}

/** The box that the posture declares, of which the report's title tells. */
function layBox(
  report: VantageReport,
  driver: Driver,
  stage: Stage,
  posture: Posture,
  found: DriveInput['options']['facts']['agents'],
): void {
  const ids = [driver.agent.id, ...(posture.agents ?? []), ...found.map(({ id }) => id)];
  layPosture(stage, posture, [...new Set(ids)]);
  report.title += ` in the ${runtimeOf(posture.isolation?.runtime ?? 'none')?.title}`;
}

/** What becomes of the hooks that can refuse something, where they fail. */
async function driveHooks(
  report: VantageReport,
  { hooks }: Laid,
  { records, failure }: ColumnResult,
  how: ColumnOptions,
  seen: Pick<Seen, 'contained'>,
  tell: DriveInput['tell'],
): Promise<void> {
  const guarding = hooks.filter(({ event }) => ASKED_BEFORE.test(event));
  if (guarding.length === 0) return;
  how.onCall?.('hooks', 0, guarding.length);
  const untried = (why: string) => hookRowsUntried(report, guarding, how, why);
  const tried = () => hookRows(report, guarding, records, how, seen).catch(error => untried(whyNot(error)));
  tell(failure === undefined ? await tried() : untried(failure));
}

const leftNote = (left: number) =>
  `${plural(left, 'more spelling')} ${left === 1 ? 'was' : 'were'} not tried; --deep tries ${left === 1 ? 'it' : 'them'}`;

const RIGHTS_NOTE =
  "run by root, it was held by namespaces alone: what makes a sandbox there keeps root's rights over them";
