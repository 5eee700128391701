import { allEnded } from '../base/all.ts';
import { oneAtATime } from './cleanup.ts';
import { runColumn } from './column.ts';
import { unavailable } from './extra-rows.ts';
import type { Ground } from './ground.ts';
import type { Vantage } from './opening.ts';
import type { Probe } from './probes/types.ts';
import type { Column } from './rows/plans.ts';
import type { Opened, Session } from './session/session.ts';
import type { Row, SelftestOptions } from './types.ts';

/** What is tried from each vantage, on what ground, and who hears of it. */
interface Trying {
  options: SelftestOptions;
  probes: readonly Probe[];
  ground: Ground;
  notes: string[];
  tell(rows: readonly Row[]): void;
}

/**
 * Tries everything from every vantage, side by side, each as soon as it has answered; where one does not, its rows say so.
 */
export async function tryVantages(
  vantages: readonly Vantage[],
  openings: ReadonlyMap<Vantage, Promise<Opened | undefined>>,
  trying: Trying,
): Promise<void> {
  const exclusively = oneAtATime();
  // None goes on behind the end of another: what it lays would stay.
  await allEnded(vantages.map(each => tryVantage(each, openings.get(each), trying, exclusively)));
}

async function tryVantage(
  { report }: Vantage,
  opening: Promise<Opened | undefined> | undefined,
  { options, probes, ground, notes, tell }: Trying,
  exclusively: Column['exclusively'],
): Promise<void> {
  const end = () =>
    options.onEvent?.({ type: 'vantage', id: report.id, available: report.available, reason: report.reason });
  const answer = await opening;
  if (!answer?.ok) {
    report.available = false;
    report.reason = answer?.reason ?? 'it was not started';
    end();
    tell(unavailable(report, probes));
    return;
  }
  const { session } = answer;
  report.facts = session.facts;
  const handshake = await runColumn(
    await columnOf(report.id, report.kind, session, { options, ground, tell, exclusively }),
    probes,
  );
  if (handshake === 'failed' && ground.workspace) {
    report.available = false;
    report.reason = 'it never brought back the decoy planted in the workspace';
  }
  if (handshake === 'hidden')
    notes.push(`${report.title}: it shows nothing of the repository, so no work is possible there and nothing is held`);
  end();
  notes.push(...session.notes.map(note => `${report.title}: ${note}`));
}

async function columnOf(
  id: string,
  kind: Vantage['report']['kind'],
  session: Session,
  { options, ground, tell, exclusively }: Pick<Trying, 'options' | 'ground' | 'tell'> & Pick<Column, 'exclusively'>,
): Promise<Column> {
  const { targets, hostSession } = ground;
  return {
    ...ground,
    id,
    kind: kind === 'host' ? 'host' : 'sandbox',
    root: options.root,
    home: options.home,
    session,
    hostFacts: hostSession?.facts ?? null,
    controlSession: id === 'host' ? undefined : await ground.controlOpening,
    only: options.only && onlyIn(options.only, id),
    exclusively,
    controlCommand: subject => targets.tryCommand(subject),
    controlAfter: async keys => {
      if (hostSession) await targets.tryAfter(hostSession, keys);
    },
    tell,
  };
}

function onlyIn(only: ReadonlySet<string>, vantage: string): ReadonlySet<string> {
  return new Set([...only].filter(id => id.startsWith(`${vantage}:`)));
}
