import { isIPv6 } from 'node:net';
import { agents, someSandbox } from '../agents/index.ts';
import { list } from '../base/text.ts';
import type { Facts } from '../discover/facts.ts';
import { endpointOf } from '../posture/address.ts';
import { patternOfPath, patternRules } from '../posture/patterns.ts';
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

/** A pattern that a posture takes, for a file of any name: where the name cannot be written down, all files of its kind there. */
export function patternsFor(path: string): string[] {
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(path)?.[0] ?? '';
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return [patternOfPath(path), `${patternOfPath(folder)}*${extension}`].filter(isWritable).slice(0, 1);
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
export function agentsToDeclare({ facts, posture }: Ground): string[] {
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

/** The declared agents of which it is not known what hosts they need. */
function unknownAgents(ground: Ground): { title: string; here: boolean }[] {
  return agentsToDeclare(ground).flatMap(id => {
    const agent = agents.find(one => one.id === id);
    const found = ground.facts.agents.find(one => one.id === id);
    return agent?.hosts ? [] : [{ title: agent?.title ?? id, here: found?.binary !== undefined }];
  });
}

/** The declared agents whose hosts have to be named by somebody who knows them. */
export function withoutHosts(ground: Ground): string[] {
  return unknownAgents(ground).map(({ title }) => title);
}

/**
 * The hosts that are let through: those without which the agent, pushing its work, or a system it may use does not go at
 * all. Undefined, for an open network, where it is not known what a declared agent needs whose program is here: a box in
 * which it cannot work would be left. A file that some agent has left in the repository opens nothing.
 */
export function allowedHosts(ground: Ground): string[] | undefined {
  const { facts, posture } = ground;
  if (unknownAgents(ground).some(({ here }) => here)) return undefined;
  const known = agentsToDeclare(ground).flatMap(id => agents.find(agent => agent.id === id)?.hosts ?? []);
  const remote = facts.git.remote;
  const host = remote && remote.forge !== 'local' ? remoteHost(remote.url) : undefined;
  const forge = host === undefined ? [] : [host, ...(host === 'github.com' ? ['api.github.com'] : [])];
  const standing = posture.isolation?.network?.allow ?? [];
  return [...new Set([...standing, ...known, ...forge, ...openHosts(posture)])];
}

/** What the network of a declared box leaves to be done, in one line; undefined where nothing is, or no box is declared. */
export function networkNote(ground: Ground): string | undefined {
  const { runtime, network } = ground.posture.isolation ?? {};
  // Somebody's own command has a network of its own making.
  if (runtime === undefined || runtime === 'none' || runtime === 'command') return undefined;
  // There is no box then, whatever is declared.
  if (runtime === 'native' && !someSandbox(agentsToDeclare(ground))) return undefined;
  const all = unknownAgents(ground);
  const here = all.filter(one => one.here);
  const unknown = (here.length > 0 ? here : all).map(({ title }) => title);
  const whose = `the hosts of ${list(unknown)} are not known`;
  if (network === undefined)
    return `The network of the box is not restricted${unknown.length > 0 ? `, as ${whose}` : ''}: name the hosts that agents need in agent-posture.yaml, isolation.network.allow.`;
  // Of an agent that only a file speaks of, somebody who uses it has to say what it needs: nobody has added anything yet.
  const proposed = allowedHosts({ ...ground, posture: { ...ground.posture, isolation: undefined } });
  const shut = agentsToDeclare(ground).length === all.length && network.allow.every(entry => proposed?.includes(entry));
  return shut
    ? `The box lets no agent reach its model yet, as ${whose}: name them in agent-posture.yaml, isolation.network.allow.`
    : undefined;
}
