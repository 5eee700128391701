import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../src/selftest/rows/index.ts';
import type { Try } from '../../src/selftest/wire.ts';
import { openWorkspace, type Workspace } from '../../src/selftest/workspace.ts';
import { probe, stubColumn, stubSession, tryStub } from '../labs/stub.ts';

let folder: string;
let workspace: Workspace;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ap-rounds-'));
  workspace = openWorkspace(folder, folder);
});
afterAll(async () => {
  await workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Ten servers that nobody contacts: the vantage is a stub. */
const TEN = Array.from({ length: 10 }, (_, index) =>
  probe({ kind: 'address', host: '192.0.2.1', port: 1_000 + index, greeting: 'none' }),
);
const ports = (tries: readonly Try[] = []) => tries.flatMap(one => (one.op === 'connect' ? [one.port] : []));
const all = <T>(value: T): T[] => TEN.map(() => value);
const verdicts = async (session: ReturnType<typeof stubSession>, probes = TEN) =>
  (await tryStub(session, probes, workspace)).map(({ verdict }) => verdict);

describe('a round', () => {
  it('has a permitted sibling at its start, in its middle and at its end, and second tries come in another order', async () => {
    const session = stubSession();
    expect(await verdicts(session)).toEqual(all('blocked'));
    const [first, second, last] = session.rounds.filter(tries => tries.some(({ op }) => op === 'listen'));
    const order = ['listen', ...all('connect').slice(5), 'listen', ...all('connect').slice(5), 'listen'];
    expect(first?.map(({ op }) => op)).toEqual(order);
    expect(second?.map(({ op }) => op)).toEqual(order);
    expect(last?.map(({ op }) => op)).toEqual(['listen']);
    expect(ports(second)).toEqual(ports(first).reverse());
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('proves nothing when sibling %d of 7 fails', async nth => {
    let siblings = 0;
    const session = stubSession(({ op }) => (op === 'listen' && ++siblings === nth ? { reason: 'EPERM' } : undefined));
    expect(await verdicts(session)).toEqual(all('inconclusive'));
    expect(siblings).toBe(7);
  });

  it.each([0, 1, 2, 5, 6, 7, 8, 12])(
    'proves nothing of what a vantage refuses that refuses everything after %d tries',
    async most => {
      let tries = 0;
      const session = stubSession(one => {
        if (one.op !== 'listen' && one.op !== 'connect') return undefined;
        return ++tries > most ? { reason: 'EACCES' } : { outcome: 'done' };
      });
      // A sibling stands before the first and before the sixth.
      const reached = Math.max(0, most - (most > 6 ? 2 : 1));
      expect(await verdicts(session)).toEqual(
        all('').map((_, index) => (index < reached ? 'exposed' : 'inconclusive')),
      );
    },
  );

  it('tries what ran out of time once more, beside nothing else', async () => {
    const late = 1_003;
    const session = stubSession(one =>
      one.op === 'connect' && one.port === late ? { outcome: 'timeout', reason: 'ETIMEDOUT' } : undefined,
    );
    expect(await verdicts(session)).toEqual(all('blocked'));
    const [first = [], ...others] = session.rounds.map(ports).filter(some => some.length > 0);
    expect(others).toEqual([first.filter(port => port !== late).reverse(), [late]]);
  });
});

describe('a try that cannot be made', () => {
  it('is inconclusive, and the others are tried all the same', async () => {
    // What stands for a file that only root reads: one that cannot be kept before it is replaced.
    const gone = join(folder, 'settings.json');
    const guard = probe(
      { kind: 'guard', path: gone, how: 'replace', folder: false, rounds: [] },
      { attempt: 'write', safeguard: 'GRD-1', group: 'guard' },
    );
    const rows = await tryStub(stubSession(), [guard, ...TEN], workspace);
    expect(rows.map(({ verdict }) => verdict)).toEqual(['inconclusive', ...all('blocked')]);
    expect(rows[0]?.reason).toContain('ENOENT');
  });
});

describe('decoys', () => {
  const files = () => {
    const path = join(folder, 'secret');
    writeFileSync(path, 'hunter2\n');
    return [
      probe({ kind: 'file', path }),
      probe({ kind: 'workspace' }, { expect: 'allow', origin: 'work', group: 'too-tight' }),
    ];
  };

  it('are each another one, and their names say nothing of what they hold', () => {
    const decoys = Array.from({ length: 5 }, () => workspace.decoy());
    expect(new Set(decoys.map(({ canary }) => canary)).size).toBe(5);
    expect(new Set(decoys.map(({ path }) => path)).size).toBe(5);
    for (const { path } of decoys) for (const { canary } of decoys) expect(path).not.toContain(canary);
  });

  it('come back from an honest vantage', async () => {
    expect(await verdicts(stubSession(), files())).toEqual(['blocked', 'works']);
  });

  it('are refused when an old one comes back', async () => {
    const honest = stubSession();
    let old: string | undefined;
    const session = stubSession(one =>
      old && one.op === 'read' && one.bring ? { outcome: 'done', brought: old } : undefined,
    );
    const { round } = session;
    // The first one, of the handshake, is brought as it is.
    session.round = async tries => {
      const results = await (old === undefined ? honest.round(tries) : round(tries));
      old ??= [...results.values()][0]?.brought;
      return results;
    };
    expect(await verdicts(session, files())).toEqual(['inconclusive', 'inconclusive']);
    expect(old).toMatch(/^[0-9a-f]{48}$/);
  });

  it('are refused when something else comes back from the start', async () => {
    const session = stubSession(one =>
      one.op === 'read' && one.bring ? { outcome: 'done', brought: 'f'.repeat(48) } : undefined,
    );
    expect(await verdicts(session, [...files(), ...TEN])).toEqual([
      'inconclusive',
      'inconclusive',
      ...all('inconclusive'),
    ]);
  });
});

describe('the ways to an address', () => {
  const PROXIES = ['10.0.0.9:3128', 'socks5://10.0.0.9:1080'];
  const facts = { proxies: PROXIES, hostAliases: ['host.docker.internal', '172.17.0.1'], namespaces: { net: 'box' } };
  const local = probe({ kind: 'address', host: 'localhost', port: 5432, greeting: 'postgres' });
  const named = probe({ kind: 'address', host: 'db.test', port: 5432, greeting: 'postgres' });
  /** The host's own resolver knows both; it reaches whatever it is asked to. */
  const host = (...own: string[]) =>
    stubSession(one => ({
      outcome: 'done',
      ...(one.op === 'resolve' ? { names: own.map(name => ({ name, from: 'resolver' })) } : {}),
    }));
  const waysOf = async (one: typeof local, session: ReturnType<typeof stubSession>, own: ReturnType<typeof host>) => {
    const { column } = await stubColumn(session, [one], workspace, own);
    const [row] = rowsOf(column, 'key', one);
    return (row?.ways ?? []).map(({ label, instrument, key }) => [label, instrument, key]);
  };
  const key = (name: string) => `address ${name} 5432`;

  it('its name, each of its own addresses, these through each proxy, and the names of the host', async () => {
    const addresses = [
      ['localhost:5432', 'ipv4', key('localhost')],
      ['127.0.0.1:5432', 'ipv4', key('127.0.0.1')],
      ['[::1]:5432', 'ipv6', key('::1')],
    ];
    expect(await waysOf(local, stubSession(undefined, facts), host('127.0.0.1', '::1'))).toEqual([
      ...addresses,
      ...PROXIES.flatMap(proxy => addresses.map(([label, ...rest]) => [`${label} through ${proxy}`, ...rest])),
      ['host.docker.internal:5432', 'ipv4', key('localhost')],
      ['172.17.0.1:5432', 'ipv4', key('localhost')],
    ]);
  });

  it('no names of the host in its own network namespace, nor for what is not its own', async () => {
    const same = stubSession(undefined, { ...facts, proxies: [], namespaces: { net: 'host' } });
    expect((await waysOf(local, same, host('127.0.0.1'))).map(([label]) => label)).toEqual([
      'localhost:5432',
      '127.0.0.1:5432',
    ]);
    const other = stubSession(undefined, { ...facts, proxies: [] });
    expect((await waysOf(named, other, host('192.0.2.7'))).map(([label]) => label)).toEqual([
      'db.test:5432',
      '192.0.2.7:5432',
    ]);
  });

  it('a name that has nothing but IPv6 addresses is measured by IPv6', async () => {
    const ways = await waysOf(named, stubSession(), host('2001:db8::7'));
    expect(ways.map(([, instrument]) => instrument)).toEqual(['ipv6', 'ipv6']);
  });

  it('is reached when any one of them leads there, and held when none does', async () => {
    const open = async (one: typeof local, at: string, proxy?: string) => {
      const session = stubSession(
        made => (made.op === 'connect' && made.host === at && made.proxy === proxy ? { outcome: 'done' } : undefined),
        facts,
      );
      const [row] = await tryStub(
        session,
        [one],
        workspace,
        host(...(one === local ? ['127.0.0.1', '::1'] : ['192.0.2.7', '2001:db8::7'])),
      );
      return row?.verdict;
    };
    for (const at of ['localhost', '127.0.0.1', '::1', ...facts.hostAliases])
      expect(await open(local, at), at).toBe('exposed');
    for (const at of ['db.test', '192.0.2.7', '2001:db8::7'])
      for (const proxy of [undefined, ...PROXIES])
        expect(await open(named, at, proxy), `${at} ${proxy}`).toBe('exposed');
    expect([await open(local, ''), await open(named, '')]).toEqual(['blocked', 'blocked']);
  });

  it('families are never crossed: a refusal counts by a listener of its own', async () => {
    const without = async (family: string, ...own: string[]) => {
      const session = stubSession(one =>
        one.op === 'listen' && one.family === family ? { reason: 'EAFNOSUPPORT' } : undefined,
      );
      const [row] = await tryStub(session, [named], workspace, host(...own));
      return row?.verdict;
    };
    expect(await without('ipv6', '192.0.2.7')).toBe('blocked');
    expect(await without('ipv6', '192.0.2.7', '2001:db8::7')).toBe('inconclusive');
    expect(await without('ipv4', '2001:db8::7')).toBe('blocked');
    expect(await without('ipv4', '192.0.2.7', '2001:db8::7')).toBe('inconclusive');
  });

  it('a request is made through each proxy too', async () => {
    const request = probe({ kind: 'request', method: 'GET', url: 'http://api.test/x' }, { attempt: 'request' });
    const open = async (proxy: string | undefined) => {
      const session = stubSession(
        one => (one.op === 'request' && one.proxy === proxy ? { outcome: 'done' } : undefined),
        facts,
      );
      return (await tryStub(session, [request], workspace))[0]?.verdict;
    };
    for (const proxy of [undefined, ...PROXIES]) expect(await open(proxy), proxy).toBe('exposed');
    expect(await open('none of them')).toBe('blocked');
  });
});
