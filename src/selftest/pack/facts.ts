import { existsSync, readlinkSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import type { Ready } from '../session/lines.ts';
import { readText, which } from './base.ts';

const TOOLS = [
  'sh',
  'bash',
  'python3',
  'perl',
  'curl',
  'wget',
  'nc',
  'socat',
  'openssl',
  'sha256sum',
  'shasum',
  'busybox',
  'getent',
  'unshare',
  'nsenter',
  'mount',
  'umount',
  'timeout',
  'git',
  'gh',
  'glab',
  'docker',
  'podman',
  'kubectl',
  'sudo',
  'ssh',
  'systemctl',
  'crontab',
  'keyctl',
  'tmux',
];

const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, socks5: 1080, socks4: 1080 };

/** A proxy's URL as `host:port`, behind its scheme where that is not HTTP; never a login. */
export function proxyOf(value: string): string | undefined {
  try {
    const [scheme = '', rest = value] = value.includes('://') ? value.split(/:\/\/(.*)/s) : ['http'];
    const kind = /^socks4/i.test(scheme) ? 'socks4' : /^socks/i.test(scheme) ? 'socks5' : scheme.toLowerCase();
    if (PORTS[kind] === undefined) return undefined;
    // Only of schemes that it knows, the port is told apart from the default one.
    const { hostname, host, port } = new URL(`ap://${rest}`);
    return hostname === ''
      ? undefined
      : `${kind === 'http' ? '' : `${kind}://`}${port ? host : `${host}:${PORTS[kind]}`}`;
  } catch {
    return undefined;
  }
}

/** The proxies that an environment names, by the names that programs look for. */
export function proxiesOf(env: Readonly<Record<string, string>>): string[] {
  const found = Object.entries(env).flatMap(([name, value]) =>
    /^(https?|all|socks|npm_config|npm_config_https)_proxy$/i.test(name) && value ? (proxyOf(value) ?? []) : [],
  );
  return [...new Set(found)];
}

/** How a container reaches its host: names in its hosts file, and the default gateway, which elsewhere is somebody else's machine. */
export function hostAliases(env: Readonly<Record<string, string>>): string[] {
  const inContainer = existsSync('/.dockerenv') || existsSync('/run/.containerenv') || Boolean(env.container);
  const named = readText('/etc/hosts')
    .split('\n')
    .flatMap(line => line.replace(/#.*/, '').trim().split(/\s+/).slice(1))
    .filter(name => /^(host|gateway)\.(docker|containers)\.internal$/.test(name));
  const gateways = readText('/proc/net/route')
    .split('\n')
    .slice(1)
    .map(line => line.split('\t'))
    .filter(([, destination, gateway]) => destination === '00000000' && gateway !== undefined && gateway !== '00000000')
    .map(([, , gateway = '']) =>
      (gateway.match(/../g) ?? [])
        .reverse()
        .map(part => Number.parseInt(part, 16))
        .join('.'),
    );
  return [...new Set([...named, ...(inContainer ? gateways : [])])];
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Who and where we are, by the vantage's own word. Asks nobody. */
export function facts(env: Readonly<Record<string, string>>): Ready {
  const status = readText('/proc/self/status');
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
  const namespaces = ['mnt', 'pid', 'net', 'user', 'ipc', 'uts'].flatMap(name => {
    const number = /\[(\d+)\]/.exec(link(`/proc/self/ns/${name}`))?.[1];
    return number ? [[name, number] as const] : [];
  });
  const uidMap = readText('/proc/self/uid_map').trim().replace(/ +/g, ' ').replace(/\n /g, '\n');
  return {
    runtime: `node ${process.versions.node}`,
    platform: process.platform,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
    uidMap: uidMap || undefined,
    capabilities: field('CapEff'),
    noNewPrivileges: field('NoNewPrivs') === undefined ? undefined : field('NoNewPrivs') === '1',
    seccomp: field('Seccomp') === undefined ? undefined : field('Seccomp') !== '0',
    namespaces: Object.fromEntries(namespaces),
    cwd: process.cwd(),
    home: env.HOME || homedir(),
    hostname: hostname(),
    proxies: proxiesOf(env),
    hostAliases: hostAliases(env),
    tools: TOOLS.filter(tool => which(tool, env)),
    clock: Math.floor(Date.now() / 1000),
    sum: 'sha256',
  };
}
