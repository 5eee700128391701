import * as z from 'zod';
import { DURATION_PATTERN, SIZE_PATTERN } from '../base/units.ts';

/** Free text: printable, bounded, on one line or several. */
const text = z.string().min(1).max(2_000);
const id = z
  .string()
  .max(100)
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'expected an id: lower-case letters, digits, ".", "_" and "-"');
const pattern = z.string().min(1).max(500);
const duration = z.string().regex(DURATION_PATTERN, 'expected a duration such as 30m, 8h or 30d');
const size = z.string().regex(SIZE_PATTERN, 'expected a size such as 10kB or 50MB');
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a date such as 2027-01-31');
const hostPort = z
  .string()
  .max(300)
  .regex(
    /^(?:[A-Za-z0-9*](?:[A-Za-z0-9._*-]*[A-Za-z0-9*])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/,
    'expected a host name, or host:port',
  );

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
/** Ids of the agents that the registry knows (src/agents); a test keeps the two in step. */
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
export const REVIEW_CLASSES = ['network', 'auth', 'queries', 'dependencies', 'files'] as const;

const environment = z.strictObject({
  agentAccess: z.enum(ACCESS).optional().describe('What agents may do there. Absent counts as none.'),
});

const system = z.strictObject({
  id,
  kind: z.enum(SYSTEM_KINDS),
  environment: id.optional().describe('One of the environments; a system without one counts as access none.'),
  address: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('host:port, [v6]:port, a URL without user info, unix:/path, or a file path for sqlite.'),
  holds: z.array(id).optional().describe('Ids of data that the system holds.'),
  normally: z
    .strictObject({ by: text.optional(), rowsPerQuery: z.int().positive().optional(), note: text.optional() })
    .optional(),
});

const data = z.strictObject({ id, tables: z.array(text).optional(), files: z.array(pattern).optional() });

const credential = z.strictObject({
  id,
  environment: id,
  system: id.optional(),
  kind: z.string().min(1).max(100),
  inject: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
    .optional(),
  grants: z
    .array(z.strictObject({ schema: text.optional(), tables: z.array(text).optional(), rights: z.array(text) }))
    .optional(),
  lifetime: duration.optional(),
  rotateEvery: duration.optional(),
});

const isolation = z.strictObject({
  runtime: z.enum(RUNTIMES),
  command: z
    .string()
    .min(1)
    .max(2_000)
    .optional()
    .describe('With runtime command: the wrapper, split into words as a POSIX shell splits them.'),
  service: text.optional(),
  container: text.optional(),
  image: text.optional(),
  network: z
    .strictObject({ allow: z.array(hostPort) })
    .optional()
    .describe('Hosts that may be reached from inside. Absent: the network is not restricted.'),
  files: z.strictObject({ write: z.array(pattern).optional(), hide: z.array(pattern).optional() }).optional(),
});

const repository = z.strictObject({
  forge: z.enum(['github', 'gitlab', 'gitea', 'local']).optional(),
  protected: z.array(pattern).optional().describe('Branch patterns as in GitHub rulesets (fnmatch).'),
  reviews: z.int().min(0).max(10).optional(),
  owners: z.record(pattern, z.array(text)).optional(),
  agentIdentity: z.strictObject({ name: text, email: text }).optional(),
});

const selftest = z.strictObject({
  outside: z
    .array(hostPort)
    .optional()
    .describe('What must not be reachable where the network is restricted; [] tries none.'),
  commands: z.array(text).optional().describe('Commands that must work inside; run only when approved.'),
  requests: z
    .array(
      z.strictObject({
        system: id,
        method: z.enum(['GET', 'HEAD', 'OPTIONS']),
        path: z.string().max(1_000).regex(/^\//, 'expected a path that starts with /'),
      }),
    )
    .optional(),
  queries: z.array(z.strictObject({ system: id, sql: text })).optional(),
  metadata: z.enum(['auto', 'on', 'off']).optional(),
});

const accepted = z.strictObject({
  safeguard: z.string().max(20),
  target: text,
  reason: text,
  owner: text,
  until: date,
});

export const postureSchema = z
  .strictObject({
    version: z.literal(1),
    project: text,
    agents: z.array(z.enum(AGENT_IDS)).optional(),
    environments: z.record(id, environment).optional(),
    systems: z.array(system).optional(),
    data: z.array(data).optional(),
    secrets: z
      .strictObject({
        managers: z.record(id, z.enum(['local', 'vault', 'aws', 'azure'])).optional(),
        vault: z.strictObject({ address: text, mount: text, path: text }).optional(),
      })
      .optional(),
    credentials: z.array(credential).optional(),
    isolation: isolation.optional(),
    repository: repository.optional(),
    scanning: z
      .strictObject({
        engines: z.array(z.enum(['builtin', 'gitleaks', 'trufflehog', 'git-secrets'])),
        at: z.array(z.enum(SCAN_STAGES)).optional(),
      })
      .optional(),
    review: z.partialRecord(z.enum(REVIEW_CLASSES), z.enum(['off', 'warn', 'block'])).optional(),
    monitoring: z
      .strictObject({
        commitsPerHour: z.int().positive().optional(),
        rowsPerQuery: z.int().positive().optional(),
        exportPerHour: size.optional(),
        notify: z.array(z.string()).optional(),
      })
      .optional(),
    selftest: selftest.optional(),
    accepted: z.array(accepted).optional(),
  })
  .meta({
    title: 'agent-posture',
    description: 'What coding agents may touch in this repository. Names, never values.',
  });

/** The declared state, as the file says it: only `version` and `project` are always there. */
export type Posture = z.infer<typeof postureSchema>;
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
