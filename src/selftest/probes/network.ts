import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { findProgram } from '../../base/exec.ts';
import { displayPath, expandHome, isWithin, realPathOf, throughProc } from '../../base/files.ts';
import { endpointOf, withoutPort } from '../../posture/address.ts';
import { saysProduction } from '../../posture/environment.ts';
import { accessTo, type System, type SystemKind } from '../../posture/schema.ts';
import type { Greeting } from '../wire.ts';
import type { Probe, ProbeContext } from './types.ts';

export interface Address {
  host: string;
  port: number;
  greeting: Greeting;
}

const GREETINGS: Readonly<Record<SystemKind, Greeting>> = {
  postgres: 'postgres',
  mysql: 'mysql',
  redis: 'redis',
  mongodb: 'mongodb',
  sqlite: 'none',
  'http-api': 'http',
  'object-storage': 'http',
  queue: 'amqp',
  kubernetes: 'tls',
  'cloud-account': 'tls',
  forge: 'tls',
  'ssh-host': 'ssh',
  payment: 'tls',
  email: 'smtp',
  other: 'none',
};

/** What a server of a URL's scheme speaks first, where the scheme says it. */
const SCHEME_GREETINGS: Readonly<Record<string, Greeting>> = {
  http: 'http',
  https: 'tls',
  ws: 'http',
  wss: 'tls',
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  redis: 'redis',
  rediss: 'tls',
  mongodb: 'mongodb',
  amqp: 'amqp',
  amqps: 'tls',
  ssh: 'ssh',
  smtp: 'smtp',
  smtps: 'tls',
  s3: 'tls',
};

/** Ports where a server speaks TLS first, whatever its kind. */
const TLS_PORTS = new Set([443, 6443, 8443]);

/** A posture's address as host, port and greeting; undefined where it is none (`unix:`, a file) or has no port that is known. */
export function parseAddress(text: string, kind: SystemKind): Address | undefined {
  const endpoint = endpointOf(text, kind);
  if (endpoint === undefined) return undefined;
  const { host, port, scheme } = endpoint;
  const told = scheme === undefined ? undefined : SCHEME_GREETINGS[scheme];
  const usual = GREETINGS[kind];
  const greeting = told ?? (TLS_PORTS.has(port) && (usual === 'http' || usual === 'none') ? 'tls' : usual);
  return { host, port, greeting };
}

/** `host:port`, a v6 address in brackets. */
export function formatAddress({ host, port }: { host: string; port: number }): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Whether an address is this machine itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\./.test(host);
}

/** The default address outside: one well-known host. `AGENT_POSTURE_OUTSIDE` (a comma list, may be empty) replaces the posture's list. */
const OUTSIDE = ['example.com:443'];

function outsideAddresses({ posture, restricted, env }: ProbeContext): { addresses: readonly string[]; asks: boolean } {
  if (!restricted) return { addresses: [], asks: false };
  const replaced = env.AGENT_POSTURE_OUTSIDE;
  if (replaced !== undefined) {
    const addresses = replaced
      .split(',')
      .map(text => text.trim())
      .filter(Boolean);
    return { addresses, asks: false };
  }
  const declared = posture?.selftest?.outside;
  return { addresses: declared ?? OUTSIDE, asks: declared !== undefined };
}

/** What gets out where connections do not: a datagram, a question to a name server, an echo request. */
function besides({ host, port }: Address, asks: boolean, { root, readOnly }: ProbeContext): Probe[] {
  const common = { safeguard: 'ISO-3', expect: 'deny', group: 'outside', origin: 'outside', asks } as const;
  const datagram: Probe = {
    ...common,
    attempt: 'connect',
    target: `${formatAddress({ host, port })}/udp`,
    severity: 'medium',
    opens: 'a way to send data out',
    subject: { kind: 'address', host, port, greeting: 'quic' },
  };
  // In a box its own loopback answers.
  if (isLoopback(host)) return [datagram];
  const ping = findProgram('ping', [root]);
  const skip = ping === undefined ? 'not here' : readOnly ? 'read-only try: nothing is started' : undefined;
  const echo: Probe = {
    ...common,
    attempt: 'exec',
    target: `ping ${host}`,
    severity: 'low',
    opens: 'a way to send data out',
    subject:
      skip !== undefined || ping === undefined
        ? { kind: 'skip', why: skip ?? 'not here' }
        : {
            kind: 'command',
            argv: [ping, '-c', '1', '-W', '1', '--', host],
            cwd: '/',
            success: 'exit',
            timeout: 1_500,
          },
  };
  if (isIP(host) !== 0) return [datagram, echo];
  const name: Probe = {
    ...common,
    attempt: 'resolve',
    target: host,
    severity: 'low',
    opens: 'questions to a name server carry data out',
    subject: { kind: 'name', name: host },
  };
  return [datagram, name, echo];
}

/** A name that the declared box may reach, for what is not on the list to pass for. */
function allowedName({ posture }: ProbeContext): string | undefined {
  const names = (posture?.isolation?.network?.allow ?? []).map(withoutPort);
  // One below it, where all below it are allowed.
  return names
    .map(name => name.replace(/^\*\./, 'www.'))
    .find(name => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(name) && isIP(name) === 0);
}

/** Connect, resolve, request and (for sqlite) read tries for every declared system, the outside addresses, and found systems as not tried. */
export async function networkProbes(context: ProbeContext): Promise<Probe[]> {
  const { posture, facts } = context;
  const declared = (posture?.systems ?? []).flatMap(system => systemProbes(system, context));
  const known = new Set(declared.map(({ target }) => target));
  const found = facts.systems.flatMap((system): Probe[] => {
    const address = system.address === undefined ? undefined : parseAddress(system.address, system.kind);
    const target = address ? formatAddress(address) : undefined;
    if (target === undefined || known.has(target)) return [];
    return [
      {
        safeguard: 'ISO-3',
        attempt: 'connect',
        target,
        expect: 'deny',
        severity: 'high',
        group: 'production',
        opens: system.id,
        subject: {
          kind: 'skip',
          why: `named in ${system.seen.path}${system.seen.line ? `, line ${system.seen.line}` : ''}, not declared: never contacted`,
        },
        origin: 'system',
      },
    ];
  });
  const { addresses, asks } = outsideAddresses(context);
  const outside = addresses.flatMap((text): Probe[] => {
    const address = parseAddress(text, 'payment');
    return address
      ? [
          {
            safeguard: 'ISO-3',
            attempt: 'connect',
            target: formatAddress(address),
            expect: 'deny',
            severity: 'medium',
            group: 'outside',
            opens: 'a way to send data out',
            subject: { kind: 'address', ...address, allowed: allowedName(context) },
            origin: 'outside',
            asks,
          },
          ...besides(address, asks, context),
        ]
      : [];
  });
  return [...declared, ...found, ...outside, ...(await metadata(context))];
}

/** What is tried on a declared system. One that cannot be tried has a skipped row that says why, and so have its requests. */
function systemProbes(system: System, context: ProbeContext): Probe[] {
  const { root, home, posture, restricted } = context;
  if (!posture) return [];
  const access = accessTo(posture, system);
  const production = access === 'none';
  const common = {
    safeguard: production ? 'ISO-3' : 'ISO-1',
    expect: production ? 'deny' : 'allow',
    severity: production ? 'critical' : 'medium',
    group: production
      ? system.environment === undefined || saysProduction(`${system.environment} ${system.id}`)
        ? 'production'
        : 'outside'
      : 'too-tight',
    opens: [system.id, ...(system.holds ?? [])].join(', '),
    origin: 'system',
    asks: true,
  } as const;
  const requests = (posture.selftest?.requests ?? []).filter(request => request.system === system.id);
  const unsent = (why: string) =>
    requests.map(({ method, path }): Probe => {
      const target = `${method} ${system.id}${path}`;
      return { ...common, attempt: 'request', target, subject: { kind: 'skip', why } };
    });
  const untried = (target: string, why: string): Probe[] => [
    { ...common, attempt: 'connect', target, subject: { kind: 'skip', why } },
    ...unsent(why),
  ];
  if (system.address === undefined) return untried(system.id, 'the posture gives no address for it');
  if (system.address.startsWith('unix:')) {
    const path = system.address.slice('unix:'.length).replace(/^\/\//, '');
    const greeting = GREETINGS[system.kind];
    return [
      { ...common, attempt: 'socket', target: path, subject: { kind: 'socket', path, abstract: false, greeting } },
      ...unsent('a request is sent to host:port or a URL, not to a socket'),
    ];
  }
  if (system.kind === 'sqlite') {
    const path = throughProc(root, resolve(root, expandHome(system.address, home)));
    const target = displayPath(path, { root, home });
    // A link in the repository may lead out of it, and one outside into it.
    const real = realPathOf(path);
    const asks = !(isWithin(root, path) && isWithin(realPathOf(root), real));
    const leadsTo = asks && real !== path ? displayPath(real, { root, home }) : undefined;
    return [
      { ...common, asks, leadsTo, attempt: 'read', target, subject: { kind: 'file', path } },
      ...unsent('a request is sent to host:port or a URL, not to a file'),
    ];
  }
  const address = parseAddress(system.address, system.kind);
  if (!address) return untried(system.address, 'no port is known for this address: add one to it');
  const probes: Probe[] = [
    {
      ...common,
      attempt: 'connect',
      target: formatAddress(address),
      subject: { kind: 'address', ...address, ...(production && restricted ? { allowed: allowedName(context) } : {}) },
    },
  ];
  if (production && restricted && isIP(address.host) === 0 && !isLoopback(address.host))
    probes.push({
      ...common,
      attempt: 'resolve',
      target: address.host,
      severity: 'low',
      group: 'outside',
      opens: 'questions to a name server carry data out',
      subject: { kind: 'name', name: address.host },
    });
  for (const { method, path } of requests) {
    const scheme = address.greeting === 'tls' || system.address.startsWith('https:') ? 'https' : 'http';
    const url = `${scheme}://${formatAddress(address)}${path}`;
    probes.push({
      ...common,
      attempt: 'request',
      target: `${method} ${url}`,
      subject: { kind: 'request', method, url },
    });
  }
  return probes;
}

/** The links-local address from which cloud machines hand out credentials, where this is one or the posture asks. */
async function metadata({ posture, env }: ProbeContext): Promise<Probe[]> {
  const wish = posture?.selftest?.metadata ?? 'auto';
  const host = '169.254.169.254';
  const probe = (subject: Probe['subject']): Probe[] => [
    {
      safeguard: 'ISO-2',
      attempt: 'connect',
      target: `${host}:80`,
      expect: 'deny',
      severity: 'critical',
      group: 'production',
      opens: "this cloud machine's own credentials",
      subject,
      origin: 'metadata',
      asks: wish === 'on',
    },
  ];
  if (wish === 'off') return probe({ kind: 'skip', why: 'switched off in the posture' });
  const cloud = wish === 'on' || (env.AGENT_POSTURE_OUTSIDE === undefined && (await isCloudMachine()));
  return probe(
    cloud
      ? { kind: 'address', host, port: 80, greeting: 'http' }
      : { kind: 'skip', why: 'this machine does not say that it is a cloud machine' },
  );
}

/** What the firmware says of the machine: sysfs-class-dmi, as cloud-init's ds-identify reads it. */
async function isCloudMachine(): Promise<boolean> {
  const read = (name: string) => readFile(`/sys/class/dmi/id/${name}`, 'utf8').catch(() => '');
  const [vendor, product, chassis] = await Promise.all([
    read('sys_vendor'),
    read('product_name'),
    read('chassis_asset_tag'),
  ]);
  return (
    /Amazon EC2|Google|DigitalOcean|Hetzner|Scaleway|Vultr|OpenStack|Alibaba|Oracle/i.test(vendor + product) ||
    chassis.startsWith('7783-7084-3265-9085-8269-3286-77')
  );
}
