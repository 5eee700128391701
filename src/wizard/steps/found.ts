import type { Facts, SystemFact } from '../../discover/facts.ts';
import { agentsToDeclare } from '../../isolation/proposal.ts';
import { readAddress } from '../../posture/address.ts';
import { saysProduction } from '../../posture/environment.ts';
import { accessTo, type Posture, type System } from '../../posture/schema.ts';
import { asList, unfit } from '../step.ts';
import type { Answers, StepContext } from '../types.ts';

/** An id as a posture takes it. */
export const ID = /^[a-z0-9][a-z0-9._-]{0,99}$/;

export function looksLikeProduction({ environment, address, seen }: SystemFact, { environments }: Facts): boolean {
  const suggested = environments.find(one => one.id === environment)?.suggested;
  if (suggested !== undefined) return suggested === 'none';
  return [environment, address, seen.path].some(text => text !== undefined && saysProduction(text));
}

/** Systems that the posture already keeps from agents. */
export function forbidden(posture: Posture): System[] {
  return (posture.systems ?? []).filter(system => accessTo(posture, system) === 'none');
}

/** A found address as far as a posture takes it: what the repository's files name may be anything. */
function usableAddress({ kind, address }: SystemFact): string | undefined {
  return address !== undefined && !unfit(address) && readAddress(address, kind).ok ? address : undefined;
}

/** Found systems, those that look like production first, without what the posture already has. */
export function foundSystems({ facts, posture, overlay }: StepContext): SystemFact[] {
  const declared = [...(posture.systems ?? []), ...(overlay?.systems ?? [])];
  const known = new Set(declared.flatMap(({ id, address }) => [id, ...(address ? [address] : [])]));
  const usable = facts.systems
    .filter(({ id }) => ID.test(id) && !unfit(id))
    .map(fact => ({ ...fact, address: usableAddress(fact) }));
  const fresh = usable.filter(({ id, address }) => !known.has(id) && !(address && known.has(address)));
  const rank = (fact: SystemFact) => (looksLikeProduction(fact, facts) ? 0 : 1);
  return fresh.sort((a, b) => rank(a) - rank(b));
}

export function systemTitle({ id, kind, address }: { id: string; kind: string; address?: string | undefined }): string {
  return address ? `${id} (${kind}, ${address})` : `${id} (${kind})`;
}

/** The environment to declare a forbidden system in: its own, unless agents may enter that. */
export function closedEnvironment(name: string | undefined, { facts, posture }: StepContext): string | undefined {
  if (name === undefined || !ID.test(name)) return undefined;
  const declared = posture.environments?.[name];
  const access = declared ? declared.agentAccess : facts.environments.find(({ id }) => id === name)?.suggested;
  return (access ?? 'none') === 'none' ? name : undefined;
}

/** The agents where nobody says which: those of a posture that stands, else those found, or a guess. */
export function agentsUnasked(context: StepContext): readonly string[] {
  const { existing, posture } = context;
  return existing && posture.agents?.length ? posture.agents : agentsToDeclare(context);
}

/** The agents that are chosen, and of what was found only what is about them: what a box is proposed from. */
export function chosenGround(context: StepContext, answers: Answers): StepContext {
  const ids = answers.agents === undefined ? agentsUnasked(context) : asList(answers.agents);
  return {
    ...context,
    posture: { ...context.posture, agents: ids as NonNullable<Posture['agents']> },
    facts: { ...context.facts, agents: context.facts.agents.filter(({ id }) => ids.includes(id)) },
  };
}
