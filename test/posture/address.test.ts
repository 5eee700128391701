import { describe, expect, it } from 'vitest';
import { connectionAddresses } from '../../src/discover/address.ts';
import { endpointOf, kindOfPort, SCHEMES } from '../../src/posture/address.ts';
import { parseAddress } from '../../src/selftest/probes/network.ts';

describe('where a system is', () => {
  it.each(Object.entries(SCHEMES))(
    '%s: discovery, posture and self-test mean the same place',
    (scheme, [kind, port]) => {
      const text = `${scheme}://db.example.com/x`;
      expect(endpointOf(text, kind)).toEqual({ host: 'db.example.com', port, scheme });
      expect(parseAddress(text, kind)).toMatchObject({ host: 'db.example.com', port });
      if (kind !== 'http-api')
        expect(connectionAddresses(text)).toEqual([
          expect.objectContaining({ kind, address: `db.example.com:${port}`, host: 'db.example.com' }),
        ]);
    },
  );

  it.each([
    ['postgres', 'postgres://a:b@db.example.com/x'],
    ['postgres', 'db..example.com:5432'],
    ['postgres', '999.1.1.1:5432'],
    ['other', 'foo://thing.example.com'],
    ['sqlite', 'data.db'],
    ['sqlite', 'data'],
    ['queue', 'unix:/run/q.sock'],
  ] as const)('%s at %s is nowhere to connect to', (kind, text) => {
    expect(endpointOf(text, kind)).toBeUndefined();
    expect(parseAddress(text, kind)).toBeUndefined();
  });

  it('takes v6 addresses with brackets, and a bare host where the kind has a port', () => {
    expect(endpointOf('[::1]:5433', 'postgres')).toEqual({ host: '::1', port: 5433, scheme: undefined });
    expect(connectionAddresses('A=postgres://u:p@[2001:db8::1]/x')[0]?.address).toBe('[2001:db8::1]:5432');
    expect(endpointOf('example.com', 'payment')).toEqual({ host: 'example.com', port: 443, scheme: undefined });
  });

  it.each([
    [22, 'ssh-host'],
    [443, 'http-api'],
    [25, 'email'],
    [465, 'email'],
    [587, 'email'],
    [5432, 'postgres'],
    [6443, 'kubernetes'],
    [9092, 'queue'],
    [4711, undefined],
  ])('port %i speaks of %s', (port, kind) => expect(kindOfPort(port)).toBe(kind));
});
