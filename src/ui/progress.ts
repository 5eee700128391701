import type { Row, SelftestEvent } from '../selftest/types.ts';

/** What has been judged so far. */
export interface Progress {
  tries: number;
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
      const add = (verdict: Row['verdict']): number => (row.verdict === verdict ? 1 : 0);
      return {
        ...progress,
        judged: progress.judged + 1,
        reached: progress.reached + (row.accepted ? 0 : add('exposed')),
        held: progress.held + add('blocked'),
        works: progress.works + add('works'),
        tight: progress.tight + (row.accepted ? 0 : add('broken')),
        unproven: progress.unproven + add('inconclusive'),
        last: isOpen(row) ? [...progress.last, row].slice(-KEPT) : progress.last,
      };
    }
  }
}
