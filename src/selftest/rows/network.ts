import { isIP } from 'node:net';
import { PASSINGS } from '../passing.ts';
import { formatAddress, isLoopback } from '../probes/network.ts';
import type { Probe, Subject } from '../probes/types.ts';
import { controlKey } from '../targets.ts';
import { plainTry } from '../tries.ts';
import type { Greeting, Told } from '../wire.ts';
import { type Column, escapeRow, type Instrument, plainWay, type RowPlan, type WayPlan } from './plans.ts';

/** What clients speak that go through a proxy where one is set; those of databases, queues and mail know none. */
const BY_PROXY: ReadonlySet<Greeting> = new Set(['tls', 'http', 'none']);

/**
 * An address by its name and by each of its own addresses, directly and through each proxy; a loopback one by the host's
 * aliases too. Where a list of names is kept, also as one of them.
 */
export function addressRows(column: Column, probe: Probe, subject: Extract<Subject, { kind: 'address' }>): RowPlan[] {
  const { targets, session, hostFacts, kind } = column;
  const own = targets.addresses.get(subject.host) ?? [];
  const hosts = [subject.host, ...own.filter(host => host !== subject.host)];
  const datagram = subject.greeting === 'quic';
  const family = (host: string): Instrument => (datagram ? 'udp' : isIP(host) === 6 ? 'ipv6' : 'ipv4');
  const way = (host: string, label: string, control: string, proxy?: string, told?: Told): WayPlan => ({
    ...plainWay(
      !datagram && isIP(host) === 0 && own.length > 0 && own.every(address => isIP(address) === 6)
        ? 'ipv6'
        : family(host),
      targets.checkBefore(control),
    ),
    label,
    key: control,
    after: async () => targets.checkAfter(control),
    make: () => ({
      one: plainTry(subject, { host, ...(proxy === undefined ? {} : { proxy }), ...(told ? { told } : {}) }),
    }),
  });
  const straight = (told?: Told) =>
    hosts.map(host => {
      const control = controlKey(subject, host === subject.host ? undefined : host);
      return way(host, formatAddress({ host, port: subject.port }), control, undefined, told);
    });
  const through = (some: readonly string[], told?: Told) =>
    (datagram ? [] : session.facts.proxies).flatMap(proxy =>
      some.map(host => {
        const control = controlKey(subject, host === subject.host ? undefined : host);
        return way(host, `${formatAddress({ host, port: subject.port })} through ${proxy}`, control, proxy, told);
      }),
    );
  const loopback = isLoopback(subject.host);
  const elsewhere = hostFacts?.namespaces.net !== session.facts.namespaces.net;
  // The host answers at its own loopback; whether it also does at an alias is what the try shows.
  const aliases =
    loopback && elsewhere
      ? session.facts.hostAliases.map(alias =>
          way(alias, formatAddress({ host: alias, port: subject.port }), controlKey(subject)),
        )
      : [];
  const literal: RowPlan = {
    probe,
    subject,
    escape: null,
    phase: 0,
    // A list of names may not know what to do with a bare address.
    ways: [
      ...straight(),
      ...(probe.expect === 'allow' && !BY_PROXY.has(subject.greeting) ? [] : through(hosts)),
      ...aliases,
    ],
    leansOn: [],
  };
  const { allowed } = subject;
  if (allowed === undefined || kind === 'host') return [literal];
  const escapes = PASSINGS.flatMap(({ name, told: tell, route }): RowPlan[] => {
    const told = tell(subject, allowed);
    if (told === undefined) return [];
    const ways = [...(route === 'any' ? straight(told) : []), ...through([subject.host], told)];
    const row = escapeRow(probe, name, ways);
    return [ways.length > 0 ? row : { ...row, skip: 'there is no proxy there' }];
  });
  return [literal, ...escapes];
}

export function commonRow(
  column: Column,
  probe: Probe,
  subject: Extract<Subject, { kind: 'name' | 'request' | 'command' }>,
): RowPlan {
  const { targets } = column;
  const control = controlKey(subject);
  const own = column.kind === 'host' && subject.kind === 'command' ? targets.observation(control) : undefined;
  const instrument: Instrument = subject.kind === 'name' ? 'resolve' : subject.kind === 'request' ? 'ipv4' : 'exec';
  const ways: WayPlan[] = [
    {
      ...plainWay(instrument, targets.checkBefore(control)),
      key: control,
      after: async () => targets.checkAfter(control),
      make: () => ({ one: plainTry(subject) }),
      // What the host ran for a control is the host's try as well.
      ...(own ? { tries: [{ observation: own, alone: true, controlled: true }] } : {}),
    },
  ];
  if (subject.kind === 'name') {
    const asked = { ...subject, direct: true };
    const key = controlKey(asked);
    ways.push({
      ...plainWay('udp', targets.checkBefore(key)),
      label: 'its name servers asked directly',
      key,
      after: async () => targets.checkAfter(key),
      make: () => ({ one: plainTry(asked) }),
    });
  }
  if (subject.kind === 'request')
    for (const proxy of column.session.facts.proxies)
      ways.push({
        ...plainWay('ipv4', targets.checkBefore(control)),
        label: `through ${proxy}`,
        key: control,
        after: async () => targets.checkAfter(control),
        make: () => ({ one: plainTry(subject, { proxy }) }),
      });
  return {
    probe,
    subject,
    escape: null,
    phase: subject.kind === 'command' && probe.expect === 'allow' ? 3 : 0,
    ways,
    leansOn: [],
  };
}
