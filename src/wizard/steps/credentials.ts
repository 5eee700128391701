import { DURATION_PATTERN } from '../../base/units.ts';
import { readAddress } from '../../posture/address.ts';
import { MANAGERS, type SystemKind } from '../../posture/schema.ts';
import { asEntries, asEntry, fieldText, remembered, slug } from '../step.ts';
import type { Choice, Entry, FormStep, ListStep, StepContext } from '../types.ts';
import { credentialEntry, credentialsAfter, readGrants, systemsAfter } from './declared.ts';
import { environmentNames, isClosed } from './environments.ts';
import { ID } from './found.ts';

const MANAGER_TEXT: Readonly<Record<(typeof MANAGERS)[number], { label: string; hint: string }>> = {
  local: { label: 'encrypted store on this machine', hint: 'nothing to run; for one person' },
  vault: { label: 'HashiCorp Vault', hint: 'its address is asked next' },
  aws: { label: 'AWS Secrets Manager', hint: 'by the account that your AWS settings name' },
  azure: { label: 'Azure Key Vault', hint: 'by the account that you are logged in with' },
};

const environmentChoices = remembered((context, answers): Choice[] => {
  const declared = answers.environments === undefined ? undefined : asEntries(answers.environments);
  const names = declared?.map(entry => fieldText(entry, 'id')) ?? environmentNames(context, answers);
  return names.map(value => ({
    value,
    label: value,
    hint: isClosed(value, context, answers) ? 'agents may do nothing there' : undefined,
  }));
});

const systemChoices = remembered((context, answers): Choice[] =>
  systemsAfter(context, answers).map(({ id, kind, environment }) => ({
    value: id,
    label: id,
    hint: environment ? `${kind}, ${environment}` : kind,
  })),
);

/** What an agent's session keeps from being asked, and what to do; undefined in a terminal of one's own. */
export function withheld({ facts }: Pick<StepContext, 'facts'>): string | undefined {
  if (facts.insideAgent === undefined) return undefined;
  return `This is a session of ${facts.insideAgent}: whoever answers may be the agent. So where secrets are kept, and with which credentials agents work, is not asked here; for that, run init in a terminal of your own.`;
}

/** Where secrets live, by environment. */
export const managers: ListStep = {
  id: 'managers',
  title: 'Secrets kept in',
  kind: 'list',
  noun: 'environment',
  key: 'environment',
  paths: ['whole'],
  question: () => 'Where shall the secrets of each environment be kept?',
  remark: () => 'Written down; nothing is moved into a manager yet.',
  why: 'A manager hands out a secret to who needs it, when it is needed, and writes down that it did; a file does none of that, and is copied with the folder it lies in. The article asks for one before any code is generated, with secrets of each environment kept apart. This version writes down where; policies, injection and loans are to come with the credentials command, and until then count as not covered.',
  quote: 'Use services like HashiCorp Vault, AWS Secrets Manager, or Azure Key Vault',
  fields: [
    {
      id: 'environment',
      title: 'Environment',
      kind: 'select',
      hint: 'one of the environments',
      choices: environmentChoices,
    },
    {
      id: 'manager',
      title: 'Kept in',
      kind: 'select',
      hint: 'the manager of its secrets',
      values: MANAGERS,
      choices: () => MANAGERS.map(value => ({ value, ...MANAGER_TEXT[value] })),
    },
  ],
  describe(entry) {
    const manager = MANAGERS.find(one => one === fieldText(entry, 'manager'));
    return { label: fieldText(entry, 'environment'), hint: manager && MANAGER_TEXT[manager].label };
  },
  fallback: ({ posture }) =>
    Object.entries(posture.secrets?.managers ?? {}).map(([environment, manager]) => ({ environment, manager })),
  suggestions(context, answers) {
    const taken = new Set(asEntries(answers.managers).map(entry => fieldText(entry, 'environment')));
    return environmentChoices(context, answers)
      .filter(({ value }) => !taken.has(value))
      .map(({ value }) => ({
        entry: { environment: value, manager: 'local' },
        label: value,
        hint: MANAGER_TEXT.local.label,
      }));
  },
  blank: () => ({ manager: 'local' }),
  applies: context => withheld(context) === undefined,
  dependsOn: [],
  edits(answer) {
    const all = Object.fromEntries(answer.map(entry => [fieldText(entry, 'environment'), fieldText(entry, 'manager')]));
    return [{ path: ['secrets', 'managers'], value: answer.length > 0 ? all : undefined }];
  },
};

/** Where Vault is. */
export const vault: FormStep = {
  id: 'vault',
  title: 'Vault',
  kind: 'form',
  paths: ['whole'],
  question: () => 'Where is Vault, and where in it do the secrets of this project lie?',
  remark: () => 'Written down; nothing is made in Vault yet.',
  why: 'With the address, the mount and a path for each environment, an identity can be made that reads one environment and no other.',
  quote: 'Use environment-specific secret injection',
  fields: [
    {
      id: 'address',
      title: 'Address',
      kind: 'text',
      hint: 'such as https://vault.example.com:8200',
      validate(value) {
        const read = readAddress(value, 'http-api');
        return read.ok ? undefined : `${read.problem}; expected ${read.expected}`;
      },
    },
    { id: 'mount', title: 'Mount', kind: 'text', hint: 'of the key-value engine, such as kv' },
    { id: 'path', title: 'Path', kind: 'text', hint: 'such as shop/{environment}, which stands for the name of each' },
  ],
  fallback: ({ posture }) => ({
    address: posture.secrets?.vault?.address ?? '',
    mount: posture.secrets?.vault?.mount ?? 'kv',
    path: posture.secrets?.vault?.path ?? `${slug(posture.project, 40) || 'project'}/{environment}`,
  }),
  applies: (_, answers) => asEntries(answers.managers).some(entry => fieldText(entry, 'manager') === 'vault'),
  dependsOn: [],
  edits: answer => [
    {
      path: ['secrets', 'vault'],
      value: Object.fromEntries(['address', 'mount', 'path'].map(id => [id, fieldText(asEntry(answer), id).trim()])),
    },
  ],
};

/** Kinds of credential that fit a kind of system. */
const CREDENTIAL_KINDS: Readonly<Partial<Record<SystemKind, string>>> = {
  postgres: 'postgres-role',
  mysql: 'mysql-role',
  redis: 'redis-user',
  mongodb: 'mongodb-user',
  'http-api': 'api-key',
  'object-storage': 'access-key',
  queue: 'queue-user',
  kubernetes: 'service-account',
  'cloud-account': 'cloud-role',
  forge: 'token',
  'ssh-host': 'ssh-key',
  payment: 'api-key',
  email: 'api-key',
};
const KINDS = [...new Set(Object.values(CREDENTIAL_KINDS))];

const duration = (value: string) => (DURATION_PATTERN.test(value) ? undefined : 'a duration such as 30m, 8h or 30d');

/** What agents are let in with: by environment, with few rights and an end. */
export const credentials: ListStep = {
  id: 'credentials',
  title: 'Credentials',
  kind: 'list',
  noun: 'credential',
  key: 'id',
  paths: ['whole'],
  question: () => 'With which credentials shall agents work, each for one environment?',
  remark: () => 'Written down, names only; none is made, limited or rotated yet.',
  why: 'The best-known accident with a coding agent happened with a token that was made for one environment and opened another. The article asks for separate credentials by environment, rights by schema and table, regular rotation, and an end with the task. Names only are written down, never a value. This version does not make them yet: that is to come with the credentials command, and until then counts as not covered.',
  quote: 'Create separate credential sets for different environments',
  fields: [
    {
      id: 'id',
      title: 'Name',
      kind: 'text',
      hint: 'a short name in lower case, such as dev-orders-db',
      validate: value =>
        ID.test(value) ? undefined : 'lower-case letters, digits, ".", "_" and "-", such as dev-orders-db',
    },
    {
      id: 'environment',
      title: 'Environment',
      kind: 'select',
      hint: 'the one environment that it opens',
      choices: environmentChoices,
    },
    {
      id: 'system',
      title: 'System',
      kind: 'select',
      optional: true,
      asked: true,
      hint: 'the system that it opens',
      choices: systemChoices,
    },
    {
      id: 'kind',
      title: 'Kind',
      kind: 'text',
      hint: `such as ${KINDS.slice(0, 4).join(', ')}`,
      choices: (context, answers, entry) => {
        const system = systemsAfter(context, answers).find(({ id }) => id === fieldText(entry, 'system'));
        const fits = system && CREDENTIAL_KINDS[system.kind];
        return [...new Set([...(fits ? [fits] : []), ...KINDS])].map(value => ({ value, label: value }));
      },
      validate: value => (value.length <= 100 ? undefined : 'at most 100 characters'),
    },
    {
      id: 'inject',
      title: 'Variable',
      kind: 'text',
      optional: true,
      hint: 'the environment variable that carries it, such as DATABASE_URL',
      validate: value =>
        /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? undefined : 'the name of a variable, such as DATABASE_URL',
    },
    {
      id: 'grants',
      title: 'Rights',
      kind: 'text',
      optional: true,
      hint: 'such as: select insert on app.orders app.items; select on audit.*',
      validate: value =>
        readGrants(value) ? undefined : 'rights, "on", and tables: select insert on app.orders; more behind a ";"',
    },
    {
      id: 'lifetime',
      title: 'Lives',
      kind: 'text',
      optional: true,
      hint: 'how long one loan lasts, such as 8h',
      validate: duration,
    },
    {
      id: 'rotateEvery',
      title: 'Changed every',
      kind: 'text',
      optional: true,
      hint: 'how often it is replaced, such as 30d',
      validate: duration,
    },
  ],
  describe(entry) {
    const parts = [
      fieldText(entry, 'environment'),
      fieldText(entry, 'system') && `for ${fieldText(entry, 'system')}`,
      fieldText(entry, 'lifetime') && `lives ${fieldText(entry, 'lifetime')}`,
      fieldText(entry, 'rotateEvery') && `changed every ${fieldText(entry, 'rotateEvery')}`,
    ];
    return { label: `${fieldText(entry, 'id')} (${fieldText(entry, 'kind')})`, hint: parts.filter(Boolean).join(', ') };
  },
  fallback: ({ posture }) => (posture.credentials ?? []).map(credentialEntry),
  suggestions(context, answers) {
    const standing = asEntries(answers.credentials);
    const served = new Set(standing.map(entry => fieldText(entry, 'system')));
    return systemsAfter(context, answers).flatMap(system => {
      const { id, kind, environment } = system;
      if (environment === undefined || served.has(id) || isClosed(environment, context, answers)) return [];
      const entry: Entry = {
        id: `${id}-agent`.slice(0, 100),
        environment,
        system: id,
        kind: CREDENTIAL_KINDS[kind] ?? 'key',
        lifetime: '8h',
        rotateEvery: '30d',
      };
      return [{ entry, label: fieldText(entry, 'id'), hint: `for ${id}, ${environment}; lives 8h, changed every 30d` }];
    });
  },
  blank: () => ({ lifetime: '8h', rotateEvery: '30d' }),
  // Whoever asks from inside an agent's session may be the agent.
  applies: context => withheld(context) === undefined,
  dependsOn: [],
  edits(answer, context, answers) {
    const all = credentialsAfter(context, { ...answers, credentials: answer });
    return [{ path: ['credentials'], value: all.length > 0 ? all : undefined }];
  },
};
