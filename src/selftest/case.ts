import type { Attempt } from './types.ts';
import type { WayRound } from './ways-round.ts';
import type { Observation, VantageFacts } from './wire.ts';

/** Whether something worked where it had to. `reason` is the system's code, or a word, when it did not. */
export interface Check {
  ok: boolean;
  reason: string;
}

/** It worked. */
export const OK: Check = { ok: true, reason: '' };

/** One try as it came back. Undefined: nothing came for its id, or two results did, which makes both void. */
export interface Tried {
  observation: Observation | undefined;
  /** What had to come back, where a decoy was read. */
  canary?: string | undefined;
  /** Tried a second time, in another order and without what may have stood in its way. */
  alone: boolean;
  /** A permitted sibling succeeded in the same round. */
  controlled: boolean;
}

/** One name or route by which a row's target was tried. Most rows have one; an address has one for each of its own. */
export interface Way {
  /** `127.0.0.1:5432`, `db.example.com:5432 through proxy:3128`; empty where there is only one. */
  label: string;
  /** The same thing done by the host (or by `--control-via`). Undefined: no control was made. */
  target: { before: Check | undefined; after: Check | undefined };
  /** The same tool and spelling on a permitted sibling, in this vantage; of the same network family. */
  instrument: { before: Check | undefined; after: Check | undefined };
  tries: readonly Tried[];
  /** The host saw the effect itself: the file changed, the ref moved. Undefined: the effect cannot be seen from outside. */
  seenOutside?: boolean | undefined;
}

/** What came of a way round or another source of the same target, as far as the literal row's refusal leans on it. */
export interface Other {
  name: WayRound;
  /** It was tried, and something came of it that can be judged. */
  answered: boolean;
}

/** All that the judge looks at for one row. */
export interface Case {
  attempt: Attempt;
  expect: 'deny' | 'allow';
  escape: string | null;
  vantage: {
    kind: 'host' | 'sandbox';
    available: boolean;
    reason: string | null;
    /** It brought back the decoy that was planted in the workspace (or, far away, by the control's way). */
    handshake: boolean;
    /** It runs on this very machine and shows nothing of the repository: no work is possible there. */
    hidden?: boolean | undefined;
    /** It does not see this machine's files: only `--control-via` can make its controls. */
    remote: boolean;
    facts: VantageFacts | null;
  };
  host: VantageFacts | null;
  ways: readonly Way[];
  /** Ways round and sources that must have been tried before a refusal at the literal target means anything. */
  others: readonly Other[];
  /** Names of the same file by hard links: how many there are beside the literal one, and how many of them could be tried. */
  links?: { total: number; tried: number } | undefined;
}
