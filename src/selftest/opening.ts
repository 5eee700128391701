import { reasonOf, UserError } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { didYouMean } from '../base/suggest.ts';
import { list } from '../base/text.ts';
import { runtimeOf } from '../isolation/index.ts';
import { isBoxed } from '../posture/boxed.ts';
import { approved, unapprovedReason } from './approvals.ts';
import { boxOf } from './box.ts';
import type { Cleanup } from './cleanup.ts';
import { type Opened, openSession, type Session } from './session/session.ts';
import type { SelftestOptions, VantageReport } from './types.ts';
import { openVantage, vantageOf } from './vantages/index.ts';
import type { VantageContext } from './vantages/types.ts';

/** From where it is tried: what the report says of it, and what is needed to start it. */
export interface Vantage {
  report: VantageReport;
  context: VantageContext;
}

/**
 * The vantages: the declared one, or those that were asked for, and every `--via` (of which some may be picked). The host
 * always serves as control.
 */
export function vantagesOf({ root, home, posture, vantages, via, facts }: SelftestOptions): Vantage[] {
  const isolation = posture?.posture.isolation;
  const box = posture && boxOf(facts, posture.posture);
  const boxed = isBoxed(isolation);
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
  const vantage = (id: string, context: VantageContext, judged: boolean): Vantage => ({
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
    vantage('host', { root, home }, wanted.includes('host')),
    ...(wanted.includes('sandbox') && box ? [vantage('sandbox', { root, home, box }, true)] : []),
    ...vias.flatMap((id, index) =>
      picked.includes(id) ? [vantage(id, { root, home, command: via[index] as string }, true)] : [],
    ),
  ];
}

/** Starts a vantage; a box that the repository describes only when that was approved. */
export async function openOrExplain(
  vantage: Vantage | undefined,
  options: SelftestOptions,
  cleanup: Cleanup,
): Promise<Opened | undefined> {
  if (!vantage) return undefined;
  const { report, context } = vantage;
  if (report.id === 'sandbox' && context.box) {
    const { box } = context;
    let text: string | undefined;
    const runtime = runtimeOf(box.isolation.runtime);
    if (!runtime) return { ok: false, reason: `runtime "${box.isolation.runtime}" is not started by this version` };
    try {
      text = runtime.approval(box);
    } catch (error) {
      return { ok: false, reason: reasonOf(error) };
    }
    if (text !== undefined) {
      const request = { kind: 'box', text, purpose: 'to start the declared box and try from inside it' } as const;
      if (options.readOnly || !(await approved(options, request)))
        return { ok: false, reason: unapprovedReason('you have not approved what it starts', request) };
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
export async function openControl(
  options: SelftestOptions,
  cleanup: Cleanup,
  notes: string[],
): Promise<Session | undefined> {
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
