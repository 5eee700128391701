import { BlockList, isIP } from 'node:net';

/** One entry of `isolation.network.allow`. */
export interface Rule {
  /** Lower-case name, `*.name` for all below it, or an address. */
  host: string;
  ports: readonly number[];
}

const DEFAULT_PORTS = [443, 80];
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/** Addresses that are not the internet: of this machine, of its neighbours, of the cloud it runs in, or of no one. */
const INNER = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  INNER.addSubnet(net, bits, 'ipv4');
// Everything in IPv6 but global unicast is inner; within it, what carries an IPv4 address or is for examples.
const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  INNER.addSubnet(net, bits, 'ipv6');

/** Whether an address belongs to the internet at large, by the IANA special-purpose registries. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !INNER.check(address, 'ipv4');
  return isIP(address) === 6 && GLOBAL.check(address, 'ipv6') && !INNER.check(address, 'ipv6');
}

/** Splits `host`, `host:port`, `[v6]` and `[v6]:port`. Undefined where it is none of them, or has a zone, or odd characters. */
export function splitHost(text: string): { host: string; port: number | undefined } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]@/?#%\\]+))(?::(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const port = match[3] === undefined ? undefined : Number(match[3]);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  if (match[1] !== undefined) return isIP(match[1]) === 6 ? { host: canonical(match[1]), port } : undefined;
  const host = (match[2] ?? '').toLowerCase().replace(/\.$/, '');
  return { host, port };
}

/** One spelling for each IPv6 address. */
function canonical(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

/** Whether text is a host name, and not a number that a resolver would read as an address (`0x7f.1`, `2130706433`). */
function isName(host: string): boolean {
  const last = host.split('.').at(-1) ?? '';
  return host.length <= 253 && NAME.test(host) && !/^(\d+|0x[0-9a-f]*)$/.test(last);
}

/** The entries as rules. The posture's schema has checked their form. */
export function parseRules(allow: readonly string[]): Rule[] {
  return allow.flatMap(entry => {
    const split = splitHost(entry);
    return split ? [{ host: split.host, ports: split.port === undefined ? DEFAULT_PORTS : [split.port] }] : [];
  });
}

/** What a box's programs are told to reach without the proxy: its own loopback, but for the names of it that are listed. */
export function ownLoopback(rules: readonly Rule[]): string[] {
  return ['localhost', '127.0.0.1', '::1'].filter(name => !rules.some(({ host }) => host === name));
}

/** Whether an entry lets this target through: names by name, addresses only where an entry says the address itself. */
export function isAllowed(rules: readonly Rule[], host: string, port: number): boolean {
  const address = isIP(host) !== 0;
  if (!address && !isName(host)) return false;
  return rules.some(rule => {
    if (!rule.ports.includes(port)) return false;
    if (rule.host === host) return true;
    if (address) return false;
    return rule.host === '*' || (rule.host.startsWith('*.') && host.endsWith(rule.host.slice(1)));
  });
}

/**
 * Whether a connection for an allowed name may go to this address of it: a public one may; an inner one only where an
 * entry says that address with that port, or the name is `localhost` and listed.
 */
export function mayConnect(rules: readonly Rule[], host: string, address: string, port: number): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isPublic(plain)) return true;
  const listed = rules.filter(rule => rule.ports.includes(port));
  return (
    listed.some(rule => rule.host === canonical(plain)) ||
    (host === 'localhost' && listed.some(rule => rule.host === 'localhost') && /^(127\.|::1$)/.test(plain))
  );
}
