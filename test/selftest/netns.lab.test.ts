import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Probe } from '../../src/selftest/probes/types.ts';
import type { Row } from '../../src/selftest/types.ts';
import { type Lab, makeLab } from '../labs/box.ts';
import { tryColumn } from '../labs/column.ts';
import { describeWith } from '../support/parts.ts';

/**
 * Two namespaces of our own with a wire between them: one is the host with its server, the other the box. Nothing of it
 * touches a network of this machine. A network splits: a server is held only when no name, address, family or alias of
 * it leads there.
 */
const [HOST, BOX] = [`aph${process.pid}`, `apb${process.pid}`];
const PORT = 5432;
let lab: Lab;
const servers: ChildProcess[] = [];

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
const within = (name: string, ...words: string[]) => ['ip', 'netns', 'exec', name, ...words];
const run = (name: string, ...words: string[]) =>
  execFileSync('ip', within(name, ...words).slice(1), { stdio: 'pipe' });

/** A server in the host's namespace that greets as SSH does, at these addresses. */
async function serve(...addresses: string[]): Promise<void> {
  const script = `const net = require('node:net'); let up = 0;
    for (const at of ${JSON.stringify(addresses)})
      net.createServer(s => { s.on('error', () => {}); s.write('SSH-2.0-lab\\r\\n'); })
        .listen({ port: ${PORT}, host: at, ipv6Only: true }, () => { if (++up === ${addresses.length}) console.log('up'); });`;
  const [program = '', ...args] = within(HOST, process.execPath, '-e', script);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(child);
  await once(child.stdout, 'data');
}

/** What the box and the host start with: names of their own, by a file of theirs. */
function named(name: string, hosts: string, more: readonly string[] = []): string[] {
  const file = join(lab.state, `hosts-${name}`);
  writeFileSync(file, `127.0.0.1 localhost\n::1 localhost\n${hosts}`);
  return within(name, 'bwrap', '--die-with-parent', '--dev-bind', '/', '/', '--ro-bind', file, '/etc/hosts', ...more);
}

async function rowOf(host: string, hosts = '', inBox: readonly string[] = []): Promise<Row | undefined> {
  const probe: Probe = {
    safeguard: 'ISO-3',
    attempt: 'connect',
    target: `${host}:${PORT}`,
    expect: 'deny',
    severity: 'critical',
    group: 'production',
    subject: { kind: 'address', host, port: PORT, greeting: 'ssh' },
    origin: 'system',
  };
  const box = [...named(BOX, hosts, ['--cap-drop', 'ALL']), ...inBox];
  const rows = await tryColumn({ ...lab, host: named(HOST, hosts), box }, [probe]);
  return rows.get(`connect:${probe.target}`);
}

describeWith(['network namespaces'], 'networks split', () => {
  beforeAll(async () => {
    lab = await makeLab();
    mkdirSync(lab.state, { recursive: true });
    for (const name of [HOST, BOX]) {
      ip('netns', 'add', name);
      run(name, 'ip', 'link', 'set', 'lo', 'up');
    }
    ip('link', 'add', 'v0', 'netns', HOST, 'type', 'veth', 'peer', 'name', 'v0', 'netns', BOX);
    for (const [name, own] of [
      [HOST, 1],
      [BOX, 2],
    ] as const) {
      run(name, 'ip', 'addr', 'add', `10.99.0.${own}/24`, 'dev', 'v0');
      run(name, 'ip', 'addr', 'add', `fd99::${own}/64`, 'dev', 'v0', 'nodad');
      run(name, 'ip', 'link', 'set', 'v0', 'up');
    }
    run(BOX, 'ip', 'route', 'add', 'default', 'via', '10.99.0.1');
  }, 30_000);
  afterEach(() => {
    for (const server of servers.splice(0)) server.kill('SIGKILL');
    for (const family of ['-4', '-6']) run(BOX, 'ip', family, 'route', 'flush', 'type', 'unreachable');
  });
  afterAll(async () => {
    for (const name of [HOST, BOX]) ip('netns', 'del', name);
    await lab.close();
  });

  const block = (family: '-4' | '-6', address: string) =>
    run(BOX, 'ip', family, 'route', 'add', 'unreachable', address);
  const container = ['env', 'container=lab'];

  it("the host's loopback in another namespace is held; by the gateway it is reached where the server listens there", async () => {
    await serve('127.0.0.1');
    expect(await rowOf('127.0.0.1', '', container)).toMatchObject({ verdict: 'blocked', layer: 'network' });
    for (const server of servers.splice(0)) server.kill('SIGKILL');
    await serve('127.0.0.1', '10.99.0.1');
    const row = await rowOf('127.0.0.1', '', container);
    expect(row).toMatchObject({ verdict: 'exposed', evidence: { at: expect.stringContaining('10.99.0.1') } });
    // That way closed, it is held again.
    block('-4', '10.99.0.1');
    expect(await rowOf('127.0.0.1', '', container)).toMatchObject({ verdict: 'blocked' });
  });

  it('by the name that a container has for its host', async () => {
    await serve('127.0.0.1', '10.99.0.1');
    const hosts = '10.99.0.1 host.docker.internal\n';
    // No gateway, so that the name alone leads there.
    run(BOX, 'ip', 'route', 'del', 'default');
    try {
      expect(await rowOf('127.0.0.1', hosts)).toMatchObject({ verdict: 'exposed' });
      expect(await rowOf('127.0.0.1')).toMatchObject({ verdict: 'blocked' });
    } finally {
      run(BOX, 'ip', 'route', 'add', 'default', 'via', '10.99.0.1');
    }
  });

  it('a name with addresses of both families is held when both are, and reached by the one that is not', async () => {
    await serve('10.99.0.1', 'fd99::1');
    const hosts = '10.99.0.1 db.lab\nfd99::1 db.lab\n';
    expect(await rowOf('db.lab', hosts)).toMatchObject({ verdict: 'exposed' });
    block('-4', '10.99.0.1');
    expect(await rowOf('db.lab', hosts)).toMatchObject({ verdict: 'exposed' });
    block('-6', 'fd99::1');
    const held = await rowOf('db.lab', hosts);
    expect(held).toMatchObject({ verdict: 'blocked', layer: 'network' });
    run(BOX, 'ip', '-4', 'route', 'del', 'unreachable', '10.99.0.1');
    expect(await rowOf('db.lab', hosts)).toMatchObject({ verdict: 'exposed' });
  });

  it('families are never crossed: a box that has no v6 at all proves nothing of a v6 server', async () => {
    await serve('fd99::1');
    expect(await rowOf('fd99::1')).toMatchObject({ verdict: 'exposed' });
    run(BOX, 'ip', '-6', 'addr', 'del', '::1/128', 'dev', 'lo');
    block('-6', 'fd99::1');
    try {
      // The listener of its own that shows that connections work there cannot be had.
      expect((await rowOf('fd99::1'))?.verdict).toBe('inconclusive');
    } finally {
      run(BOX, 'ip', '-6', 'addr', 'add', '::1/128', 'dev', 'lo');
    }
    expect(await rowOf('fd99::1')).toMatchObject({ verdict: 'blocked' });
  });

  it('a way that drops everything is held after a second try alone; where the host has no answer either, nothing is proven', async () => {
    await serve('10.99.0.1');
    const dropped = ['INPUT', '-i', 'v0', '-p', 'tcp', '--dport', String(PORT), '-j', 'DROP'];
    run(HOST, 'iptables', '-A', ...dropped);
    const held = await rowOf('10.99.0.1');
    expect(held).toMatchObject({ verdict: 'blocked' });
    expect(held?.durationMs).toBeGreaterThan(500);
    for (const server of servers.splice(0)) server.kill('SIGKILL');
    expect(await rowOf('10.99.0.1')).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('your own connection failed too'),
    });
    await serve('10.99.0.1');
    run(HOST, 'iptables', '-D', ...dropped);
    expect(await rowOf('10.99.0.1')).toMatchObject({ verdict: 'exposed' });
  });
});
