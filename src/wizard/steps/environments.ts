import { environmentOf } from '../../posture/environment.ts';
import type { PostureEdit } from '../../posture/model.ts';
import { ACCESS, type Access, accessTo } from '../../posture/schema.ts';
import { asEntries, fieldText, remembered } from '../step.ts';
import type { Answers, Entry, ListStep, StepContext } from '../types.ts';
import { credentialsAfter, systemsAfter } from './declared.ts';
import { ID } from './found.ts';

/** What is suggested for an environment of a usual name. */
const USUAL: Readonly<Record<string, Access>> = {
  development: 'write',
  test: 'write',
  staging: 'read',
  production: 'none',
};

const ACCESS_TEXT: Readonly<Record<Access, { label: string; hint: string; may: string }>> = {
  none: { label: 'nothing', hint: 'not connect, not read, not push there', may: 'agents may do nothing' },
  read: { label: 'read', hint: 'connect and read; writing is refused', may: 'agents may read' },
  write: { label: 'read and write', hint: 'where it does its work', may: 'agents may read and write' },
};

/** Environments that are found, or named by systems of these answers, without those of the posture. */
function foundNames(context: StepContext, answers: Answers): string[] {
  const { facts, posture } = context;
  const named = [
    ...facts.environments.map(({ id }) => id),
    ...systemsAfter(context, answers).flatMap(({ environment }) => environment ?? []),
  ];
  return [...new Set(named)].filter(name => ID.test(name) && posture.environments?.[name] === undefined);
}

/** The names that an environment can be chosen from: declared, found, and the usual ones. */
export const environmentNames = remembered((context, answers): readonly string[] => {
  const chosen = asEntries(answers.environments).map(entry => fieldText(entry, 'id'));
  const declared = Object.keys(context.posture.environments ?? {});
  const all = [...chosen, ...declared, ...foundNames(context, answers), ...Object.keys(USUAL)];
  // The first are those that are read.
  const rank = (name: string) => (environmentOf(name) === 'production' ? 0 : 1);
  return [...new Set(all)].filter(Boolean).sort((a, b) => rank(a) - rank(b));
});

/** Why a text is no name for an environment here: a short form of one that is here already would be another beside it. */
export function environmentName(value: string, context: StepContext, answers: Answers): string | undefined {
  if (!ID.test(value)) return 'a name in lower case, such as production';
  const here = new Set([
    ...Object.keys(context.posture.environments ?? {}),
    ...context.facts.environments.map(({ id }) => id),
    ...[...context.facts.systems, ...systemsAfter(context, answers)].flatMap(({ environment }) => environment ?? []),
    ...asEntries(answers.environments).map(entry => fieldText(entry, 'id')),
  ]);
  const usual = /^[a-z]+$/.test(value) ? environmentOf(value) : undefined;
  return usual !== undefined && usual !== value && here.has(usual) && !here.has(value)
    ? `"${value}" would be another environment beside "${usual}", which is here: did you mean that?`
    : undefined;
}

/** What agents may do in an environment that no answer is about. */
export function suggestedAccess(name: string, { facts, posture }: StepContext): Access {
  const declared = posture.environments?.[name];
  if (declared) return declared.agentAccess ?? 'none';
  return facts.environments.find(({ id }) => id === name)?.suggested ?? USUAL[name] ?? 'none';
}

/** Whether agents may do nothing in an environment, by these answers. */
export function isClosed(name: string | undefined, context: StepContext, answers: Answers): boolean {
  if (name === undefined) return true;
  if (answers.environments === undefined)
    return suggestedAccess(name, context) === 'none' || accessTo(context.posture, { environment: name }) === 'none';
  const entry = asEntries(answers.environments).find(one => fieldText(one, 'id') === name);
  return entry === undefined || fieldText(entry, 'access') === 'none';
}

/** What agents may do in each environment. */
export const environments: ListStep = {
  id: 'environments',
  title: 'Environments',
  kind: 'list',
  noun: 'environment',
  key: 'id',
  paths: ['whole'],
  question: () => 'What may the agent do in each environment?',
  why: 'The article asks for environments that are completely separated from critical systems, and never to point an agent at production. "Nothing" means that each test tries to get in, and getting in is a finding; "read and write" means that the agent has to be able to work there, and a box that stops it is a finding too. What is not named here counts as nothing.',
  quote: 'Create isolated development environments that are completely separated from your critical systems.',
  fields: [
    {
      id: 'id',
      title: 'Name',
      kind: 'text',
      hint: 'such as development, staging or production',
      choices: (context, answers) => environmentNames(context, answers).map(value => ({ value, label: value })),
      validate: (value, context, answers) => environmentName(value, context, answers),
    },
    {
      id: 'access',
      title: 'Agents may',
      kind: 'select',
      hint: 'what agents may do there',
      values: ACCESS,
      choices: () => ACCESS.map(value => ({ value, label: ACCESS_TEXT[value].label, hint: ACCESS_TEXT[value].hint })),
    },
  ],
  describe(entry) {
    const access = ACCESS.find(one => one === fieldText(entry, 'access')) ?? 'none';
    return {
      label: fieldText(entry, 'id'),
      hint: `${ACCESS_TEXT[access].may}: ${ACCESS_TEXT[access].hint}`,
    };
  },
  fallback(context, answers) {
    const declared = Object.keys(context.posture.environments ?? {});
    const names = context.existing ? declared : [...declared, ...foundNames(context, answers)];
    const used = systemsAfter(context, answers).flatMap(({ environment }) => environment ?? []);
    return [...new Set([...names, ...used])]
      .filter(name => ID.test(name))
      .map((id): Entry => ({ id, access: suggestedAccess(id, context) }));
  },
  suggestions(context, answers) {
    const taken = new Set(asEntries(answers.environments).map(entry => fieldText(entry, 'id')));
    return environmentNames(context, answers)
      .filter(name => !taken.has(name))
      .map(id => {
        const access = suggestedAccess(id, context);
        return {
          entry: { id, access },
          label: id,
          hint: ACCESS_TEXT[access].may,
          seen: context.facts.environments.find(one => one.id === id)?.seen,
        };
      });
  },
  blank: () => ({ access: 'none' }),
  applies: () => true,
  dependsOn: [],
  edits: (answer, context, answers) => environmentEdits(answer, context, answers),
};

function environmentEdits(answer: readonly Entry[], context: StepContext, answers: Answers): PostureEdit[] {
  const chosen = new Map(answer.map(entry => [fieldText(entry, 'id').trim(), fieldText(entry, 'access')]));
  // What a system names has to be there; agents may do nothing in it.
  for (const { environment } of systemsAfter(context, answers))
    if (environment !== undefined && !chosen.has(environment)) chosen.set(environment, 'none');
  for (const { environment } of credentialsAfter(context, answers))
    if (!chosen.has(environment)) chosen.set(environment, 'none');
  const before = context.posture.environments ?? {};
  const gone = Object.keys(before).filter(name => !chosen.has(name));
  return [
    ...[...chosen].map(([name, access]) => ({ path: ['environments', name], value: { agentAccess: access } })),
    ...(chosen.size === 0
      ? [{ path: ['environments'], value: undefined }]
      : gone.map(name => ({ path: ['environments', name], value: undefined }))),
  ];
}
