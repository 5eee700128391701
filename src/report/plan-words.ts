import type { ChangeState } from '../generate/types.ts';

/** What a plan does with a file, in the words of the screens and of plain text. */
export const STATE_WORDS: Record<ChangeState, string> = {
  unchanged: 'as it is',
  create: 'new',
  update: 'change',
  merge: 'change',
  conflict: 'conflict',
  loosened: 'loosened',
  delete: 'remove',
  refused: 'refused',
};

/** Changes that the reader has to look at. */
export const TROUBLE: ReadonlySet<ChangeState> = new Set(['conflict', 'refused', 'loosened']);
