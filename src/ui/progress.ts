import { plural } from '../base/text.ts';
import { type Counts, count, type Thing, things, thingsOf } from '../report/things.ts';
import type { Row, SelftestEvent } from '../selftest/types.ts';

/** What has been told so far. */
export interface Progress {
  /** Things that there may be: as many as are planned, those too that are not tried. */
  things: number;
  rows: readonly Row[];
  vantages: readonly { id: string; title: string; down: string | null }[];
  /** Agents that are driven just now, by id: how far each has come. */
  drives: ReadonlyMap<string, Drive>;
}

export type Drive = Pick<Extract<SelftestEvent, { type: 'drive' }>, 'doing' | 'done' | 'of'>;

const DOING: Record<Drive['doing'], (drive: Drive) => string> = {
  calls: ({ done, of }) => `${done} of ${plural(of, 'call')}`,
  again: ({ done, of }) => `what it refused once more, ${done} of ${of}`,
  controls: ({ done, of }) => `the same on what nothing refuses, ${done} of ${of}`,
  hooks: ({ of }) => `making ${of === 1 ? 'its hook' : `its ${of} hooks`} fail`,
};

/** `Codex 0.169.0: 34 of 91 calls`, one line for each agent that is driven just now. */
export function driveLines({ drives, vantages }: Progress): string[] {
  return [...drives].map(([id, drive]) => {
    const title = vantages.find(vantage => vantage.id === id)?.title ?? id;
    return `${title}: ${DOING[drive.doing](drive)}`;
  });
}

export const NOTHING_YET: Progress = { things: 0, rows: [], vantages: [], drives: new Map() };

export function advance(progress: Progress, event: SelftestEvent): Progress {
  switch (event.type) {
    case 'planned':
      return {
        ...progress,
        things: event.things,
        vantages: event.vantages.map(vantage => ({ ...vantage, down: null })),
      };
    case 'drive': {
      const { id, doing, done, of } = event;
      return { ...progress, drives: new Map([...progress.drives, [id, { doing, done, of }]]) };
    }
    case 'vantage':
      return {
        ...progress,
        drives: new Map([...progress.drives].filter(([id]) => id !== event.id)),
        vantages: progress.vantages.map(vantage =>
          vantage.id === event.id && !event.available ? { ...vantage, down: event.reason ?? 'no answer' } : vantage,
        ),
      };
    case 'row':
      return { ...progress, rows: [...progress.rows, event.row] };
  }
}

/** The same as things, counted as the report will count them. */
export interface Standing {
  counts: Counts;
  /** Things with a verdict, and of how many; 0 as long as that is not known. */
  judged: number;
  of: number;
  /** What asks for something to be done, in the report's order, the gravest first. */
  open: readonly Thing[];
  /** Everything else that was tried, in the order in which it came. */
  others: readonly Thing[];
}

export function standing({ things: planned, rows }: Progress): Standing {
  const list = thingsOf(rows);
  const tried = list.filter(({ state }) => state !== 'not tried');
  const isOpen = ({ state }: Thing) => state === 'reached' || state === 'too tight';
  return {
    counts: count(list),
    judged: tried.length,
    of: list.length > 0 ? Math.max(planned - (list.length - tried.length), tried.length) : 0,
    open: things({ rows }).filter(isOpen),
    others: tried.filter(thing => !isOpen(thing)),
  };
}
