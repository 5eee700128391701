import { kindOfPort, readAddress, SCHEMES } from '../../posture/address.ts';
import type { PostureEdit } from '../../posture/model.ts';
import type { System } from '../../posture/schema.ts';
import { asList, asText, notAmong, slug, unfit } from '../step.ts';
import type { Answer, Answers, PlainStep, StepContext } from '../types.ts';
import { closedEnvironment, forbidden, foundSystems, looksLikeProduction, systemTitle } from './found.ts';

/** No id of a system: those are lower-case. */
const OTHER = 'OTHER';

/** The edits that declare systems, and their environments where those are new. */
function declareSystems(fresh: readonly System[], context: StepContext): PostureEdit[] {
  const names = [...new Set(fresh.flatMap(({ environment }) => environment ?? []))];
  const known = new Set(Object.keys(context.posture.environments ?? {}));
  return [
    ...names
      .filter(name => !known.has(name))
      .map(name => ({ path: ['environments', name], value: { agentAccess: 'none' } })),
    ...(fresh.length > 0 ? [{ path: ['systems'], value: [...(context.posture.systems ?? []), ...fresh] }] : []),
  ];
}

/**
 * Typed systems, those whose address is kept private under names that do not tell it: a name goes into the file that is
 * committed, and is made from the host here. A found one keeps the name by which the answers speak of it.
 */
function discreetly(fresh: readonly System[], { posture }: StepContext, answers: Answers): System[] {
  const hidden = asList(answers.private);
  const taken = new Set([...(posture.systems ?? []), ...fresh].map(({ id }) => id));
  return fresh.map(system => {
    if (!hidden.includes(system.id) || !tellsAddress(system)) return system;
    const kind = system.kind === 'other' ? 'system' : system.kind;
    const id = free(system.environment === undefined ? kind : `${system.environment}-${kind}`, taken);
    return { ...system, id };
  });
}

/** Whether the name of a system is part of its address. */
export function tellsAddress({ id, address }: Pick<System, 'id' | 'address'>): boolean {
  return address !== undefined && slug(address, address.length).includes(slug(id, id.length));
}

function free(base: string, taken: Set<string>): string {
  let id = base;
  for (let count = 2; taken.has(id); count++) id = `${base}-${count}`;
  taken.add(id);
  return id;
}

function chosenSystems(answer: Answer | undefined, context: StepContext): System[] {
  const chosen = asList(answer);
  return foundSystems(context)
    .filter(({ id }) => chosen.includes(id))
    .map(fact => {
      const environment = closedEnvironment(fact.environment, context);
      return {
        id: fact.id,
        kind: fact.kind,
        ...(environment === undefined ? {} : { environment }),
        ...(fact.address === undefined ? {} : { address: fact.address }),
      };
    });
}

export const neverTouch: PlainStep = {
  id: 'never-touch',
  title: 'Never touch',
  kind: 'multi',
  paths: ['quick'],
  question: context =>
    foundSystems(context).length + forbidden(context.posture).length > 0
      ? 'Which systems must an agent never touch?'
      : 'Which system must an agent never touch? Mark nothing if there is none yet.',
  why: 'An agent that can reach production needs one wrong command, or one poisoned web page, to change or copy what your customers trusted you with. Name what would hurt most: its address is refused in the network rules, its credentials are looked for, and each test tries to connect to it from where the agent runs. Start with one; init shows the others afterwards.',
  quote: 'Never, ever point an AI agent toward production databases or live APIs',
  choices(context) {
    const { facts, posture } = context;
    return [
      ...forbidden(posture).map(system => ({
        value: system.id,
        label: systemTitle(system),
        hint: 'in your posture, and stays there',
      })),
      ...foundSystems(context).map(fact => ({
        value: fact.id,
        label: systemTitle(fact),
        hint: looksLikeProduction(fact, facts) ? 'looks like production' : fact.environment,
        seen: fact.seen,
      })),
      { value: OTHER, label: 'another one', hint: 'you type its address next' },
    ];
  },
  fallback: context => [
    ...forbidden(context.posture).map(({ id }) => id),
    ...foundSystems(context).flatMap(fact => (looksLikeProduction(fact, context.facts) ? [fact.id] : [])),
  ],
  validate: (answer, context, answers) => notAmong(asList(answer), neverTouch.choices(context, answers)),
  applies: () => true,
  dependsOn: [],
  // What the posture has stays, marked or not: other parts of it may refer to it, and its notes are the user's.
  edits: (answer, context) => declareSystems(chosenSystems(answer, context), context),
};

function typedAddresses(answer: Answer | undefined): string[] {
  return asText(answer)
    .split(/[,\s]+/)
    .filter(Boolean);
}

/** A typed address as a system, with an id made from its host that is not taken yet. */
function typedSystem(text: string, taken: Set<string>): System {
  const read = readAddress(text, 'other');
  const address = read.ok ? read.address : undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase() ?? '';
  const port = address && 'port' in address ? address.port : undefined;
  const named = address && 'host' in address ? address.host : text;
  const ip = /^[\d.]+$|:/.test(named);
  return {
    id: free(slug(ip ? named : (named.split('.')[0] ?? ''), 60) || 'system', taken),
    kind: SCHEMES[scheme]?.[0] ?? (port === undefined ? undefined : kindOfPort(port)) ?? 'other',
    address: text,
  };
}

export const neverTouchAddress: PlainStep = {
  id: 'address',
  title: 'Its address',
  kind: 'text',
  paths: ['quick'],
  question: () => 'Its address? host:port, or a URL without user and password; several with commas.',
  why: 'The address is what the network rules refuse and what each test tries to connect to. It is written into agent-posture.yaml, which you commit, unless you say next that it is to stay out of that file: then the name of the system does not tell it either.',
  quote: 'Never, ever point an AI agent toward production databases or live APIs',
  choices: () => [],
  fallback: () => '',
  validate(answer) {
    const typed = typedAddresses(answer);
    if (typed.length === 0) return 'type an address such as db.example.com:5432';
    for (const text of typed) {
      const wrong = unfit(text);
      if (wrong) return wrong;
      const read = readAddress(text, 'other');
      if (!read.ok) return `${read.problem}; expected ${read.expected}`;
    }
    return undefined;
  },
  applies: (_, answers) => asList(answers['never-touch']).includes(OTHER),
  // Where another one is not marked any more, it is not asked, and it stands for when it is marked again.
  dependsOn: [],
  edits(answer, context, answers) {
    const standing = [...(context.posture.systems ?? []), ...chosenSystems(answers['never-touch'], context)];
    const known = new Set([...standing, ...(context.overlay?.systems ?? [])].map(({ address }) => address));
    const taken = new Set(standing.map(({ id }) => id));
    const production = closedEnvironment('production', context);
    const fresh = [...new Set(typedAddresses(answer))]
      .filter(text => !known.has(text))
      .map(text => {
        const { id, kind, address } = typedSystem(text, taken);
        return { id, kind, ...(production ? { environment: production } : {}), address };
      });
    const before = { ...context, posture: { ...context.posture, systems: standing } };
    return declareSystems(discreetly(fresh, before, answers), before);
  },
};
