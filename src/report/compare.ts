import type { Report } from '../selftest/types.ts';
import { commonReason, named, type Thing, things } from './things.ts';

/** A first look and the try after it, over the same things. */
export interface BeforeAfter {
  /** Things that the first look reached. */
  before: number;
  /** How many of them are reached now; undefined where none of them could be proven to be or not. */
  after: number | undefined;
  /** How many of them are not proven now. */
  notProven: number;
  /** Why most of those are not. */
  reason: string | undefined;
  /** Things that are reached now and were not then. */
  more: Thing[];
  /** Whether it was tried again in the declared box alone: outside of it nothing has changed. */
  boxed: boolean;
  /** Whether the first look tried none of `more`: it is read-only, and tries less. */
  untried: boolean;
}

/**
 * What of `before` is still reached in `after`, by what was tried on what, wherever from. The first look tries less, so
 * what is reached beside it is told apart and not counted against it.
 */
export function compare(before: Report, after: Report): BeforeAfter {
  const keyOf = ({ attempt, target }: Thing) => JSON.stringify([attempt, target]);
  const keys = (list: readonly Thing[]) => new Set(list.map(keyOf));
  const first = things(before);
  const now = things(after);
  const was = keys(first.filter(({ state }) => state === 'reached'));
  const tried = keys(first.filter(({ state }) => state !== 'not tried'));
  const reached = now.filter(({ state }) => state === 'reached');
  const still = keys(reached.filter(thing => was.has(keyOf(thing))));
  const unproven = now.filter(
    thing => thing.state === 'not proven' && was.has(keyOf(thing)) && !still.has(keyOf(thing)),
  );
  const notProven = keys(unproven).size;
  const more = reached.filter(thing => !was.has(keyOf(thing)));
  const judged = after.vantages.filter(vantage => vantage.judged);
  const gone = judged.filter(({ available }) => !available);
  const nothing = gone.length === judged.length || (notProven > 0 && notProven === was.size);
  return {
    before: was.size,
    after: nothing ? undefined : still.size,
    notProven,
    reason: gone[0]?.reason ?? commonReason(unproven),
    more,
    boxed: judged.length > 0 && judged.every(({ id }) => id === 'sandbox'),
    untried: more.every(thing => !tried.has(keyOf(thing))),
  };
}

/** `1 reached in the box, 2 not proven`, or `not proven`. */
export function afterWords({ after, more, notProven, boxed }: BeforeAfter): string {
  if (after === undefined) return 'not proven';
  return `${after + more.length} reached${boxed ? ' in the box' : ''}${notProven > 0 ? `, ${notProven} not proven` : ''}`;
}

/** What stands under before and after: why it is not proven, and what the first look left out. Names are as they came. */
export function compareNotes({ before, notProven, after, reason, more, untried, boxed }: BeforeAfter): string[] {
  const unlooked = `the first look did not ${untried ? 'try' : 'reach'}: ${named(more.map(({ target }) => target))}`;
  return [
    ...(reason !== undefined && (after === undefined || notProven > 0) ? [`not proven: ${reason}`] : []),
    ...(more.length > 0 ? [after ? `${more.length} of these ${unlooked}` : `What is reached now, ${unlooked}`] : []),
    ...(boxed && after !== undefined && before > 0
      ? [
          `An agent that is started outside the box still reaches ${before === 1 ? 'the one' : `all ${before}`} from before, if not more.`,
        ]
      : []),
  ];
}
