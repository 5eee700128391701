import type { Driver } from '../../agents/driver.ts';
import { bubblewrap } from '../../isolation/bubblewrap/index.ts';
import { approved, unapprovedReason } from '../approvals.ts';
import type { VantageReport } from '../types.ts';
import { runsByItself } from './approval.ts';
import { isBoxedOn } from './boxed.ts';
import { keepsRights } from './contain.ts';
import { type Laid, lay } from './lay.ts';
import { isWalled } from './prepare.ts';
import { Stage } from './stage.ts';
import { type DriveInput, modeOf, orUnavailable, programFor, unavailable } from './vantage.ts';

/**
 * Asks for what each agent would run by itself, before anything takes the terminal: a question that is drawn over is answered
 * blindly. Gives the texts that were approved; an agent whose text was not is unavailable from here on.
 */
export async function askForAgents(
  reports: readonly VantageReport[],
  input: Pick<DriveInput, 'options' | 'probes' | 'lab'>,
): Promise<ReadonlySet<string>> {
  const given = new Set<string>();
  for (const report of reports) {
    const found = programFor(report, input.options);
    if (!found || input.options.signal?.aborted) continue;
    const ask = async ({ contained }: Stage, _laid: Laid, text: string | undefined) => {
      if (text === undefined) return;
      if (!contained) unheld(report, text);
      else if (await approved(input.options, { kind: 'agent', text, purpose: purposeOf(report) })) given.add(text);
      else unapproved(report, text);
    };
    await orUnavailable(report, () => whenLaid(report, found.driver, input, ask));
  }
  return given;
}

/** Lays a stage for an agent, does `work` on it with what has to be approved before anything runs there, and takes it away. */
export async function whenLaid<T>(
  report: VantageReport,
  driver: Driver,
  input: Pick<DriveInput, 'options' | 'probes' | 'lab'>,
  work: (stage: Stage, laid: Laid, text: string | undefined) => Promise<T>,
): Promise<T> {
  const { root, home } = input.options;
  const { available: contained } = await bubblewrap.detect(root);
  const stage = new Stage({ home, root, contained });
  try {
    const laid = await lay(stage, driver, input.probes, { ...input.options, ...input.lab });
    return await work(stage, laid, toApprove(stage, driver, laid, report, input));
  } finally {
    stage.remove();
  }
}

/**
 * What has to be approved for an agent: what it runs by itself, and that root's rights stay where its sandbox needs them. In the box
 * that is declared it has none of them, whoever makes it.
 */
function toApprove(
  stage: Stage,
  driver: Driver,
  { settings, hooks, gitHooks }: Laid,
  report: VantageReport,
  { options }: Pick<DriveInput, 'options'>,
): string | undefined {
  const walled = isWalled(stage, driver, modeOf(report)) && !isBoxedOn(stage, options.posture?.posture);
  const rights = stage.contained && keepsRights({ walled }) ? RIGHTS : undefined;
  const text = [runsByItself(stage, driver, settings, hooks, gitHooks), rights].filter(each => each !== undefined);
  return text.length === 0 ? undefined : text.join('\n');
}

/** As a line of what is approved. */
const RIGHTS =
  'its own sandbox, by the rights of root: run by an ordinary user, nothing there could change anything outside of the copy';

export const unapproved = (report: VantageReport, text: string) =>
  unavailable(
    report,
    unapprovedReason(`you have not approved what it runs by itself (${named(text)})`, { kind: 'agent', text }),
  );

/** What it runs by itself could then reach all that its user can: that is not tried, whoever approves it. */
export const unheld = (report: VantageReport, text: string) =>
  unavailable(
    report,
    `it runs ${named(text)} by itself, and without bubblewrap nothing would keep that from the real home and the network`,
  );

const purposeOf = ({ title }: VantageReport) =>
  `to drive ${title} in a copy of the repository with a home of its own and no network`;

const named = (text = '') => {
  const lines = text.replaceAll(/, sha256 [0-9a-f]+/g, '').split('\n');
  return lines.length > 1 ? `${lines[0]} and ${lines.length - 1} more` : lines[0];
};
