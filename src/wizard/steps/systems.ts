import { list } from '../../base/text.ts';
import { readAddress } from '../../posture/address.ts';
import type { PostureEdit } from '../../posture/model.ts';
import { type Overlay, SYSTEM_KINDS, type System, type SystemKind } from '../../posture/schema.ts';
import { asEntries, asList, fieldText } from '../step.ts';
import type { Answers, Entry, ListStep, PlainStep, StepContext } from '../types.ts';
import { entryOf, isKind, systemsAfter } from './declared.ts';
import { environmentName, environmentNames, isClosed, suggestedAccess } from './environments.ts';
import { closedEnvironment, foundSystems, ID, looksLikeProduction, systemTitle } from './found.ts';
import { tellsAddress } from './never-touch.ts';

const KIND_TEXT: Readonly<Record<SystemKind, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL or MariaDB',
  redis: 'Redis',
  mongodb: 'MongoDB',
  sqlite: 'SQLite, a file',
  'http-api': 'a service with an HTTP API',
  'object-storage': 'object storage: S3 and the like',
  queue: 'a queue or a broker',
  kubernetes: 'a Kubernetes cluster',
  'cloud-account': 'an account of a cloud',
  forge: 'a forge: GitHub and the like',
  'ssh-host': 'a machine by SSH',
  payment: 'payments: Stripe and the like',
  email: 'sending of e-mail',
  other: 'something else',
};

/** The addresses that are in the private part, by system. */
function privateAddresses({ overlay }: StepContext): ReadonlyMap<string, string> {
  return new Map(overlay?.systems?.flatMap(({ id, address }) => (address === undefined ? [] : [[id, address]])));
}

function foundEntries(
  context: StepContext,
): { entry: Entry; likely: boolean; label: string; fact: ReturnType<typeof foundSystems>[number] }[] {
  return foundSystems(context).map(fact => {
    const { id, kind, address } = fact;
    const likely = looksLikeProduction(fact, context.facts);
    const environment = fact.environment ?? (likely ? closedEnvironment('production', context) : undefined);
    return {
      entry: entryOf({
        id,
        kind,
        ...(environment !== undefined && ID.test(environment) ? { environment } : {}),
        ...(address === undefined ? {} : { address }),
      }),
      likely,
      label: systemTitle(fact),
      fact,
    };
  });
}

/** What is critical, with what it takes to try, review and watch it. */
export const systems: ListStep = {
  id: 'systems',
  title: 'Systems',
  kind: 'list',
  noun: 'system',
  key: 'id',
  paths: ['whole'],
  question: () => 'Which systems are critical, and which of them does the agent work with?',
  why: 'The article asks to write down what systems are critical, what data is sensitive and what access is normal. Everything else is made from it: what the network rules refuse, what each test tries to connect to, whose credentials are looked for, and later from what use an alarm is raised. Begin with the one that would hurt most; more can be added whenever you run init.',
  quote:
    'Write down what systems are critical, what data is sensitive, and what access patterns are normal for your codebase.',
  fields: [
    {
      id: 'id',
      title: 'Name',
      kind: 'text',
      hint: 'a short name in lower case, such as orders-db',
      validate: value =>
        ID.test(value) ? undefined : 'lower-case letters, digits, ".", "_" and "-", such as orders-db',
    },
    {
      id: 'kind',
      title: 'Kind',
      kind: 'select',
      hint: 'what it is: it decides how it is tried',
      values: SYSTEM_KINDS,
      choices: () => SYSTEM_KINDS.map(value => ({ value, label: value, hint: KIND_TEXT[value] })),
    },
    {
      id: 'environment',
      title: 'Environment',
      kind: 'text',
      optional: true,
      asked: true,
      hint: 'such as production or staging; what agents may do there is asked later, and without one they may do nothing',
      choices: (context, answers) => environmentNames(context, answers).map(value => ({ value, label: value })),
      validate: (value, context, answers) => environmentName(value, context, answers),
    },
    {
      id: 'address',
      title: 'Address',
      kind: 'text',
      optional: true,
      asked: true,
      hint: 'host:port, a URL without user and password, or a file for sqlite; it is what each test tries to connect to',
      validate(value, _context, _answers, entry) {
        const kind = fieldText(entry, 'kind');
        const read = readAddress(value, isKind(kind) ? kind : 'other');
        return read.ok ? undefined : `${read.problem}; expected ${read.expected}`;
      },
    },
    {
      id: 'holds',
      title: 'Holds',
      kind: 'texts',
      optional: true,
      hint: 'what sensitive data it holds, by names such as customer-pii; where that lies is asked next',
      choices: ({ posture, facts }) =>
        [...new Set([...(posture.data ?? []), ...(facts.data ?? [])].map(({ id }) => id))].map(value => ({
          value,
          label: value,
        })),
      validate: value => (ID.test(value) ? undefined : 'names in lower case, such as customer-pii'),
    },
    {
      id: 'by',
      title: 'Used by',
      kind: 'text',
      optional: true,
      hint: 'who normally uses it, such as: app servers, the nightly job',
    },
    {
      id: 'rows',
      title: 'Rows a query',
      kind: 'text',
      optional: true,
      hint: 'how many rows a query normally reads at most: a number, from which more is unusual',
      validate: value => (/^[1-9]\d{0,8}$/.test(value) ? undefined : 'a whole number above 0, such as 200'),
    },
    {
      id: 'note',
      title: 'Note',
      kind: 'text',
      optional: true,
      hint: 'what else is normal, such as: read replicas at night',
    },
  ],
  describe(entry) {
    const said = [
      fieldText(entry, 'environment') || 'no environment',
      fieldText(entry, 'holds') && `holds ${fieldText(entry, 'holds')}`,
      fieldText(entry, 'by') && `used by ${fieldText(entry, 'by')}`,
    ];
    return {
      label: systemTitle({
        id: fieldText(entry, 'id'),
        kind: fieldText(entry, 'kind'),
        address: fieldText(entry, 'address') || undefined,
      }),
      hint: said.filter(Boolean).join('; '),
    };
  },
  fallback(context) {
    const hidden = privateAddresses(context);
    const declared = (context.posture.systems ?? []).map(system => entryOf(system, hidden));
    if (context.existing) return declared;
    return [...declared, ...foundEntries(context).flatMap(({ entry, likely }) => (likely ? [entry] : []))];
  },
  suggestions: (context, answers) => {
    const taken = new Set(asEntries(answers.systems).map(entry => fieldText(entry, 'id')));
    return foundEntries(context)
      .filter(({ entry }) => !taken.has(fieldText(entry, 'id')))
      .map(({ entry, likely, label, fact }) => ({
        entry,
        asks: entry.environment === undefined,
        label,
        hint: likely ? 'looks like production' : fact.environment,
        seen: fact.seen,
      }));
  },
  applies: () => true,
  dependsOn: [],
  edits: (_answer, context, answers) => systemEdits(context, answers),
};

/** The systems of the file that is committed: what is kept private has no address there. */
function systemEdits(context: StepContext, answers: Answers): PostureEdit[] {
  const all = systemsAfter(context, answers);
  const hidden = privateIds(context, answers);
  const shared = all.map(({ address, ...system }) =>
    address === undefined || hidden.has(system.id) ? system : { ...system, address },
  );
  // On the quick path, those who name systems have declared what these name.
  const named = answers.systems === undefined ? [] : namedEdits(all, context, answers);
  return [{ path: ['systems'], value: inKeyOrder(shared) }, ...named];
}

/** What systems name is declared with them, until answers of its own are about it: environments closed, data without a place. */
function namedEdits(all: readonly System[], context: StepContext, answers: Answers): PostureEdit[] {
  const { posture } = context;
  const environments = [...new Set(all.flatMap(({ environment }) => environment ?? []))];
  const held = new Set(all.flatMap(({ holds }) => holds ?? []));
  const fresh = [...held].filter(id => !posture.data?.some(one => one.id === id));
  return [
    ...(answers.environments === undefined
      ? environments
          .filter(name => posture.environments?.[name] === undefined)
          .map(name => ({ path: ['environments', name], value: { agentAccess: suggestedAccess(name, context) } }))
      : []),
    ...(answers.data === undefined && fresh.length > 0
      ? [{ path: ['data'], value: [...(posture.data ?? []), ...fresh.map(id => ({ id }))] }]
      : []),
  ];
}

/** As the schema lists them, so that an address that comes back stands where it stood. */
function inKeyOrder(all: readonly Partial<System>[]): unknown {
  if (all.length === 0) return undefined;
  return all.map(({ id, kind, environment, address, holds, normally }) => ({
    id,
    kind,
    environment,
    address,
    holds,
    normally,
  }));
}

/** Tells whether a system's address is kept private now, under this name or, as it was renamed since, under another. */
function privacyOf(context: StepContext): (system: System) => boolean {
  const hidden = privateAddresses(context);
  const addresses = new Set(hidden.values());
  const said = new Map(context.posture.systems?.map(({ id, address }) => [id, address]));
  return ({ id, address }) =>
    hidden.has(id) || (address !== undefined && said.get(id) !== address && addresses.has(address));
}

/** The systems whose address is kept private, as they are called once that is said. */
export function privateIds(context: StepContext, answers: Answers): ReadonlySet<string> {
  if (answers.private !== undefined) {
    const names = namesAfter(context, answers);
    return new Set(asList(answers.private).map(id => names.get(id) ?? id));
  }
  const isPrivate = privacyOf(context);
  return new Set(systemsAfter(context, answers).flatMap(system => (isPrivate(system) ? [system.id] : [])));
}

/**
 * Whether an address that no committed file has would go into one: typed, or found in a file that git does not hold. The
 * quick path asks of nothing else.
 */
function wouldBeToldFirst(context: StepContext, answers: Answers): boolean {
  const { facts, posture } = context;
  const known = new Set([
    ...(posture.systems ?? []).map(({ address }) => address),
    ...privateAddresses(context).values(),
  ]);
  const uncommitted = new Set(facts.secretFiles.flatMap(({ path, tracked }) => (tracked ? [] : [path])));
  return hideable(context, answers).some(({ address }) => {
    if (known.has(address)) return false;
    const fact = facts.systems.find(one => one.address === address);
    return fact === undefined || uncommitted.has(fact.seen.path);
  });
}

/** The answers before it is said which addresses are private: on the quick path, what is private gets another name by that. */
function beforePrivate(answers: Answers): Answers {
  if (answers.systems !== undefined || answers.private === undefined) return answers;
  const { private: _, ...others } = answers;
  return others;
}

/** What each system is called once it is said which addresses are private, by its name before. */
function namesAfter(context: StepContext, answers: Answers): ReadonlyMap<string, string> {
  const after = systemsAfter(context, answers);
  const before = systemsAfter(context, beforePrivate(answers));
  return new Map(before.map(({ id }, index) => [id, after[index]?.id ?? id]));
}

/** Systems whose address could be kept private, as they are asked about: those that agents may not enter, and those that are. */
function hideable(context: StepContext, given: Answers): System[] {
  const answers = beforePrivate(given);
  const hidden = privateAddresses(context);
  const isPrivate = privacyOf(context);
  return systemsAfter(context, answers)
    .map(system => ({ ...system, address: system.address ?? hidden.get(system.id) }))
    .filter(
      system => system.address !== undefined && (isPrivate(system) || isClosed(system.environment, context, answers)),
    )
    .map(({ address, ...system }) => (address === undefined ? system : { ...system, address }));
}

/** Addresses that do not go into the file that is committed. */
export const privatePart: PlainStep = {
  id: 'private',
  title: 'Kept private',
  kind: 'multi',
  paths: ['quick', 'whole'],
  question: () => 'Which addresses shall stay out of the file that you commit?',
  why: 'The posture is committed, so that everybody who works here has the same. Where production is reached may be something that not everybody should know, and that should not be in a history. A private address lies in your state folder, readable for you alone; the tests use it, no generated file does, and your colleagues each add their own.',
  remark(context, answers) {
    // A name that is made from a typed address gets another one.
    const typed = answers.systems === undefined && answers['never-touch'] !== undefined;
    const found = new Set(foundSystems(context).map(({ id }) => id));
    const telling = hideable(context, answers).filter(
      system => tellsAddress(system) && (!typed || found.has(system.id)),
    );
    const names = telling.map(({ id }) => id);
    return names.length === 0
      ? undefined
      : `Names are committed all the same, and ${list(names)} ${names.length > 1 ? 'tell' : 'tells'} of the address: another name can be given under "Systems"${typed ? ' of "Set up everything"' : ''}.`;
  },
  choices(context, answers) {
    const isPrivate = privacyOf(context);
    return hideable(context, answers).map(system => ({
      value: system.id,
      label: systemTitle(system),
      hint: isPrivate(system) ? 'private now' : system.environment,
    }));
  },
  fallback: (context, answers) =>
    hideable(context, answers)
      .filter(privacyOf(context))
      .map(({ id }) => id),
  validate: (answer, context, answers) => {
    const known = hideable(context, answers).map(({ id }) => id);
    const unknown = asList(answer).find(id => !known.includes(id));
    return unknown === undefined ? undefined : `"${unknown}" has no address that could be kept private`;
  },
  applies: (context, answers) =>
    answers['never-touch'] === undefined ? hideable(context, answers).length > 0 : wouldBeToldFirst(context, answers),
  mayBeLeftOut: answers => answers['never-touch'] !== undefined,
  dependsOn: [],
  edits: (answer, context, answers) => systemEdits(context, { ...answers, private: answer }),
  overlay(answer, context, before) {
    const answers = { ...before, private: answer };
    const names = namesAfter(context, answers);
    const called = (id: string) => names.get(id) ?? id;
    const chosen = new Set(asList(answer).map(called));
    const addresses = new Map(hideable(context, answers).map(({ id, address }) => [called(id), address]));
    const ids = new Set(systemsAfter(context, answers).map(({ id }) => id));
    const { overlay } = context;
    const kept = (overlay?.systems ?? []).flatMap(entry => {
      // Of a system that is gone, or has another name now, an address alone would belong to nothing.
      if (!ids.has(entry.id) && entry.kind === undefined) return [];
      if (!addresses.has(entry.id)) return [entry];
      const { address: _, ...rest } = entry;
      const next = chosen.has(entry.id) ? { ...rest, address: addresses.get(entry.id) } : rest;
      return Object.keys(next).length > 1 ? [next] : [];
    });
    const fresh = [...chosen].filter(id => !(overlay?.systems ?? []).some(entry => entry.id === id));
    const all = [...kept, ...fresh.map(id => ({ id, address: addresses.get(id) }))];
    if (!overlay && all.length === 0) return undefined;
    return { version: 1, ...overlay, systems: all } as Overlay;
  },
};
