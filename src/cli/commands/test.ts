import { resolve } from 'node:path';
import { agents } from '../../agents/index.ts';
import { EXIT, UserError } from '../../base/errors.ts';
import { didYouMean } from '../../base/suggest.ts';
import { escapeCi, list } from '../../base/text.ts';
import { splitWords } from '../../base/words.ts';
import { jsonReport } from '../../report/json.ts';
import { textReport } from '../../report/text.ts';
import { safeguards } from '../../safeguards/catalogue.ts';
import type { Report, SelftestOptions } from '../../selftest/types.ts';
import { approver } from '../approve.ts';
import type { Command, Context, Outcome } from '../command.ts';
import { jsonText } from '../json.ts';
import { keepReport, lastReport } from '../last-report.ts';
import { load } from '../load.ts';
import { noLongerTried } from '../no-longer-tried.ts';
import { screenReport } from '../report-screen.ts';
import { tryNow } from '../trying.ts';

/** `test`: tries what could be reached, and reports. Works without a posture, and then keeps nothing. */
export const command: Command = async context => {
  const { flags, terminal } = context;
  const options = optionsOf(context);
  const { facts, posture } = await load(context);
  const drive = agentsToDrive(
    flags.values('agent'),
    facts.agents.map(({ id }) => id),
  );
  const approve = approver(context, facts.insideAgent);
  const tried = await tryNow({ context, facts, posture, approve, options: { ...options, agents: drive } });
  const whole = withNone(tried, drive, flags.values('agent').length > 0);
  const gone = posture && isWhole(options) ? noLongerTried(await lastReport(context.root), whole) : undefined;
  const report = gone === undefined ? whole : { ...whole, notes: [...whole.notes, gone] };
  const unkept = posture && isWhole(options) ? await keepReport(report) : undefined;
  if (unkept !== undefined) terminal.show(unkept);
  // What is to be handed on is Markdown where nothing else is asked for.
  if (flags.is('share')) {
    const { maskReport } = await import('../../report/share.ts');
    return { ...reportOutcome(maskReport(report)), textAs: 'markdown' };
  }
  const outcome = reportOutcome(report);
  if (!terminal.interactive || flags.value('output') !== undefined) return outcome;
  return screenReport({ context, facts, posture, approve, report });
};

/** A report as the outcome of a command. */
export function reportOutcome(report: Report): Outcome {
  return {
    exitCode: report.exitCode,
    json: jsonReport(report),
    text: style => textReport(report, style),
    formats: formatsOf(report),
  };
}

function formatsOf(report: Report): NonNullable<Outcome['formats']> {
  return {
    markdown: async () => {
      const { markdownReport } = await import('../../report/markdown.ts');
      return markdownReport(report).split('\n').map(escapeCi).join('\n');
    },
    sarif: async () => jsonText((await import('../../report/sarif.ts')).sarifLog(report)),
    junit: async () => (await import('../../report/junit.ts')).junitReport(report),
    html: async () => (await import('../../report/html.ts')).htmlReport(report),
  };
}

function optionsOf({ flags }: Context): Partial<SelftestOptions> {
  const via = flags.values('via');
  for (const command of [...via, ...flags.values('control-via')]) splitWords(command);
  const vantages = flags.values('vantage');
  const known = ['host', 'sandbox', ...via.map((_, index) => `via:${index + 1}`)];
  for (const id of vantages)
    if (!known.includes(id))
      throw new UserError({
        what: `unknown vantage "${id}"${didYouMean(id, known)}; there are ${list(known)}`,
      });
  const wanted = flags.values('safeguard').map(id => id.toUpperCase());
  const ids = safeguards.map(({ id }) => id);
  for (const id of wanted)
    if (!ids.includes(id)) throw new UserError({ what: `unknown safeguard "${id}"${didYouMean(id, ids)}` });
  const baseline = flags.value('baseline');
  return {
    vantages,
    via,
    controlVia: flags.value('control-via'),
    safeguards: wanted,
    deep: flags.is('deep'),
    strict: flags.is('strict'),
    failOn: flags.value('fail-on') === 'new' ? 'new' : 'any',
    baselineFile: baseline === undefined ? undefined : resolve(baseline),
    saveBaseline: flags.is('save-baseline'),
  };
}

/** Whether a run tried all that the posture asks for: only such a report is what `fix` and `status` speak of. */
function isWhole({ vantages = [], safeguards: some = [], via = [] }: Partial<SelftestOptions>): boolean {
  return vantages.length === 0 && some.length === 0 && via.length === 0;
}

function agentsToDrive(given: readonly string[], found: readonly string[]): string[] {
  const known: string[] = agents.map(({ id }) => id);
  for (const id of given)
    if (id !== 'all' && !known.includes(id))
      throw new UserError({
        what: `unknown agent "${id}"${didYouMean(id, [...known, 'all'])}; there are ${list([...known, 'all'])}`,
      });
  return [...new Set(given.flatMap(id => (id === 'all' ? found : [id])))];
}

/** Where all were asked for and there is none, nothing was proven about any. */
function withNone(report: Report, drive: readonly string[], asked: boolean): Report {
  if (!asked || drive.length > 0) return report;
  const note = 'no agent was found here, so --agent all tried none';
  const exitCode = report.exitCode === EXIT.ok ? EXIT.inconclusive : report.exitCode;
  return { ...report, notes: [...report.notes, note], exitCode };
}
