import type { Problem } from '../base/errors.ts';
import { didYouMean } from '../base/suggest.ts';
import { list } from '../base/text.ts';
import { isHost, readAddress, splitHostPort } from './address.ts';
import { addressProblem, nameProblem } from './identity.ts';
import { SYSTEM_KINDS } from './schema.ts';
import { MOST_PROBLEMS, type Path, shown, type Tree } from './tree.ts';

type Entry = Record<string, unknown>;

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(value: unknown, key: string): unknown {
  return isEntry(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The members of a list that are mappings, with their places. */
function entries(value: unknown): [number, Entry][] {
  return Array.isArray(value) ? [...value.entries()].filter((pair): pair is [number, Entry] => isEntry(pair[1])) : [];
}

function strings(value: unknown): [number, string][] {
  return Array.isArray(value)
    ? [...value.entries()].filter((pair): pair is [number, string] => typeof pair[1] === 'string')
    : [];
}

function ids(value: unknown): string[] {
  return entries(value).flatMap(([, { id }]) => (typeof id === 'string' ? [id] : []));
}

/** The day a date names, or undefined where the calendar has none. */
function realDate(text: string): Date | undefined {
  const date = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text ? undefined : date;
}

/**
 * What a schema cannot say: references, unique ids, addresses, ports, dates, paths. Works on data that failed the schema
 * too, so that all problems of a file come together. `known` is what references are looked up in: the data itself, or for
 * an overlay the merged posture.
 */
export function checkMeaning(tree: Pick<Tree, 'data' | 'locate'>, known: unknown = tree.data): Problem[] {
  const { data, locate } = tree;
  const problems: Problem[] = [];
  const add = (path: Path, problem: Omit<Problem, 'where'>, part?: 'key' | 'value') =>
    problems.push({ ...problem, where: locate(path, part) });

  const environments = Object.keys(isEntry(own(known, 'environments')) ? (own(known, 'environments') as Entry) : {});
  const targets = {
    environment: environments,
    system: ids(own(known, 'systems')),
    data: ids(own(known, 'data')),
  };
  const sets = {
    environment: new Set(targets.environment),
    system: new Set(targets.system),
    data: new Set(targets.data),
  };
  const hints = new Map<unknown, number>();
  /** The name that was meant: looked for among all, so only for as many as may be listed. */
  const meant = ([place]: Path, value: string, kind: keyof typeof targets) => {
    const given = hints.get(place) ?? 0;
    hints.set(place, given + 1);
    return given < MOST_PROBLEMS ? didYouMean(value, targets[kind]) : '';
  };
  const refer = (path: Path, value: unknown, kind: keyof typeof targets, part?: 'key') => {
    if (typeof value !== 'string' || sets[kind].has(value)) return;
    const section = { environment: 'environments', system: 'systems', data: 'data' }[kind];
    add(
      path,
      {
        what: `${shown(value)} is not declared under "${section}"${meant(path, value, kind)}`,
        expected:
          targets[kind].length > 0 && targets[kind].length <= 12 ? `one of ${list(targets[kind], 'or')}` : undefined,
        next: `declare it under "${section}", or correct the name`,
      },
      part,
    );
  };
  const unique = (section: string) => {
    const first = new Map<string, number>();
    for (const [index, { id }] of entries(own(data, section))) {
      if (typeof id !== 'string') continue;
      const before = first.get(id);
      if (before === undefined) first.set(id, index);
      else
        add([section, index, 'id'], {
          what: `the id ${shown(id)} is used twice in "${section}"; the first is in line ${locate([section, before, 'id']).line}`,
          expected: 'each id once',
        });
    }
  };
  const stayInside = (path: Path, value: unknown) => {
    for (const [index, pattern] of strings(value))
      if (pattern.split(/[\\/]/).includes('..'))
        add([...path, index], {
          what: `${shown(pattern)} climbs out with ".."`,
          expected: 'a pattern inside the repository, or one that starts with ~/',
        });
  };

  for (const section of ['systems', 'data', 'credentials']) unique(section);
  const agents = strings(own(data, 'agents'));
  for (const [index, agent] of agents)
    if (agents.findIndex(([, other]) => other === agent) < index)
      add(['agents', index], { what: `${shown(agent)} is here twice`, expected: 'each agent once' });

  const kinds = new Map(entries(own(known, 'systems')).map(([, { id, kind }]) => [id, kind]));
  for (const [index, system] of entries(own(data, 'systems'))) {
    refer(['systems', index, 'environment'], system.environment, 'environment');
    for (const [at, held] of strings(system.holds)) refer(['systems', index, 'holds', at], held, 'data');
    if (typeof system.address === 'string' && system.address !== '') {
      const named = system.kind ?? kinds.get(system.id);
      const kind = SYSTEM_KINDS.find(one => one === named) ?? 'other';
      const read = readAddress(system.address, kind);
      if (!read.ok) add(['systems', index, 'address'], { what: `address: ${read.problem}`, expected: read.expected });
    }
  }
  for (const [index, held] of entries(own(data, 'data'))) stayInside(['data', index, 'files'], held.files);

  const places = new Map(entries(own(known, 'systems')).map(([, { id, environment }]) => [id, environment]));
  for (const [index, credential] of entries(own(data, 'credentials'))) {
    refer(['credentials', index, 'environment'], credential.environment, 'environment');
    refer(['credentials', index, 'system'], credential.system, 'system');
    const opens = places.get(credential.system);
    if (typeof opens === 'string' && typeof credential.environment === 'string' && opens !== credential.environment)
      add(['credentials', index, 'environment'], {
        what: `this credential is of ${shown(credential.environment)} and opens ${shown(credential.system)}, which is in ${shown(opens)}`,
        expected: 'a credential opens one environment: that of its system',
      });
  }
  const managers = own(own(data, 'secrets'), 'managers');
  for (const name of Object.keys(isEntry(managers) ? managers : {}))
    refer(['secrets', 'managers', name], name, 'environment', 'key');
  const vault = own(own(own(data, 'secrets'), 'vault'), 'address');
  if (typeof vault === 'string') {
    const read = readAddress(vault, 'http-api');
    if (!read.ok) add(['secrets', 'vault', 'address'], { what: `address: ${read.problem}`, expected: read.expected });
  }

  const selftest = own(data, 'selftest');
  for (const kind of ['requests', 'queries'])
    for (const [index, one] of entries(own(selftest, kind)))
      refer(['selftest', kind, index, 'system'], one.system, 'system');
  for (const [index, host] of strings(own(selftest, 'outside'))) {
    const split = splitHostPort(host);
    if (!split || !isHost(split.host) || split.port === undefined)
      add(['selftest', 'outside', index], {
        what: `${shown(host)} is no address to try`,
        expected: 'host:port with a port from 1 to 65535, such as example.com:443',
      });
  }

  const isolation = own(data, 'isolation');
  const runtime = own(isolation, 'runtime');
  if (runtime === 'command' && own(isolation, 'command') === undefined)
    add(['isolation', 'runtime'], {
      what: 'the runtime "command" has no command',
      expected: 'command: the wrapper, such as "docker compose exec -T agent"',
    });
  if (runtime !== 'command' && own(isolation, 'command') !== undefined)
    add(
      ['isolation', 'command'],
      { what: '"command" is only for the runtime command', next: 'write runtime: command, or delete the line' },
      'key',
    );
  for (const [index, host] of strings(own(own(isolation, 'network'), 'allow'))) {
    const path = ['isolation', 'network', 'allow', index];
    const split = splitHostPort(host);
    const name = split?.host.replace(/^\*\./, '') ?? '';
    if (!split || name.includes('*') || !isHost(name))
      add(path, {
        what: `${shown(host)} is no host that can be allowed`,
        expected:
          'a host such as api.example.com, with :port if only that; a star only as the first part, *.example.com',
        next: host === '*' ? 'to leave the network open, delete "network"' : undefined,
      });
    else if (split.host.startsWith('*.') && !name.includes('.'))
      add(path, { what: `${shown(host)} would allow a whole top-level domain`, expected: 'at least *.example.com' });
  }
  // What lies outside the repository is not for a file in it to open: whoever wrote the posture need not be its reader.
  for (const [index, pattern] of strings(own(own(isolation, 'files'), 'write')))
    if (/^!?~|^[\\/]+$|^[A-Za-z]:/.test(pattern))
      add(['isolation', 'files', 'write', index], {
        what: `${shown(pattern)} would let the box write outside the repository`,
        expected: 'a path or pattern inside the repository, such as src/',
        next: 'delete the line; what a declared agent needs of your home is let in without it',
      });
  for (const kind of ['write', 'hide']) stayInside(['isolation', 'files', kind], own(own(isolation, 'files'), kind));

  const repository = own(data, 'repository');
  const owners = own(repository, 'owners');
  for (const [pattern, names] of Object.entries(isEntry(owners) ? owners : {}))
    for (const [index, name] of strings(names))
      if (!/^@[\w.-]+(?:\/[\w./-]+)?$|^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/.test(name))
        add(['repository', 'owners', pattern, index], {
          what: `${shown(name)} is no owner`,
          expected: '@user, @organisation/team or an e-mail address',
        });
  const identity = own(repository, 'agentIdentity');
  for (const [part, problem] of [
    ['name', nameProblem],
    ['email', addressProblem],
  ] as const) {
    const value = own(identity, part);
    const expected = typeof value === 'string' && value !== '' ? problem(value) : undefined;
    if (expected !== undefined)
      add(['repository', 'agentIdentity', part], { what: `git would not commit as ${shown(value)}`, expected });
  }

  for (const [index, row] of entries(own(data, 'accepted')))
    if (typeof row.until === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(row.until) && !realDate(row.until))
      add(['accepted', index, 'until'], {
        what: `${shown(row.until)} is no day of the calendar`,
        expected: 'a date such as 2027-01-31',
      });
  return problems;
}
