import * as z from 'zod/mini';
import { array, maxLength, minLength, optional, record, regex, strictObject, string } from 'zod/mini';
import { DURATION_PATTERN, SIZE_PATTERN } from '../base/units.ts';

// zod's functional form: the same validator, without the methods that every schema gets and nobody here calls. It is loaded
// in half the time, and every command loads it. Taken out of `z` by a pattern instead, they would bring all of it along.

/** Free text: printable, bounded, on one line or several. */
const text = string().check(minLength(1), maxLength(2_000));
const id = string().check(
  maxLength(100),
  regex(/^[a-z0-9][a-z0-9._-]*$/, 'expected an id: lower-case letters, digits, ".", "_" and "-"'),
);
const pattern = string().check(minLength(1), maxLength(500));
const duration = string().check(regex(DURATION_PATTERN, 'expected a duration such as 30m, 8h or 30d'));
const size = string().check(regex(SIZE_PATTERN, 'expected a size such as 10kB or 50MB'));
const date = string().check(regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a date such as 2027-01-31'));
const hostPort = string().check(
  maxLength(300),
  regex(
    /^(?:[A-Za-z0-9*](?:[A-Za-z0-9._*-]*[A-Za-z0-9*])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/,
    'expected a host name, or host:port',
  ),
);
const count = z.int().check(z.positive());
const texts = array(text);
const patterns = array(pattern);

export const ACCESS = ['none', 'read', 'write'] as const;
export const SYSTEM_KINDS = [
  'postgres',
  'mysql',
  'redis',
  'mongodb',
  'sqlite',
  'http-api',
  'object-storage',
  'queue',
  'kubernetes',
  'cloud-account',
  'forge',
  'ssh-host',
  'payment',
  'email',
  'other',
] as const;
export const RUNTIMES = [
  'none',
  'native',
  'bubblewrap',
  'srt',
  'docker',
  'podman',
  'devcontainer',
  'kubernetes',
  'command',
] as const;
export const SCAN_STAGES = ['commit', 'push', 'ci', 'history'] as const;
/** Ids of the agents that the registry knows (src/agents), which nothing here may use; a test keeps the two in step. */
export const AGENT_IDS = [
  'claude-code',
  'codex',
  'gemini',
  'opencode',
  'copilot',
  'qwen',
  'cline',
  'cursor',
  'windsurf',
  'aider',
  'amp',
  'goose',
] as const;
export type AgentId = (typeof AGENT_IDS)[number];
export const REVIEW_CLASSES = ['network', 'auth', 'queries', 'dependencies', 'files'] as const;
export const REVIEW_ACTIONS = ['off', 'warn', 'block'] as const;
export const MANAGERS = ['local', 'vault', 'aws', 'azure'] as const;
export const ENGINES = ['builtin', 'gitleaks', 'trufflehog', 'git-secrets'] as const;
export const FORGES = ['github', 'gitlab', 'gitea', 'local'] as const;
/** What a CI run checks beside the scan that `scanning.at` asks for. */
export const CI_CHECKS = ['drift', 'selftest'] as const;

const environment = strictObject({
  agentAccess: optional(z.enum(ACCESS)).check(z.describe('What agents may do there. Absent counts as none.')),
});

const system = strictObject({
  id,
  kind: z.enum(SYSTEM_KINDS),
  environment: optional(id).check(z.describe('One of the environments; a system without one counts as access none.')),
  address: optional(string().check(minLength(1), maxLength(500))).check(
    z.describe('host:port, [v6]:port, a URL without user info, unix:/path, or a file path for sqlite.'),
  ),
  holds: optional(array(id)).check(z.describe('Ids of data that the system holds.')),
  normally: optional(strictObject({ by: optional(text), rowsPerQuery: optional(count), note: optional(text) })),
});

const data = strictObject({ id, tables: optional(texts), files: optional(patterns) });

const credential = strictObject({
  id,
  environment: id,
  system: optional(id),
  kind: string().check(minLength(1), maxLength(100)),
  inject: optional(string().check(regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable'))),
  grants: optional(array(strictObject({ schema: optional(text), tables: optional(texts), rights: texts }))),
  lifetime: optional(duration),
  rotateEvery: optional(duration),
});

const isolation = strictObject({
  runtime: z.enum(RUNTIMES),
  command: optional(string().check(minLength(1), maxLength(2_000))).check(
    z.describe('With runtime command: the wrapper, split into words as a POSIX shell splits them.'),
  ),
  service: optional(text),
  container: optional(text),
  image: optional(text),
  network: optional(strictObject({ allow: array(hostPort) })).check(
    z.describe('Hosts that may be reached from inside. Absent: the network is not restricted.'),
  ),
  files: optional(strictObject({ write: optional(patterns), hide: optional(patterns) })),
});

const repository = strictObject({
  forge: optional(z.enum(FORGES)),
  protected: optional(patterns).check(z.describe('Branch patterns as in GitHub rulesets (fnmatch).')),
  reviews: optional(z.int().check(z.minimum(0), z.maximum(10))),
  owners: optional(record(pattern, texts)),
  agentIdentity: optional(strictObject({ name: text, email: text })),
  attribution: optional(z.boolean()).check(
    z.describe('Whether a hook writes into each commit that an agent makes which agent it was.'),
  ),
});

const selftest = strictObject({
  outside: optional(array(hostPort)).check(
    z.describe('What must not be reachable where the network is restricted; [] tries none.'),
  ),
  commands: optional(texts).check(z.describe('Commands that must work inside; run only when approved.')),
  requests: optional(
    array(
      strictObject({
        system: id,
        method: z.enum(['GET', 'HEAD', 'OPTIONS']),
        path: string().check(maxLength(1_000), regex(/^\//, 'expected a path that starts with /')),
      }),
    ),
  ),
  queries: optional(array(strictObject({ system: id, sql: text }))),
  metadata: optional(z.enum(['auto', 'on', 'off'])),
});

const accepted = strictObject({
  safeguard: string().check(maxLength(20)),
  target: text,
  reason: text,
  owner: text,
  until: date,
});

export const postureSchema = strictObject({
  version: z.literal(1),
  project: text,
  agents: optional(array(z.enum(AGENT_IDS))),
  managedSettings: optional(z.boolean()).check(
    z.describe("Whether the agents' settings are made once more in the form that a machine's administrator lays down."),
  ),
  environments: optional(record(id, environment)),
  systems: optional(array(system)),
  data: optional(array(data)),
  secrets: optional(
    strictObject({
      managers: optional(record(id, z.enum(MANAGERS))),
      vault: optional(strictObject({ address: text, mount: text, path: text })),
    }),
  ),
  credentials: optional(array(credential)),
  isolation: optional(isolation),
  repository: optional(repository),
  scanning: optional(
    strictObject({
      engines: array(z.enum(ENGINES)),
      at: optional(array(z.enum(SCAN_STAGES))),
    }),
  ),
  ci: optional(array(z.enum(CI_CHECKS))).check(
    z.describe(
      'What the generated CI workflow checks, on changes and each night: drift of generated files, the self-test.',
    ),
  ),
  review: optional(z.partialRecord(z.enum(REVIEW_CLASSES), z.enum(REVIEW_ACTIONS))),
  monitoring: optional(
    strictObject({
      commitsPerHour: optional(count),
      rowsPerQuery: optional(count),
      exportPerHour: optional(size),
      credentialUse: optional(z.boolean()).check(z.describe('Whether a new or used credential raises an alarm.')),
      newDestinations: optional(z.boolean()).check(
        z.describe('Whether a connection to a place that is not allowed raises an alarm.'),
      ),
      notify: optional(array(string())),
    }),
  ),
  selftest: optional(selftest),
  accepted: optional(array(accepted)),
}).check(
  z.meta({
    title: 'agent-posture',
    description: 'What coding agents may touch in this repository. Names, never values.',
  }),
);

/** The private part of a posture, kept outside of the repository: entries of systems need no more than what they change. */
export const overlaySchema = strictObject({
  version: z.literal(1),
  systems: optional(array(z.required(z.partial(system), { id: true }))),
  data: optional(array(data)),
  environments: optional(record(id, environment)),
});

/** The declared state, as the file says it: only `version` and `project` are always there. */
export type Posture = z.infer<typeof postureSchema>;
/** What the private overlay says. */
export type Overlay = z.infer<typeof overlaySchema>;
export type System = z.infer<typeof system>;
export type SystemKind = (typeof SYSTEM_KINDS)[number];
export type Isolation = z.infer<typeof isolation>;
export type RuntimeId = (typeof RUNTIMES)[number];
export type Accepted = z.infer<typeof accepted>;
export type Access = (typeof ACCESS)[number];

/** What an agent may do with a system: that of its environment, and `none` where either is not said. */
export function accessTo(posture: Posture, subject: { environment?: string | undefined }): Access {
  return (
    (subject.environment !== undefined ? posture.environments?.[subject.environment]?.agentAccess : undefined) ?? 'none'
  );
}
