import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { networkProbes } from '../../src/selftest/probes/network.ts';
import type { Probe, ProbeContext } from '../../src/selftest/probes/types.ts';
import { boxCommand, hasBox, type Lab, makeLab } from '../labs/box.ts';
import { tryColumn } from '../labs/column.ts';
import { busyboxOnly, cleanUp } from './pack-support.ts';

/**
 * The internet of these tests, inside a network namespace with nothing but its loopback: a name server that writes down
 * what it is asked, and a server that answers QUIC.
 */
const INTERNET = `
const { appendFileSync, writeFileSync } = require('node:fs');
const dgram = require('node:dgram');
const [ready, log, parts] = process.argv.slice(2);
const start = (port, answer) => new Promise(done => {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (part, from) => { const said = answer(part); if (said) socket.send(said, from.port, from.address); });
  socket.bind(port, '127.0.0.1', done);
});
const names = part => {
  const labels = [];
  for (let at = 12; part[at] > 0; at += part[at] + 1) labels.push(part.toString('latin1', at + 1, at + 1 + part[at]));
  return labels.join('.');
};
const dns = part => {
  appendFileSync(log, names(part) + '\\n');
  const end = part.indexOf(0, 12) + 5;
  const isA = part.readUInt16BE(end - 4) === 1;
  const head = Buffer.from([part[0], part[1], 0x81, parts.includes('no-name') ? 0x83 : 0x80, 0, 1, 0, isA && !parts.includes('no-name') ? 1 : 0, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([head, part.subarray(12, end), ...(head[7] ? [record] : [])]);
};
// Version negotiation: version 0, the two connection ids the other way round, and one version.
const quic = part => Buffer.concat([Buffer.from([0x80, 0, 0, 0, 0]), part.subarray(14, 23), part.subarray(5, 14), Buffer.from([0, 0, 0, 1])]);
Promise.all([
  parts.includes('dns') && start(53, dns),
  parts.includes('quic') && start(4433, quic),
  parts.includes('mute') && start(4433, () => undefined),
]).then(() => writeFileSync(ready, ''));
`;

let lab: Lab;
let folder: string;
const path = process.env.PATH;

beforeAll(async () => {
  lab = await makeLab();
  folder = join(lab.home, '..', 'net');
  mkdirSync(folder);
  writeFileSync(join(folder, 'internet.cjs'), INTERNET);
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  // Never the real one: it answers where the lab's own mark can be seen.
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'ping'), `#!/bin/sh\n[ -e '${join(lab.home, 'reach')}' ]\n`);
  chmodSync(join(folder, 'bin', 'ping'), 0o755);
  process.env.PATH = `${join(folder, 'bin')}:${path}`;
});
beforeEach(() => {
  rmSync(join(folder, 'asked'), { force: true });
});
afterAll(async () => {
  process.env.PATH = path;
  await cleanUp();
  await lab.close();
});

const context = (outside: string, more: Partial<ProbeContext> = {}): ProbeContext => ({
  root: lab.root,
  home: lab.home,
  env: { AGENT_POSTURE_OUTSIDE: outside },
  facts: lab.facts,
  posture: { version: 1, project: 'lab', selftest: { metadata: 'off' } },
  deep: false,
  readOnly: false,
  restricted: true,
  note: () => {},
  ...more,
});

/** A network namespace of its own with this internet in it, and other files in the place of some of the system's. */
function inside(parts: readonly string[], files: Readonly<Record<string, string>> = {}): string[] {
  const laid = { [realpathSync('/etc/resolv.conf')]: join(folder, 'resolv.conf'), ...files };
  const script = [
    ...(parts.length > 0
      ? [
          '"$2" "$1/internet.cjs" "$1/ready.$$" "$1/asked" "$3" </dev/null >/dev/null 2>&1 &',
          'while [ ! -e "$1/ready.$$" ]; do sleep 0.02; done',
          'rm "$1/ready.$$"',
        ]
      : []),
    'shift 3',
    'exec "$@"',
  ];
  return [
    ...['bwrap', '--die-with-parent', '--dev-bind', '/', '/', '--unshare-net'],
    // The name server listens on one of the privileged ports.
    ...['--unshare-user', '--uid', '0', '--gid', '0', '--cap-add', 'ALL'],
    ...Object.entries(laid).flatMap(([path, other]) => ['--ro-bind', other, path]),
    ...['sh', '-c', script.join('\n'), 'sh', folder, process.execPath, parts.join(',')],
  ];
}

describe('what is planned', () => {
  it('a datagram, a question and an echo beside each connection; no question for an address', async () => {
    const targets = async (outside: string, more?: Partial<ProbeContext>) =>
      (await networkProbes(context(outside, more)))
        .filter(({ origin }) => origin === 'outside')
        .map(({ attempt, target, subject }) => `${attempt} ${target} ${subject.kind}`);
    expect(await targets('outside.test:443')).toEqual([
      'connect outside.test:443 address',
      'connect outside.test:443/udp address',
      'resolve outside.test name',
      'exec ping outside.test command',
    ]);
    expect(await targets('192.0.2.1:443')).not.toContain('resolve 192.0.2.1 name');
    // A box has a loopback of its own, which answers.
    expect(await targets('127.0.0.1:443')).toEqual([
      'connect 127.0.0.1:443 address',
      'connect 127.0.0.1:443/udp address',
    ]);
    expect(await targets('outside.test:443', { readOnly: true })).toContain('exec ping outside.test skip');
    expect(await targets('outside.test:443', { restricted: false })).toEqual([]);
  });
});

describe.skipIf(!hasBox)('datagrams and questions to a name server', () => {
  const tryFrom = async (box: readonly string[], form?: 'sh') => {
    const all: Probe[] = await networkProbes(context('outside.test:4433'));
    // Programs are run by this process for their control, outside any namespace.
    const probes = all.filter(({ subject }) => subject.kind !== 'command');
    const rows = await tryColumn({ ...lab, host: inside(['dns', 'quic']), box, form }, probes);
    return {
      udp: rows.get('connect:outside.test:4433/udp'),
      name: rows.get('resolve:outside.test'),
    };
  };
  const asked = () => (existsSync(join(folder, 'asked')) ? readFileSync(join(folder, 'asked'), 'utf8') : '');

  it.each([undefined, 'sh'] as const)('both get out where the network is open (form %s)', async form => {
    const { udp, name } = await tryFrom(inside(['dns', 'quic']), form);
    expect([udp?.verdict, name?.verdict]).toEqual(['exposed', 'exposed']);
    expect(asked()).toContain('outside.test');
  });

  it.each([undefined, 'sh'] as const)('both are held where there is nothing (form %s)', async form => {
    const { udp, name } = await tryFrom(inside([]), form);
    expect([udp?.verdict, name?.verdict, udp?.reason, name?.reason]).toEqual([
      'blocked',
      'blocked',
      expect.any(String),
      expect.any(String),
    ]);
    expect(udp?.controls.every(({ outcome }) => outcome === 'done')).toBe(true);
  });

  it.each([undefined, 'sh'] as const)(
    'a name server that is asked around the system is found (form %s)',
    async form => {
      // The system is told to look into its own files alone.
      const settings = join(folder, 'nsswitch.conf');
      writeFileSync(settings, 'hosts: files\n');
      const box = inside(['dns', 'quic'], { '/etc/nsswitch.conf': settings });
      const { name } = await tryFrom(box, form);
      expect(name).toMatchObject({ verdict: 'exposed', evidence: { at: '127.0.0.1' } });
    },
  );

  it('busybox asks with its nslookup, and says what it cannot send', async () => {
    const tools = busyboxOnly();
    const from = async (...parts: string[]) => tryFrom([...inside(parts), 'env', `PATH=${tools}`], 'sh');
    const open = await from('dns', 'quic');
    expect([open.name?.verdict, open.udp?.verdict]).toEqual(['exposed', 'inconclusive']);
    expect(open.udp?.reason).toContain('perl or python3');
    // Its own datagram to itself cannot be made there, and without that control a refusal proves nothing.
    expect((await from()).name?.verdict).toBe('inconclusive');
  });

  it('a name server that says there is no such name has let nothing through; a mute server is no answer', async () => {
    expect((await tryFrom(inside(['dns', 'no-name']))).name).toMatchObject({ verdict: 'blocked' });
    expect((await tryFrom(inside(['dns', 'mute']))).udp).toMatchObject({ verdict: 'blocked', reason: 'no answer' });
  });

  it('nothing is judged by what the host gets no answer from either', async () => {
    const all = await networkProbes(context('outside.test:4433'));
    const probes = all.filter(({ subject }) => subject.kind !== 'command');
    const rows = await tryColumn({ ...lab, host: inside(['dns', 'mute']), box: inside([]) }, probes);
    expect(rows.get('connect:outside.test:4433/udp')).toMatchObject({ verdict: 'skipped' });
    const none = await tryColumn({ ...lab, host: inside([]), box: inside([]) }, probes);
    expect(none.get('resolve:outside.test')).toMatchObject({ verdict: 'inconclusive' });
  });
});

describe.skipIf(!hasBox)('an echo request', () => {
  const ping = async (box?: readonly string[]) => {
    const all = await networkProbes(context('outside.test:443'));
    const probes = all.filter(({ subject }) => subject.kind === 'command');
    return (await tryColumn({ ...lab, ...(box ? { box } : {}) }, probes)).get('exec:ping outside.test')?.verdict;
  };

  it('is held, let out, or says that it goes nowhere from here either', async () => {
    const mark = join(lab.home, 'reach');
    expect(await ping(boxCommand(lab).split(' '))).toBe('skipped');
    writeFileSync(mark, '');
    expect(await ping()).toBe('exposed');
    expect(await ping(boxCommand(lab).split(' '))).toBe('blocked');
    expect(await ping([...boxCommand(lab).split(' '), '--ro-bind', mark, mark])).toBe('exposed');
    expect(await ping([...boxCommand(lab).split(' '), '--tmpfs', join(folder, 'bin')])).toBe('inconclusive');
  });
});
