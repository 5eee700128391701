import { list, oneLine, plural } from '../base/text.ts';
import type { Facts } from '../discover/facts.ts';
import type { LoadedPosture } from '../posture/model.ts';
import { VERDICT_WORDS } from '../report/things.ts';
import { selftest } from '../selftest/runner.ts';
import { LEFT_TO_DO, PLAIN_RUN, type Report, type SelftestEvent, type SelftestOptions } from '../selftest/types.ts';
import type { Approve } from './approve.ts';
import { approveBox, declaredBox } from './box.ts';
import type { Context } from './command.ts';
import { withManifest } from './manifest-finding.ts';
import { laidGuards } from './planning.ts';

export interface Trying {
  context: Context;
  facts: Facts;
  posture: LoadedPosture | undefined;
  approve: Approve;
  /** What differs from a plain run. */
  options?: Partial<SelftestOptions>;
}

type Start = (onEvent: (event: SelftestEvent) => void, signal: AbortSignal) => Promise<Report>;

/** A self-test with the defaults of a plain run, to be started once. */
export function starter({ context, facts, posture, approve, options }: Trying): Start {
  let seen: ReturnType<typeof laidGuards> | undefined;
  const look = posture && (() => (seen ??= laidGuards(facts, posture)));
  return async (onEvent, signal) => {
    const report = await selftest({
      root: context.root,
      home: context.home,
      facts,
      posture,
      ...PLAIN_RUN,
      approve,
      loosened: look && (() => withManifest(facts, async () => (await look()).loosened)),
      ...options,
      onEvent,
      signal,
    });
    // What is asked about some rows only is no place for it, nor is a look before anything is set up.
    if (!look || options?.only || options?.readOnly) return report;
    const { todo } = await look().catch(() => ({ todo: [] }));
    return { ...report, notes: [...report.notes, ...todo.map(note => LEFT_TO_DO + note)] };
  };
}

/** Runs it with live rows where somebody watches, and with plain lines on stderr elsewhere. */
export async function tryNow(trying: Trying): Promise<Report> {
  const { terminal, signal } = trying.context;
  const start = starter(trying);
  if (!terminal.interactive || terminal.quiet) return start(event => progress(event, trying.context), signal);
  await askForBox(trying);
  return tryLive(start, trying);
}

/** The box is started while rows are already drawn; the answer is given before. */
async function askForBox({ facts, posture, approve, options = {} }: Trying): Promise<void> {
  const { vantages = [] } = options;
  if (!posture || (vantages.length > 0 && !vantages.includes('sandbox'))) return;
  const declared = await declaredBox(facts, posture);
  if (declared) await approveBox(declared, approve, 'to start the declared box and try from inside it');
}

/**
 * What has to be approved is asked for before anything is tried, in plain lines; only when the tries are planned does the
 * live screen take the terminal, and gets what happened so far.
 */
async function tryLive(start: Start, { context, facts }: Trying): Promise<Report> {
  const controller = new AbortController();
  const stop = () => controller.abort(context.signal.reason);
  context.signal.addEventListener('abort', stop, { once: true });
  const early: SelftestEvent[] = [];
  let sink: ((event: SelftestEvent) => void) | undefined;
  let planned: () => void = () => {};
  const isPlanned = new Promise<void>(resolve => {
    planned = resolve;
  });
  const report = start(event => {
    if (sink) sink(event);
    else early.push(event);
    if (event.type === 'planned') planned();
  }, controller.signal);
  try {
    await Promise.race([isPlanned, report]);
    const { runLiveTest } = await import('../ui/index.tsx');
    return await runLiveTest(
      (onEvent, signal) => {
        signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
        for (const event of early.splice(0)) onEvent(event);
        sink = onEvent;
        return report;
      },
      { ...screen(context), title: facts.project },
    );
  } finally {
    context.signal.removeEventListener('abort', stop);
  }
}

/** How a screen is drawn here. */
export function screen({ terminal }: Context): { color: boolean; unicode: boolean; screenReader: boolean } {
  const { color, unicode } = terminal.style;
  return { color, unicode, screenReader: Boolean(terminal.streams.env.INK_SCREEN_READER) };
}

/** One event as a line of progress. Rows only with --verbose: the report has them. */
export function progress(event: SelftestEvent, { terminal }: Context): void {
  if (event.type === 'planned')
    terminal.note(
      `trying ${plural(event.tries, 'thing')} from ${list(event.vantages.map(({ title }) => oneLine(title))) || 'nowhere'}`,
    );
  else if (event.type === 'vantage' && !event.available)
    terminal.note(`${oneLine(event.id)} could not be tried: ${oneLine(event.reason ?? 'it did not answer')}`);
  else if (event.type === 'drive' && event.done === 0 && event.doing === 'calls')
    terminal.note(`${oneLine(event.id)}: ${plural(event.of, 'call')} through the agent`);
  else if (event.type === 'row' && terminal.style.verbose)
    terminal.note(`${VERDICT_WORDS[event.row.verdict].padEnd(10)} ${oneLine(event.row.id)}`);
}
