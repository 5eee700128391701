import { isIPv6 } from 'node:net';
import { agents } from '../agents/index.ts';
import type { Facts } from '../discover/facts.ts';
import { endpointOf } from '../posture/address.ts';
import { patternRules } from '../posture/patterns.ts';
import { accessTo, type Posture } from '../posture/schema.ts';
import { secretShape } from '../posture/secrets.ts';
import { unseenCharacter } from '../posture/tree.ts';

/** Where keys and logins lie that are not the repository's: no agent needs to read them to write code. */
const HOME = [
  '~/.ssh',
  '~/.gnupg',
  '~/.aws',
  '~/.azure',
  '~/.config/gcloud',
  '~/.kube',
  '~/.docker/config.json',
  '~/.config/gh',
  '~/.config/glab-cli',
  '~/.git-credentials',
  '~/.netrc',
  '~/.npmrc',
  '~/.pypirc',
  '~/.cargo/credentials.toml',
  '~/.m2/settings.xml',
  '~/.gradle/gradle.properties',
  '~/.terraform.d/credentials.tfrc.json',
  '~/.vault-token',
  '~/.pgpass',
  '~/.my.cnf',
  '~/.password-store',
];
const REPOSITORY = ['.env*', '!.env*.example'];

/** What a box is proposed from. */
export interface Ground {
  facts: Facts;
  posture: Posture;
}

/** A path as a gitignore pattern that means just this file. */
function patternOf(path: string): string {
  const escaped = path.replaceAll('\\', '\\\\').replace(/[*?[]/g, String.raw`\$&`).replace(/^[!#]/, String.raw`\$&`);
  return escaped.replace(/ $/, '\\ ');
}

/** A pattern that a posture takes, for a file of any name: where the name cannot be written down, all files of its kind there. */
export function patternsFor(path: string): string[] {
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(path)?.[0] ?? '';
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return [patternOf(path), `${patternOf(folder)}*${extension}`].filter(isWritable).slice(0, 1);
}

function isWritable(pattern: string): boolean {
  return pattern.length <= 500 && !/[\r\n\t]/.test(pattern) && !unseenCharacter(pattern) && !secretShape(pattern);
}

/** Patterns with more of them. Exceptions stay last: in gitignore syntax the later line wins. */
export function withPatterns(known: readonly string[], more: readonly string[]): string[] {
  const all = [...new Set([...known, ...more])];
  return [...all.filter(pattern => !pattern.startsWith('!')), ...all.filter(pattern => pattern.startsWith('!'))];
}

/**
 * What to hide from an agent: what the posture hides, well-known places of keys, `.env` files, the secret files that were
 * found here, and `reached`, places (repository-relative or `~/…`) that an agent was seen to reach.
 */
export function hidePatterns({ facts, posture }: Ground, reached: readonly string[] = []): string[] {
  const standing = [...HOME, ...REPOSITORY];
  const rules = patternRules(REPOSITORY);
  const isOpen = (path: string) =>
    path.startsWith('~')
      ? !HOME.some(place => path === place || path.startsWith(`${place}/`))
      : path !== '' && !rules.ignores(path);
  const places = [...facts.secretFiles.map(({ path }) => path), ...reached].filter(isOpen);
  return withPatterns(posture.isolation?.files?.hide ?? [], [...standing, ...places.flatMap(patternsFor)]);
}

/** The agents to declare: those of the posture and those found; the most common one where there is none. */
export function agentsOf({ facts, posture }: Ground): string[] {
  const all = [...new Set([...(posture.agents ?? []), ...facts.agents.map(({ id }) => id)])];
  return all.length > 0 ? all : ['claude-code'];
}

/** The host in a git remote's address: a URL, or `user@host:path`. */
function remoteHost(url: string): string | undefined {
  const host =
    /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)/i.exec(url)?.[1] ?? /^(?:[^@/\s]+@)?([^/:\s]+\.[^/:\s]+):/.exec(url)?.[1];
  return host && /^[a-z0-9.-]+\.[a-z0-9-]+$/i.test(host) ? host.toLowerCase() : undefined;
}

/** The entries of the allow list for the declared systems that agents may use. */
export function openHosts(posture: Posture): string[] {
  return (posture.systems ?? []).flatMap(system => {
    if (system.address === undefined || accessTo(posture, system) === 'none') return [];
    const endpoint = endpointOf(system.address, system.kind);
    if (endpoint === undefined) return [];
    const host = isIPv6(endpoint.host) ? `[${endpoint.host}]` : endpoint.host;
    // Without a port, an entry stands for these two.
    return endpoint.port === 443 || endpoint.port === 80 ? [host] : [`${host}:${endpoint.port}`];
  });
}

/**
 * The hosts that are let through: those without which the agent, pushing its work, or a system it may use does not go at
 * all. Undefined, for an open network, where it is not known what a declared agent needs: a box in which it cannot work
 * would be left.
 */
export function allowedHosts(ground: Ground): string[] | undefined {
  const { facts, posture } = ground;
  const declared = agentsOf(ground).map(id => agents.find(agent => agent.id === id)?.hosts);
  if (declared.includes(undefined)) return undefined;
  const remote = facts.git.remote;
  const host = remote && remote.forge !== 'local' ? remoteHost(remote.url) : undefined;
  const forge = host === undefined ? [] : [host, ...(host === 'github.com' ? ['api.github.com'] : [])];
  const standing = posture.isolation?.network?.allow ?? [];
  return [...new Set([...standing, ...declared.flatMap(hosts => hosts ?? []), ...forge, ...openHosts(posture)])];
}
