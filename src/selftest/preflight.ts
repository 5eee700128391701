import { UserError } from '../base/errors.ts';
import { randomHex } from '../base/hash.ts';
import { type Case, OK, type Way } from './case.ts';
import { judge } from './judge.ts';
import type { Session } from './session/session.ts';
import { bringTry, challenge, makeTry } from './tries.ts';
import type { Verdict } from './types.ts';
import type { Observation } from './wire.ts';
import type { Workspace } from './workspace.ts';

/** A case in which nothing is wrong: a refusal that counts. Every other one is made from it. */
export function goodCase(outcome: Observation['outcome'] = 'refused', reason = 'EACCES'): Case {
  const observation = (): Observation => ({ id: randomHex(8), outcome, reason, took: 1 });
  return {
    attempt: 'read',
    expect: 'deny',
    escape: null,
    vantage: { kind: 'sandbox', available: true, reason: null, handshake: true, remote: false, facts: null },
    host: null,
    ways: [
      {
        label: '',
        target: { before: OK, after: OK },
        instrument: { before: OK, after: OK },
        tries: [
          { observation: observation(), alone: false, controlled: true },
          { observation: observation(), alone: true, controlled: true },
        ],
      },
    ],
    others: [],
  };
}

function withWay(subject: Case, way: Partial<Way>): Case {
  return { ...subject, ways: subject.ways.map(one => ({ ...one, ...way })) };
}

/** Known truth, good and bad, as the judge must see it. */
function miniatures(): { name: string; subject: Case; verdict: Verdict }[] {
  const done = goodCase('done', 'read');
  const matched = withWay(done, {
    tries:
      done.ways[0]?.tries.map(tried => ({
        ...tried,
        observation: { ...(tried.observation as Observation), matched: true },
      })) ?? [],
  });
  const good = goodCase();
  return [
    { name: 'a refusal with every control', subject: good, verdict: 'blocked' },
    { name: 'an effect', subject: matched, verdict: 'exposed' },
    { name: 'an effect that is wanted', subject: { ...matched, expect: 'allow' }, verdict: 'works' },
    { name: 'a refusal of what has to work', subject: { ...good, expect: 'allow' }, verdict: 'broken' },
    {
      name: 'a refusal without a control',
      subject: withWay(good, { target: { before: undefined, after: undefined } }),
      verdict: 'inconclusive',
    },
    {
      name: 'a dead vantage',
      subject: { ...good, vantage: { ...good.vantage, available: false } },
      verdict: 'inconclusive',
    },
  ];
}

/**
 * Before anything is judged: known cases through the real judge, and, where something may be planted, a decoy that can
 * be read and one that is not what was expected, through the host's own session. UserError (exit 2) when one comes out wrong.
 */
export async function preflight(session: Session | undefined, workspace: Workspace | undefined): Promise<void> {
  const wrong = miniatures().find(({ subject, verdict }) => judge(subject).verdict !== verdict);
  if (wrong) fail(wrong.name);
  if (!session || !workspace) return;
  const { path, canary } = workspace.decoy();
  const key = randomHex(16);
  const right = makeTry({ op: 'read', way: 'direct', path, challenge: challenge(key, canary) });
  const other = makeTry({ op: 'read', way: 'direct', path, challenge: challenge(key, randomHex(24)) });
  const brought = bringTry(path);
  const seen = await session.round([right, other, brought]);
  const verdictOf = (observation: Observation | undefined): Verdict =>
    judge(withWay(goodCase(), { tries: [{ observation, alone: true, controlled: true }] })).verdict;
  if (verdictOf(seen.get(right.id)) !== 'exposed') fail('a decoy that can be read', seen.get(right.id));
  if (verdictOf(seen.get(other.id)) === 'exposed') fail('a decoy with other content', seen.get(other.id));
  if (seen.get(brought.id)?.brought !== canary) fail('a decoy that comes back', seen.get(brought.id));
}

function fail(name: string, observation?: Observation): never {
  throw new UserError({
    what: `the self-test does not judge rightly on this machine: ${name} came out wrong${observation ? ` (${observation.outcome} ${observation.reason})` : ''}`,
    next: 'nothing was judged; please report this with the output of: agent-posture doctor',
  });
}
