import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Egress, startEgress } from '../../src/isolation/egress/index.ts';
import {
  isAllowed,
  isPublic,
  mayConnect,
  ownLoopback,
  parseRules,
  splitHost,
} from '../../src/isolation/egress/rules.ts';

describe('which hosts are let through', () => {
  const rules = parseRules([
    'api.example.com',
    '*.pkg.example.com',
    'db.example.com:5432',
    '[2001:4860::1]:443',
    '10.1.2.3',
    'localhost:9',
  ]);
  test.each([
    ['api.example.com', 443, true],
    ['api.example.com', 80, true],
    ['api.example.com', 8443, false],
    ['api.example.com.evil.test', 443, false],
    ['evil-api.example.com', 443, false],
    ['xapi.example.com', 443, false],
    ['a.pkg.example.com', 443, true],
    ['a.b.pkg.example.com', 443, true],
    ['pkg.example.com', 443, false],
    ['evilpkg.example.com', 443, false],
    ['db.example.com', 5432, true],
    ['db.example.com', 443, false],
    ['2001:4860::1', 443, true],
    ['2001:4860::2', 443, false],
    ['10.1.2.3', 443, true],
    ['10.1.2.4', 443, false],
    ['', 443, false],
    ['api.example.com\0.evil.test', 443, false],
    ['evil.test\0api.example.com', 443, false],
    ['evil.test#.pkg.example.com', 443, false],
    ['evil.test/.pkg.example.com', 443, false],
    ['x@api.example.com', 443, false],
    ['0x7f.1', 443, false],
  ])('%j port %i: %s', (host, port, expected) => {
    expect(isAllowed(rules, host, port)).toBe(expected);
  });

  test('a wildcard does not stand for an address, however it is written', () => {
    const all = parseRules(['*', '*.1']);
    for (const host of ['127.0.0.1', '2130706433', '0x7f000001', '127.1', '017700000001', '::1', '169.254.169.254'])
      expect(isAllowed(all, host, 443)).toBe(false);
    expect(isAllowed(all, 'example.com', 443)).toBe(true);
  });

  test("the box's own loopback is its own, unless the posture lists that very name", () => {
    const own = (...allow: string[]) => ownLoopback(parseRules(allow)).join(',');
    expect(own('my-localhost.example', '*', '[fe80::1:1]')).toBe('localhost,127.0.0.1,::1');
    expect(own('LOCALHOST:5432')).toBe('127.0.0.1,::1');
    expect(own('[0::1]:80', '127.0.0.1')).toBe('localhost');
  });

  test.each([
    ['api.example.com:443', { host: 'api.example.com', port: 443 }],
    ['API.Example.com.:443', { host: 'api.example.com', port: 443 }],
    ['[::0001]:443', { host: '::1', port: 443 }],
    ['a:0', undefined],
    ['a:65536', undefined],
    ['a:b', undefined],
    ['[::1%eth0]:443', undefined],
    ['a b:443', undefined],
    ['x@y:443', undefined],
    ['http://x:443', undefined],
    ['', undefined],
  ])('%j is read as %j', (text, expected) => {
    expect(splitHost(text)).toEqual(expected);
  });
});

describe('which addresses a name may lead to', () => {
  test.each([
    ['93.184.216.34', true],
    ['2606:2800:220:1::1', true],
    ['127.0.0.1', false],
    ['127.8.8.8', false],
    ['0.0.0.0', false],
    ['10.0.0.1', false],
    ['100.64.0.1', false],
    ['169.254.169.254', false],
    ['172.16.0.1', false],
    ['172.32.0.1', true],
    ['192.168.1.1', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['::', false],
    ['::ffff:127.0.0.1', false],
    ['64:ff9b::7f00:1', false],
    ['fe80::1', false],
    ['fd00:ec2::254', false],
    ['2002:7f00:1::', false],
    ['2001:db8::1', false],
    ['not an address', false],
  ])('%s public: %s', (address, expected) => {
    expect(isPublic(address)).toBe(expected);
  });

  test('an inner one only where it is listed itself', () => {
    const rules = parseRules(['internal.example.com', '10.1.2.3:443', 'localhost:9']);
    expect(mayConnect(rules, 'internal.example.com', '10.1.2.3', 443)).toBe(true);
    expect(mayConnect(rules, 'internal.example.com', '10.1.2.3', 80)).toBe(false);
    expect(mayConnect(rules, 'internal.example.com', '10.1.2.4', 443)).toBe(false);
    expect(mayConnect(rules, 'internal.example.com', '::ffff:10.1.2.3', 443)).toBe(true);
    expect(mayConnect(rules, 'localhost', '127.0.0.1', 9)).toBe(true);
    expect(mayConnect(rules, 'localhost', '10.0.0.1', 9)).toBe(false);
    expect(mayConnect(rules, 'internal.example.com', '127.0.0.1', 9)).toBe(false);
  });
});

describe('the proxy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'egress-'));
  const target = createServer((request, response) =>
    response.end(`got ${request.method} ${request.url} ${request.headers.host}`),
  );
  let port = 0;
  let egress: Egress;
  const asked: string[] = [];
  beforeAll(async () => {
    await new Promise<void>(done => target.listen(0, '127.0.0.1', done));
    port = (target.address() as AddressInfo).port;
    egress = await startEgress(
      [`listed.test:${port}`, `127.0.0.1:${port}`, `*.wild.test:${port}`, 'metadata.test'],
      join(folder, 's'),
      async name => {
        asked.push(name);
        if (name === 'gone.wild.test') throw new Error('ENOTFOUND');
        return [{ address: name === 'metadata.test' ? '169.254.169.254' : '127.0.0.1', family: 4 }];
      },
    );
  });
  afterAll(async () => {
    await egress.close();
    target.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const say = (text: string): Promise<string> =>
    new Promise(done => {
      let heard = '';
      const client = connect(egress.socket, () => client.write(text));
      client.on('data', data => {
        heard += data;
        if (heard.startsWith('HTTP/1.1 200 Conn') && !heard.includes('got')) client.write('GET /x HTTP/1.0\r\n\r\n');
      });
      client.on('error', () => done(heard));
      client.on('close', () => done(heard));
      setTimeout(() => client.end(), 1_500).unref();
    });

  test('connects to what is listed', async () => {
    expect(await say(`CONNECT listed.test:${port} HTTP/1.1\r\n\r\n`)).toContain('got GET /x');
    expect(
      await say(`GET http://listed.test:${port}/y?z HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n`),
    ).toContain(`got GET /y?z listed.test:${port}`);
  });

  test('an answer that is cut off upstream is cut off for the client', async () => {
    const cut = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    await new Promise<void>(done => cut.listen(0, '127.0.0.1', done));
    const { port: at } = cut.address() as AddressInfo;
    const proxy = await startEgress([`127.0.0.1:${at}`], join(folder, 'cut'));
    const ended = await new Promise<boolean>(done => {
      const client = connect(proxy.socket, () =>
        client.write(`GET http://127.0.0.1:${at}/ HTTP/1.1\r\nHost: x\r\n\r\n`),
      );
      client.resume().on('error', () => {});
      client.on('close', () => done(true));
      setTimeout(() => done(false), 3_000).unref();
    });
    await proxy.close();
    cut.close();
    expect(ended).toBe(true);
  });

  test.each([
    ['another host', () => `CONNECT other.test:${port} HTTP/1.1\r\n\r\n`, 403],
    ['another port', () => 'CONNECT listed.test:22 HTTP/1.1\r\n\r\n', 403],
    ['an inner address behind a listed name', () => 'CONNECT metadata.test:80 HTTP/1.1\r\n\r\n', 403],
    ['a name that cannot be resolved', () => `CONNECT gone.wild.test:${port} HTTP/1.1\r\n\r\n`, 502],
    ['no port', () => 'CONNECT listed.test HTTP/1.1\r\n\r\n', 400],
    ['another scheme', () => 'GET ftp://listed.test/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    ['a request to the proxy itself', () => 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    [
      'a login in the address',
      () => `GET http://a:b@listed.test:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      400,
    ],
  ])('refuses %s', async (_name, request, status) => {
    const answer = await say(request());
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).not.toContain('got');
  });

  test('remembers what was asked for in vain: what is not listed, and what leads to an inner address', async () => {
    for (let times = 0; times < 2; times++) await say('CONNECT metadata.test:80 HTTP/1.1\r\n\r\n');
    await say('CONNECT unheard.test:443 HTTP/1.1\r\n\r\n');
    expect(egress.refused.unlisted.get('unheard.test:443')).toBe(1);
    expect(egress.refused.unlisted.has('metadata.test:80')).toBe(false);
    expect(egress.refused.inner.get('metadata.test:80')).toBeGreaterThanOrEqual(2);
  });

  test('a NUL in the name ends the connection and asks no name server', async () => {
    asked.length = 0;
    const answer = await say(`CONNECT evil.test\0.wild.test:${port} HTTP/1.1\r\n\r\n`);
    expect(answer).not.toContain('200');
    expect(asked).toEqual([]);
  });
});
