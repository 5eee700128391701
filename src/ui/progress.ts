import type { Row, SelftestEvent } from '../selftest/types.ts';

/** What has been judged so far. */
export interface Progress {
  /** Things to be tried, as far as is known. */
  tries: number;
  /** The worst verdict of each; undefined where all so far is accepted. */
  things: ReadonlyMap<string, Row['verdict'] | undefined>;
  judged: number;
  reached: number;
  held: number;
  works: number;
  tight: number;
  unproven: number;
  /** The last reached or too tight rows, newest last. */
  last: readonly Row[];
  vantages: readonly { id: string; title: string; down: string | null }[];
}

export const NOTHING_YET: Progress = {
  tries: 0,
  things: new Map(),
  judged: 0,
  reached: 0,
  held: 0,
  works: 0,
  tight: 0,
  unproven: 0,
  last: [],
  vantages: [],
};

/** Whether a row asks for something to be done. */
function isOpen(row: Row): boolean {
  return (row.verdict === 'exposed' || row.verdict === 'broken') && !row.accepted;
}

/** More than any window shows. */
const KEPT = 100;

export function advance(progress: Progress, event: SelftestEvent): Progress {
  switch (event.type) {
    case 'planned':
      return {
        ...progress,
        tries: event.tries,
        vantages: event.vantages.map(vantage => ({ ...vantage, down: null })),
      };
    case 'vantage':
      return {
        ...progress,
        vantages: progress.vantages.map(vantage =>
          vantage.id === event.id && !event.available ? { ...vantage, down: event.reason ?? 'no answer' } : vantage,
        ),
      };
    case 'row': {
      const { row } = event;
      const things = judgedWith(progress.things, row);
      const of = (verdict: Row['verdict']): number => [...things.values()].filter(each => each === verdict).length;
      return {
        ...progress,
        things,
        tries: Math.max(progress.tries, things.size),
        judged: things.size,
        reached: of('exposed'),
        held: of('blocked'),
        works: of('works'),
        tight: of('broken'),
        unproven: of('inconclusive'),
        last: isOpen(row) ? [...progress.last, row].slice(-KEPT) : progress.last,
      };
    }
  }
}

/** The worse first: one way round that is open makes a thing reached. */
const WORSE: readonly (Row['verdict'] | undefined)[] = ['exposed', 'broken', 'inconclusive', 'blocked', 'works'];

/** As the report counts: a thing with its ways round is one, what is accepted is neither, what is not there does not count. */
function judgedWith(things: Progress['things'], row: Row): Progress['things'] {
  if (row.verdict === 'skipped') return things;
  const key = JSON.stringify([row.vantage, row.attempt, row.target, row.expect]);
  const before = things.get(key);
  const verdict = row.accepted ? undefined : row.verdict;
  const worse = before !== undefined && WORSE.indexOf(before) < WORSE.indexOf(verdict ?? before);
  return new Map(things).set(key, worse || verdict === undefined ? before : verdict);
}
