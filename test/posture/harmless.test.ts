import { expect, it } from 'vitest';
import { harmlessInGit, holdsNoSecret } from '../../src/posture/harmless.ts';

// Put together here, so that no scanner takes this file for a leak.
const join = (...parts: string[]) => parts.join('');

it.each([
  '',
  '# a comment\nFOO=bar\nSPAM=1\n',
  'registry=https://registry.example.com/\nengine-strict=true\n',
  '[section]\nAPI_TOKEN=\nDB_PASSWORD=$DB_PASSWORD\nTOKEN=<yours>\n',
  'name: shop\nlist:\n  - id: 1\npassword: "$' + '{PASSWORD}"\n',
  '{\n  "name": "shop",\n  "port": 80\n}\n',
])('%j holds nothing that looks like a secret', text => {
  expect(holdsNoSecret(text)).toBe(true);
});

it.each([
  'hunter2\n',
  'FOO=bar\nhunter2\n',
  'DB_PASSWORD=short\n',
  'password: short\n',
  'password:\n  short\n',
  '{"password": "short"}',
  '"db": {"user": "a", "password": "short"}',
  'db: { user: a, password: short }',
  'key: short\n',
  'user:$apr1$salt$hash\n',
  'localhost:5432:db:user:short\n',
  join('FOO=', 'ghp', '_', 'q7Rt2mXw9KdLs4Vb8Nz1Hc6Jf3Gp5Ya0Teab12'),
  join('URL=postgres://app:', 's3cretpw@db.example.com/x'),
  'A=1\0',
  Buffer.from([0xff, 0xfe, 0x41]).toString('utf8'),
])('%j may hold one', text => {
  expect(holdsNoSecret(text)).toBe(false);
});

it('test data is harmless by its path, anything else only if no version of it looks like a secret', () => {
  expect(harmlessInGit('packages/a/test/snapshots/x/.env', ['TOKEN=abcdefgh'])).toMatch(/^tracked test data/);
  expect(harmlessInGit('tests/.env', [])).toMatch(/^tracked test data/);
  expect(harmlessInGit('latest/.env', ['TOKEN=abcdefgh'])).toBeUndefined();
  expect(harmlessInGit('.npmrc', ['a=1', 'b=2'])).toMatch(/nothing in it/);
  expect(harmlessInGit('.npmrc', ['a=1', 'TOKEN=abcdefgh'])).toBeUndefined();
  expect(harmlessInGit('.npmrc', ['a=1', undefined])).toBeUndefined();
  expect(harmlessInGit('.npmrc', [])).toBeUndefined();
});
