import type { Case, Check, Tried, Way } from './case.ts';
import { inWords, isListed, layerOf, SATURATED } from './reasons.ts';
import type { Evidence, Layer, Verdict } from './types.ts';
import { isOtherName, WAYS_ROUND } from './ways-round.ts';
import type { Observation } from './wire.ts';

export interface Judgement {
  verdict: Verdict;
  layer: Layer | null;
  reason: string;
  evidence: Evidence | null;
}

/**
 * A rule of the judge: it speaks against a conclusion, and never for one. What is left when no rule speaks is the
 * verdict that the observations say by themselves.
 */
export interface Rule {
  name: string;
  /** The line of DESIGN's list, or `law 1`. */
  of: string;
  /** Why the case can have no verdict at all. */
  void?(subject: Case): string | undefined;
  /** Why an apparent effect is none. `refusal`: it counts as this refusal instead; `unclear`: it proves nothing. */
  noEffect?(tried: Tried, way: Way, subject: Case): { refusal: string } | { unclear: string } | undefined;
  /** Why the refusal proves nothing. */
  notHeld?(subject: Case, refusals: readonly Refusal[]): string | undefined;
  /** Whether it also guards `broken`: it tells that the try itself did not happen, or that the host could not do it either. */
  alsoBroken?: true;
}

/** A try that was refused, and by which word. */
export interface Refusal {
  way: Way;
  tried: Tried;
  reason: string;
}

const COMPARED: ReadonlySet<string> = new Set(['read', 'list', 'env']);

/** What is found by a name, and may have others. */
const NAMED: ReadonlySet<Case['attempt']> = new Set(['read', 'socket']);

/** The rules, in the order in which their reasons are the more useful to the reader. */
export const RULES: readonly Rule[] = [
  {
    name: 'vantage-answered',
    of: 'law 1',
    void: ({ vantage }) =>
      vantage.available ? undefined : `could not be tried from here: ${vantage.reason ?? 'it did not answer'}`,
  },
  {
    name: 'served',
    of: '16',
    void: ({ ways }) =>
      ways.some(way => way.tries.some(({ observation }) => observation === undefined))
        ? 'no single result came back for this try; run it again'
        : ways.length === 0
          ? 'it was not tried'
          : undefined,
  },
  {
    name: 'own-canary',
    of: '11',
    noEffect: ({ observation, canary }) => {
      if (canary === undefined || observation?.outcome !== 'done') return undefined;
      if (observation.brought === canary) return undefined;
      return { unclear: 'what came back is not the decoy of this try, so nothing can be said' };
    },
  },
  {
    name: 'content-matched',
    of: '2',
    noEffect: ({ observation, canary }, _way, { attempt }) => {
      if (canary !== undefined || !COMPARED.has(attempt) || observation?.outcome !== 'done') return undefined;
      if (observation.matched === true || (attempt === 'env' && observation.matched === undefined)) return undefined;
      if (observation.matched === false) return { refusal: 'masked' };
      return { unclear: 'something was read, but it could not be compared with what the host has' };
    },
  },
  {
    name: 'seen-from-outside',
    of: '7',
    noEffect: ({ observation }, { seenOutside }, { attempt }) =>
      observation?.outcome === 'done' && seenOutside === false && (attempt === 'write' || attempt === 'push')
        ? { refusal: attempt === 'push' ? 'rejected' : 'own-layer' }
        : undefined,
  },
  {
    name: 'server-spoke',
    of: '8',
    noEffect: ({ observation }) =>
      observation?.outcome === 'closed' || observation?.outcome === 'silent'
        ? {
            unclear:
              observation.outcome === 'closed'
                ? 'something accepted the connection and closed it at once; that may be a proxy before a dead server'
                : 'something accepted the connection and said nothing; that may be a proxy before a dead server',
          }
        : undefined,
  },
  {
    name: 'tool-present',
    of: 'law 1',
    alsoBroken: true,
    notHeld: (_subject, refusals) => {
      const missing = refusals.find(({ tried }) => tried.observation?.outcome === 'unable');
      return missing && `${missing.reason || 'a tool'} is missing there, so it could not be tried`;
    },
  },
  {
    name: 'ran',
    of: '16',
    alsoBroken: true,
    notHeld: (_subject, refusals) => {
      const failed = refusals.find(
        ({ tried, reason }) => tried.observation?.outcome === 'error' && !SATURATED.has(reason),
      );
      return failed && `the try itself failed (${failed.reason || 'error'}), so it proves nothing; run it again`;
    },
  },
  {
    name: 'not-saturated',
    of: '10',
    alsoBroken: true,
    notHeld: (_subject, refusals) => {
      const short = refusals.find(({ reason }) => SATURATED.has(reason));
      return short && `the machine was short of something (${short.reason}); run it again when it is less busy`;
    },
  },
  {
    name: 'remote-control',
    of: '17',
    notHeld: ({ vantage, ways }, refusals) => {
      if (!vantage.remote) return undefined;
      if (!ways.some(({ target }) => target.before))
        return 'this place is on another machine; name a way to make the control there with --control-via';
      return refusals.some(({ reason }) => reason === 'masked')
        ? 'it was opened on another machine, and what it holds cannot be compared from here'
        : undefined;
    },
  },
  {
    name: 'handshake',
    of: 'law 1',
    alsoBroken: true,
    notHeld: ({ vantage, expect, attempt }, refusals) => {
      if (vantage.handshake) return undefined;
      if (!vantage.hidden)
        return 'it never brought back the decoy planted in the workspace, so no refusal there counts';
      return expect === 'allow' && refusals.every(({ reason }) => isListed(attempt, reason))
        ? undefined
        : 'it shows nothing of the repository, so no refusal there counts';
    },
  },
  {
    name: 'mask-read-again',
    of: '1',
    notHeld: (_subject, refusals) =>
      refusals.some(({ reason, way }) => reason === 'masked' && way.target.before?.ok && way.target.after === undefined)
        ? 'other content came back, and the file was not read again by the host to see that it did not change'
        : undefined,
  },
  {
    name: 'target-alive',
    of: 'law 1',
    alsoBroken: true,
    notHeld: (subject, refusals) => {
      for (const { way } of refusals) {
        const { before } = way.target;
        if (!before?.ok) return hostFailed(subject, before?.reason);
      }
      const late = refusals.find(({ way }) => !way.target.after?.ok);
      return late && `${hostFailed(subject, late.way.target.after?.reason)} (it still worked before)`;
    },
  },
  {
    name: 'instrument-before',
    of: 'law 1',
    notHeld: (_subject, refusals) => {
      const without = refusals.find(({ way }) => !way.instrument.before?.ok);
      return without && instrumentFailed(without.way.instrument.before);
    },
  },
  {
    name: 'instrument-after',
    of: '12',
    notHeld: (_subject, refusals) => {
      const without = refusals.find(({ way }) => !way.instrument.after?.ok);
      return without && `${instrumentFailed(without.way.instrument.after)} any more after it`;
    },
  },
  {
    name: 'timeout-twice',
    of: '9',
    notHeld: (_subject, refusals) =>
      refusals.some(
        ({ way, tried }) =>
          tried.observation?.outcome === 'timeout' &&
          !refusals.some(other => other.way === way && other.tried.alone && other.tried.controlled),
      )
        ? 'it ran out of time once, and a second try by itself with a working control is missing'
        : undefined,
  },
  {
    name: 'controls-interleaved',
    of: '12',
    notHeld: (_subject, refusals) =>
      refusals.some(({ tried }) => !tried.controlled)
        ? 'no permitted try succeeded beside it in the same round, so the refusal may have been for another cause'
        : undefined,
  },
  {
    name: 'tried-again',
    of: '12',
    notHeld: (_subject, refusals) =>
      refusals.every(({ way }) => refusals.some(other => other.way === way && other.tried.alone))
        ? undefined
        : 'it was refused once and not tried again by itself',
  },
  {
    name: 'every-route',
    of: '9',
    notHeld: ({ ways }, refusals) => {
      const open = ways.find(way => way.target.before?.ok && !refusals.some(refusal => refusal.way === way));
      return open && `${open.label || 'one route'} was not tried`;
    },
  },
  {
    name: 'listed-reason',
    of: 'law 1',
    notHeld: ({ attempt }, refusals) => {
      const odd = refusals.find(({ reason }) => !isListed(attempt, reason));
      return odd && `refused for a reason that proves nothing (${odd.reason || 'none given'})`;
    },
  },
  {
    name: 'names-are-not-objects',
    of: '1',
    notHeld: ({ escape: round, others, attempt }, refusals) => {
      if (round !== null || !NAMED.has(attempt) || !refusals.some(({ reason }) => reason === 'ENOENT'))
        return undefined;
      const missing = others.find(({ name, answered }) => isOtherName(name) && !answered);
      return missing && `not found there by this name, but ${WAYS_ROUND[missing.name].said} could not be tried`;
    },
  },
  {
    name: 'hard-links',
    of: '1',
    notHeld: ({ escape: round, links, attempt }) =>
      round === null && attempt === 'read' && links !== undefined && links.tried < links.total
        ? 'the same file has other names by hard links, and not all of them were found and tried'
        : undefined,
  },
  {
    name: 'identity-cannot-lift',
    of: '13',
    notHeld: ({ attempt, vantage, escape: round, others }, refusals) => {
      const uid = vantage.facts?.uid;
      for (const { reason, tried } of refusals) {
        const { owner, mode, part = 'itself' } = tried.observation ?? {};
        if (!['EACCES', 'EPERM'].includes(reason) || uid === undefined || owner !== uid || mode === undefined) continue;
        if (liftable(attempt, part, mode))
          return `refused only by the mode of a ${part === 'folder' ? 'folder' : 'file'} that the same user owns; chmod lifts that, and it was not tried`;
      }
      if (round !== null || !canAdminister(vantage.facts?.capabilities)) return undefined;
      const missing = others.find(({ name, answered }) => (name === 'umount' || name === 'nsenter') && !answered);
      return missing && `the user there has the rights for ${missing.name}, and that could not be tried`;
    },
  },
  {
    name: 'every-source',
    of: '14',
    notHeld: ({ attempt, escape: round, others }) => {
      if (attempt !== 'env' || round !== null) return undefined;
      const missing = others.find(({ answered }) => !answered);
      return missing && `not set there, but ${WAYS_ROUND[missing.name].said} could not be looked at`;
    },
  },
  {
    name: 'descriptors',
    of: '15',
    notHeld: ({ attempt, escape: round, others }) =>
      attempt === 'read' && round === null && others.some(({ name, answered }) => name === 'open-fd' && !answered)
        ? 'open descriptors of other processes could not be looked at'
        : undefined,
  },
];

/** CAP_SYS_ADMIN, number 21 in capability.h. */
function canAdminister(capabilities: string | undefined): boolean {
  return /^[0-9a-f]{1,16}$/i.test(capabilities ?? '') && (BigInt(`0x${capabilities}`) & (1n << 21n)) !== 0n;
}

/** What the owner's bits have to be for each attempt, on the thing itself and on a folder on the way to it. */
const OWNERS_BITS: Partial<Record<Case['attempt'], { itself: number; folder: number }>> = {
  read: { itself: 0o400, folder: 0o100 },
  list: { itself: 0o500, folder: 0o100 },
  write: { itself: 0o600, folder: 0o300 },
  socket: { itself: 0o200, folder: 0o100 },
};

/** It is the mode that refuses, and the owner may change it. */
function liftable(attempt: Case['attempt'], part: 'itself' | 'folder', mode: string): boolean {
  const needed = OWNERS_BITS[attempt]?.[part] ?? 0o400;
  return (Number.parseInt(mode, 8) & needed) !== needed;
}

function hostFailed({ attempt }: Case, reason: string | undefined): string {
  const why = reason ? ` (${inWords(reason)})` : '';
  switch (attempt) {
    case 'connect':
    case 'request':
      return `your own connection failed too${why}; start it or connect the VPN, and try again`;
    case 'resolve':
      return `the name is not known to this machine either${why}; connect the VPN, and try again`;
    case 'socket':
      return `nothing answers at this socket for you either${why}; start it, and try again`;
    case 'push':
      return `your own push could not be tried${why}`;
    default:
      return `it does not work for you outside either${why}, so a refusal says nothing`;
  }
}

function instrumentFailed(check: Check | undefined): string {
  return `the same way of trying does not work there on something that is permitted${check?.reason ? ` (${inWords(check.reason)})` : ''}`;
}

/** What a try did, before any rule has spoken: an accepted connection counts as an effect, anything else undone as a refusal. */
function apparentEffect({ outcome }: Observation): boolean {
  return outcome === 'done' || outcome === 'silent' || outcome === 'closed';
}

/**
 * The verdict on one row. Total and pure: any case gets exactly one verdict. `exposed` and `works` need an effect;
 * `blocked` needs a refusal that no rule speaks against; everything else is inconclusive, with the reason.
 */
export function judge(subject: Case, rules: readonly Rule[] = RULES): Judgement {
  const inconclusive = (reason: string): Judgement => ({
    verdict: 'inconclusive',
    layer: null,
    reason,
    evidence: null,
  });
  for (const rule of rules) {
    const reason = rule.void?.(subject);
    if (reason !== undefined) return inconclusive(reason);
  }
  const refusals: Refusal[] = [];
  let unclear: string | undefined;
  for (const way of subject.ways)
    for (const tried of way.tries) {
      const { observation } = tried;
      if (!observation) continue;
      if (!apparentEffect(observation)) {
        refusals.push({ way, tried, reason: refusalWord(observation) });
        continue;
      }
      const objection = firstObjection(rules, tried, way, subject);
      if (objection === undefined) return reached(subject, way, observation);
      if ('refusal' in objection) refusals.push({ way, tried, reason: objection.refusal });
      else unclear ??= objection.unclear;
    }
  if (unclear !== undefined) return inconclusive(unclear);
  if (refusals.length === 0) return inconclusive('it was not tried');
  const broken = subject.expect === 'allow';
  // An uncontrolled route that is refused says nothing and asks for nothing, as long as a controlled one was refused.
  const controlled = refusals.filter(({ way }) => way.target.before?.ok);
  const counted = controlled.length > 0 ? controlled : refusals;
  for (const rule of rules) {
    if (broken && !rule.alsoBroken) continue;
    const reason = rule.notHeld?.(subject, counted);
    if (reason !== undefined) return inconclusive(reason);
  }
  return broken ? tooTight(subject, counted) : held(subject, counted);
}

function firstObjection(rules: readonly Rule[], tried: Tried, way: Way, subject: Case) {
  for (const rule of rules) {
    const objection = rule.noEffect?.(tried, way, subject);
    if (objection) return objection;
  }
  return undefined;
}

function refusalWord({ outcome, reason }: Observation): string {
  if (outcome === 'timeout') return 'timeout';
  if (outcome === 'none') return 'none';
  return reason;
}

function reached(subject: Case, way: Way, observation: Observation): Judgement {
  const evidence: Evidence = {
    ...(observation.matched === undefined ? {} : { matched: observation.matched }),
    ...(observation.size === undefined ? {} : { size: observation.size }),
    ...(observation.at || way.label ? { at: observation.at || way.label } : {}),
    ...(observation.status === undefined ? {} : { status: observation.status }),
    attested: way.seenOutside === true || subject.vantage.kind === 'host' ? 'host' : 'vantage',
  };
  if (subject.expect === 'allow') return { verdict: 'works', layer: null, reason: WORKED[subject.attempt], evidence };
  const by = subject.escape && observation.at ? ` by ${observation.at}` : '';
  const copied = observation.reason === 'copy' ? ': a copy of it' : '';
  return { verdict: 'exposed', layer: null, reason: `${REACHED[subject.attempt]}${copied}${by}`, evidence };
}

function held(subject: Case, refusals: readonly Refusal[]): Judgement {
  const { reason, tried } = refusals[0] as Refusal;
  const evidence: Evidence = {
    ...(tried.observation?.at ? { at: tried.observation.at } : {}),
    ...(tried.observation?.status === undefined ? {} : { status: tried.observation.status }),
    attested: 'vantage',
  };
  return { verdict: 'blocked', layer: layerOf(subject, reason), reason: inWords(reason), evidence };
}

function tooTight(subject: Case, refusals: readonly Refusal[]): Judgement {
  const { reason, tried } = refusals[0] as Refusal;
  const code = tried.observation?.code;
  const why = subject.attempt === 'exec' && code !== undefined ? `ended with ${code}` : inWords(reason);
  return { verdict: 'broken', layer: layerOf(subject, reason), reason: why, evidence: { attested: 'vantage' } };
}

const REACHED: Readonly<Record<Case['attempt'], string>> = {
  read: 'opened',
  list: 'listed',
  write: 'changed',
  env: 'readable',
  connect: 'accepted a connection',
  resolve: 'name resolved',
  request: 'answered a request',
  socket: 'answered',
  process: "another process's environment was read",
  push: 'a push went through',
  exec: 'handed out what it guards',
};

const WORKED: Readonly<Record<Case['attempt'], string>> = {
  read: 'readable',
  list: 'listed',
  write: 'writable',
  env: 'set',
  connect: 'reachable',
  resolve: 'name resolved',
  request: 'answered',
  socket: 'answered',
  process: 'seen',
  push: 'accepted',
  exec: 'ran through',
};
