import { environmentOf } from '../posture/environment.ts';
import type { Access } from '../posture/schema.ts';
import type { Facts, Seen, SystemFact } from './facts.ts';
import { isSecretFile } from './secret-files.ts';
import type { Entry } from './walk.ts';

/** From the least to the most careful. */
const SUGGESTED: readonly [environment: string, access: Access][] = [
  ['development', 'write'],
  ['test', 'write'],
  ['staging', 'read'],
  ['production', 'none'],
];

/** Names that teams give an environment of its own beside staging. */
const OWN = /^(qa|uat|preview|canary|beta|pre-?prod(uction)?|non-?prod)(-?\d{1,3})?$/;
/** Where a copy of an environment runs, or which of several it is: `prod-eu`, `staging-2`, `us-east-1-prod`. */
const PLACE =
  /^(eu|us|uk|de|fr|ca|au|jp|in|br|sg|apac|emea|latam|global|east|west|north|south|central|[a-z]{2}-[a-z]{4,9}-\d|\d{1,3})$/;

/**
 * The environment that a whole name speaks of: its own id where a team has it beside the usual four (`qa`, `prod-eu`),
 * otherwise the usual one (`prd` → production); undefined where it speaks of none.
 */
export function environmentId(name: string): string | undefined {
  const usual = environmentOf(name);
  if (usual === undefined) return undefined;
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .replace(/-(local|example|sample|template|dist)$/, '');
  if (id.length > 40) return usual;
  if (OWN.test(id)) return id;
  const rest = [/^([a-z]+)-(.+)$/, /^(.+)-([a-z]+)$/].some(split => {
    const parts = split.exec(id)?.slice(1) ?? [];
    return parts.some(part => environmentOf(part) === usual) && parts.some(part => PLACE.test(part));
  });
  return rest ? id : usual;
}

/** The environment that a name given to jobs, profiles or workspaces speaks of: one of many words is a job's. */
export function environmentNamed(name: string): string | undefined {
  const id = environmentId(name);
  return id === environmentOf(name) && name.split(/[^A-Za-z0-9]+/).length > 2 ? undefined : id;
}

/** Files that are for one environment, which is the captured part of their name or folder. */
const CONFIGURED: readonly RegExp[] = [
  /(?:^|\/)\.env[._-]([\w.-]+)$/,
  /(?:^|\/)(?:docker-)?compose[.-]([\w.-]+)\.ya?ml$/,
  /(?:^|\/)appsettings\.(\w+)\.json$/,
  /(?:^|\/)application-([\w-]+)\.(?:properties|ya?ml)$/,
  /(?:^|\/)values[.-]([\w-]+)\.ya?ml$/,
  /(?:^|\/)([\w-]+)(?:\.auto)?\.tfvars(?:\.json)?$/,
  /(?:^|\/)pulumi\.([\w-]+)\.ya?ml$/,
  /(?:^|\/)config\/(?:environments|deploy)\/([\w-]+)\.rb$/,
  /(?:^|\/)config\/deploy\.([\w-]+)\.ya?ml$/,
  /(?:^|\/)terraform\.tfstate\.d\/([\w-]+)\//,
  /(?:^|\/)(?:environments|overlays|envs|inventories)\/([\w-]+)(?:\/|\.\w+$)/,
];

/** The environment that a configuration file is for, by its name or folder: `.env.production`, `environments/prod/main.tf`. */
export function environmentOfFile(given: string): string | undefined {
  const path = given.toLowerCase();
  for (const pattern of CONFIGURED) {
    const name = pattern.exec(path)?.[1];
    if (name !== undefined) return environmentId(name);
  }
  return undefined;
}

/** The environments that systems, files and other names speak of, from the least to the most careful. */
export function environmentsOf(
  systems: readonly SystemFact[],
  entries: readonly Entry[],
  others: readonly { id: string; seen: Seen }[] = [],
): Facts['environments'] {
  const seen = new Map<string, Seen>();
  const add = (id: string | undefined, at: Seen) => {
    if (id !== undefined && !seen.has(id)) seen.set(id, at);
  };
  for (const system of systems) add(system.environment, system.seen);
  for (const { path, ignored } of entries) if (!ignored || isSecretFile(path)) add(environmentOfFile(path), { path });
  for (const other of others) add(other.id, other.seen);
  const ids = [...seen].sort(([a], [b]) => (a < b ? -1 : 1));
  // The usual one before those of its kind.
  return SUGGESTED.flatMap(([usual, suggested]) =>
    ids
      .filter(([id]) => environmentOf(id) === usual)
      .sort(([a], [b]) => Number(b === usual) - Number(a === usual))
      .map(([id, at]) => ({ id, suggested, seen: at })),
  );
}
