import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { connectionAddresses, webAddress } from '../../src/discover/address.ts';
import type { Mention } from '../../src/discover/mention.ts';
import { isExample, isSecretFile } from '../../src/discover/secret-files.ts';
import { mentionsIn, namesSystems, systemFacts } from '../../src/discover/systems.ts';

describe('addresses', () => {
  it.each([
    ['postgres://u:p@h.example.com/orders', 'h.example.com:5432'],
    ['postgresql+asyncpg://u:p%40@h.example.com:6543/x?a=b', 'h.example.com:6543'],
    ['jdbc:mysql://h.example.com/x', 'h.example.com:3306'],
    ['mysql://u:p@ss@h.example.com:3307/x', 'h.example.com:3307'],
    ['redis://:p@[2001:db8::1]:6380/0', '[2001:db8::1]:6380'],
    ['rediss://localhost', '127.0.0.1:6379'],
    ['mongodb://u:p@a.example.com:27018,b.example.com/x', 'a.example.com:27018 b.example.com:27017'],
    ['postgres://user:password@host:5432/db', ''],
    [`postgres://u:p@${'$'}{DB_HOST}:5432/db`, ''],
    ['postgres://u:p@<your-host>/db', ''],
    ['postgres://u:p@h.example.com:99999/db', ''],
    ['postgres:///var/run', ''],
    ['https://example.com', ''],
  ])('%s is %s', (text, expected) => {
    expect(
      connectionAddresses(text)
        .map(({ address }) => address)
        .join(' '),
    ).toBe(expected);
  });
  it.each([
    ['API_URL', 'https://api.example.com/v1', 'http-api api.example.com:443'],
    ['PAYMENTS', 'https://key:secret@api.stripe.com', 'payment api.stripe.com:443'],
    ['BUCKET', 'https://files.s3.eu-west-1.amazonaws.com/x', 'object-storage files.s3.eu-west-1.amazonaws.com:443'],
    ['SITE_URL', 'https://www.example.com', undefined],
    ['VITE_API_URL', 'https://api.example.com', undefined],
    ['API_URL', 'http://localhost:4000', undefined],
    ['API_URL', 'http://api:4000', undefined],
  ])('%s=%s', (name, value, expected) => {
    const found = webAddress(name, value);
    expect(found && `${found.kind} ${found.address}`).toBe(expected);
  });
});

describe('joining what several files say', () => {
  const base: Mention = {
    kind: 'postgres',
    address: 'h:5432',
    name: 'orders',
    environment: undefined,
    seen: { path: 'b' },
    example: false,
  };
  it('takes the place of the file that is no example, and whatever environment is known', () => {
    const example = { ...base, environment: 'production', seen: { path: 'a.example' }, example: true };
    expect(systemFacts([example, base])).toEqual([
      { id: 'orders-production', kind: 'postgres', address: 'h:5432', environment: 'production', seen: { path: 'b' } },
    ]);
  });
  it('gives every system an id of its own', () => {
    const two = [base, { ...base, address: 'i:5432' }, { ...base, address: 'j:5432', name: '—' }];
    expect(systemFacts(two).map(({ id }) => id)).toEqual(['orders', 'orders-2', 'postgres']);
  });
});

describe('files by name', () => {
  it.each([
    '.env',
    '.env.local',
    'a/.env.production',
    '.envrc',
    'prod.env',
    '.dev.vars',
    'id_ed25519',
    'tls/server.key',
    'app.p12',
    'terraform.tfstate',
    'prod.tfvars',
    'gcp-service-account.json',
    'credentials.json',
    'secrets.yml',
    '.streamlit/secrets.toml',
    'db/dump.sql',
    'backup-2026.sql.gz',
    '.netrc',
    'test/.env',
    '.aws/credentials',
    '.env~',
    '.env.swp',
    '#.env.local#',
    'tls/.server.key.swp',
    'credentials.json.bak',
    'id_rsa.old',
    'a/.env.\nzz',
    '.env.\u2028',
  ])('%s holds secrets', path => expect(isSecretFile(path)).toBe(true));
  it.each([
    '.env.example',
    '.env.sample',
    'example.env',
    '.env.vault',
    'id_rsa.pub',
    'certs/ca.pem',
    'fullchain.pem',
    'public.key',
    'terraform.tfvars.example',
    'schema.sql',
    'env.ts',
    'environment.ts',
    'src/secrets.ts',
    'test/fixtures/server.key',
    'keyboard.json',
    '.env.example~',
    'README.md~',
    '.notes.swp',
    'schema.sql.bak',
  ])('%s does not', path => expect(isSecretFile(path)).toBe(false));
  it('knows examples', () => {
    expect(['.env.example', 'a/.env.production.sample', 'config.dist.json'].every(isExample)).toBe(true);
    expect(['.env', 'distribution.json'].some(isExample)).toBe(false);
  });
});

const PATHS = ['.env', 'compose.yaml', 'config/database.yml', 'app/settings.py', 'schema.prisma'];
describe('whatever a file holds', () => {
  property.prop([
    fc.constantFrom(...PATHS),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.stringMatching(/^[A-Za-z0-9]{12,20}$/),
  ])('no password of it is kept', (path, noise, password) => {
    expect(namesSystems(path)).toBe(true);
    const lines = [
      `A=postgres://app:${password}@db.example.com/x`,
      noise,
      `services: {db: {image: postgres, environment: {P: ${password}}, ports: ["1:5432"]}}`,
      `production: {host: h.example.com, password: ${password}}`,
    ];
    const found = systemFacts(lines.flatMap(line => mentionsIn(path, line)));
    expect(JSON.stringify(found)).not.toContain(password);
    for (const { id, address } of found) {
      expect(id).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
      expect(address).toMatch(/^[\w.:[\]-]+$/);
    }
  });
});
