import { formatTarget } from './pack/tunnel.ts';
import type { Subject } from './probes/types.ts';
import type { Told } from './wire.ts';

type Address = Extract<Subject, { kind: 'address' }>;

/** A way out of a restricted network that passes for one that is allowed. Data: one entry a way. */
export interface Passing {
  name: string;
  /** What is said; undefined where it has no sense for this address. */
  told(address: Address, allowed: string): Told | undefined;
  /** Only through a proxy, or also straight past a filter that listens in. */
  route: 'proxy' | 'any';
  source: string;
}

export const PASSINGS: readonly Passing[] = [
  {
    name: 'host-header',
    told: ({ host, port }, allowed) => ({ target: formatTarget(host, port), header: formatTarget(allowed, port) }),
    route: 'proxy',
    source: 'https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6',
  },
  {
    // What compares the whole name lets it pass for one below the allowed one; what connects ends at the NUL.
    name: 'nul-name',
    told: ({ host, port }, allowed) =>
      host.includes(':')
        ? undefined
        : { target: formatTarget(`${host}\0.${allowed}`, port), header: formatTarget(host, port) },
    route: 'proxy',
    source: 'https://cwe.mitre.org/data/definitions/158.html',
  },
  {
    name: 'tls-name',
    told: ({ greeting }, allowed) => (greeting === 'tls' ? { name: allowed } : undefined),
    route: 'any',
    source: 'https://www.rfc-editor.org/rfc/rfc6066#section-3',
  },
];
