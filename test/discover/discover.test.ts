import { afterEach, describe, expect, it } from 'vitest';
import { Fixture } from './fixture.ts';

let fixture: Fixture;
afterEach(() => fixture.remove());

const PASSWORD = 'hunter2-correct-horse';

describe('a Node service with compose and a database', () => {
  const files = {
    'package.json': '{"name":"@acme/shop-api","devDependencies":{"husky":"9"}}',
    'docker-compose.yml': `services:
  db:
    image: postgres:16-alpine
    ports: ["127.0.0.1:5433:5432"]
    environment: { POSTGRES_PASSWORD: ${PASSWORD} }
  cache:
    image: redis:7
    ports:
      - target: 6379
        published: "6380"
  web: { build: ., ports: ["3000:3000"] }
`,
    '.env': `DATABASE_URL=postgres://app:${PASSWORD}@db:5432/orders\nREDIS_URL=redis://localhost:6380/0\n`,
    '.env.production': `# live\n\nexport DATABASE_URL="postgres://app:${PASSWORD}@db.prod.example.com:5432/orders?sslmode=require"\nSTRIPE_SECRET_KEY=sk_live_${'4eC39HqLyjWDarjtT1zdp7dc'}\nPAYMENTS_API_URL=https://user:${PASSWORD}@payments.example.com/v1?key=${PASSWORD}\nNEXT_PUBLIC_SITE_URL=https://shop.example.com\n`,
    '.env.example': 'DATABASE_URL=postgres://user:password@host:5432/orders\nSEARCH_URL=https://search.example.net\n',
    '.gitignore': '.env*\n!.env.example\n/dist/\nlocal/\n',
    'local/secrets/.env.staging': 'POSTGRES_SERVER=db.staging.example.com\nPOSTGRES_PORT=6432\n',
    '.husky/pre-commit': 'npm test\n',
    'src/index.ts': `const url = 'postgres://x:y@never.example.com/z';`,
    'node_modules/pkg/.env': 'DATABASE_URL=postgres://never.example.com/z\n',
    'certs/server.key': 'x',
    'certs/ca.pem': 'x',
    'test/fixtures/server.key': 'x',
  };

  it('finds its systems with where each was seen, joined by address, and no value of them', async () => {
    fixture = new Fixture(files);
    const facts = await fixture.facts();
    expect(facts.project).toBe('shop-api');
    const found = Object.fromEntries(
      facts.systems.map(({ address, kind, environment, seen }) => [
        address,
        [kind, environment, `${seen.path}:${seen.line}`],
      ]),
    );
    expect(found).toEqual({
      '127.0.0.1:5433': ['postgres', 'development', 'docker-compose.yml:2'],
      '127.0.0.1:6380': ['redis', 'development', '.env:2'],
      'db.prod.example.com:5432': ['postgres', 'production', '.env.production:3'],
      'api.stripe.com:443': ['payment', 'production', '.env.production:4'],
      'payments.example.com:443': ['http-api', 'production', '.env.production:5'],
      'db.staging.example.com:6432': ['postgres', 'staging', 'local/secrets/.env.staging:1'],
      'search.example.net:443': ['http-api', undefined, '.env.example:2'],
    });
    for (const { id } of facts.systems) expect(id).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
    expect(new Set(facts.systems.map(({ id }) => id)).size).toBe(facts.systems.length);
    expect(facts.systems.find(({ address }) => address === 'db.prod.example.com:5432')?.id).toBe('orders-production');
    expect(facts.envNames).toEqual([
      { path: '.env', names: ['DATABASE_URL', 'REDIS_URL'] },
      { path: '.env.example', names: ['DATABASE_URL', 'SEARCH_URL'] },
      {
        path: '.env.production',
        names: ['DATABASE_URL', 'STRIPE_SECRET_KEY', 'PAYMENTS_API_URL', 'NEXT_PUBLIC_SITE_URL'],
      },
      { path: 'local/secrets/.env.staging', names: ['POSTGRES_SERVER', 'POSTGRES_PORT'] },
    ]);
    expect(JSON.stringify(facts)).not.toContain(PASSWORD);
    expect(JSON.stringify(facts)).not.toContain('sk_live');
  });
  it('finds its secret files, ignored ones too, and leaves examples, public and test keys out', async () => {
    fixture = new Fixture(files);
    const { secretFiles } = await fixture.facts();
    expect(secretFiles.map(({ path }) => path).sort()).toEqual([
      '.env',
      '.env.production',
      'certs/server.key',
      'local/secrets/.env.staging',
    ]);
  });
  it('tells apart what git tracks: what holds no secret, and what no box hides', async () => {
    fixture = new Fixture({
      '.env': 'A=1\n',
      '.env.shared': 'A=1\n',
      '.env.token': 'API_TOKEN=short\n',
      'tests/app/.env': 'API_TOKEN=short\n',
      'tests/edited/.env': 'A=1\n',
    });
    fixture.git('init', '-q');
    fixture.git('add', '-f', '.env.shared', '.env.token', 'tests');
    fixture.put('tests/edited/.env', 'API_TOKEN=short\n');
    fixture.put('tests/new/.env', 'API_TOKEN=short\n');
    const { secretFiles, harmlessFiles, envNames } = await fixture.facts();
    const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
    expect([...secretFiles].sort(byPath)).toEqual([
      { path: '.env' },
      { path: '.env.token', tracked: true },
      { path: 'tests/edited/.env' },
      { path: 'tests/new/.env' },
    ]);
    expect([...(harmlessFiles ?? [])].sort(byPath)).toEqual([
      { path: '.env.shared', why: 'tracked, and nothing in it looks like a secret' },
      { path: 'tests/app/.env', why: 'tracked test data, by its path' },
    ]);
    expect(envNames?.map(({ path }) => path)).not.toContain('tests/app/.env');
  });
  it('suggests what an agent should get in each environment', async () => {
    fixture = new Fixture(files);
    const { environments } = await fixture.facts();
    expect(environments.map(({ id, suggested }) => [id, suggested])).toEqual([
      ['development', 'write'],
      ['staging', 'read'],
      ['production', 'none'],
    ]);
  });
  it('knows the hook manager', async () => {
    fixture = new Fixture(files);
    expect((await fixture.facts()).git.hookManager).toEqual({ id: 'husky', seen: { path: '.husky' } });
  });
});

describe('other projects', () => {
  it('reads a Django project', async () => {
    fixture = new Fixture({
      'pyproject.toml': '[project]\nname = "billing"\n',
      '.pre-commit-config.yaml': 'repos: []\n',
      'billing/settings/production.py': `DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.mysql',
        'NAME': 'billing',
        'USER': 'billing',
        'PASSWORD': '${PASSWORD}',
        'HOST': 'mysql.internal.example.com',
        'PORT': '3307',
    }
}
CACHES = {'default': {'LOCATION': 'redis://:${PASSWORD}@cache.prod.example.com:6379/1'}}
`,
      'billing/settings/local.py': `DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'HOST': 'x'}}\n`,
    });
    const facts = await fixture.facts();
    expect(facts.project).toBe('billing');
    expect(facts.git.hookManager?.id).toBe('pre-commit');
    expect(facts.systems.map(({ kind, address, environment }) => [kind, address, environment])).toEqual([
      ['redis', 'cache.prod.example.com:6379', 'production'],
      ['mysql', 'mysql.internal.example.com:3307', 'production'],
    ]);
    expect(JSON.stringify(facts)).not.toContain(PASSWORD);
  });
  it('reads Rails, Spring and Prisma', async () => {
    fixture = new Fixture({
      'config/database.yml': `default: &default\n  adapter: postgresql\n  port: 5432\ndevelopment:\n  <<: *default\n  host: localhost\nproduction:\n  <<: *default\n  host: pg.example.com\n  password: <%= ENV['X'] %>\n`,
      'src/main/resources/application-prod.properties':
        'spring.datasource.url=jdbc:mysql://mysql.example.com:3306/app?user=a\n',
      'prisma/schema.prisma':
        'datasource db {\n  provider = "postgresql"\n  url      = "postgresql://a:b@prisma.example.com:5432/x"\n}\n',
    });
    const { systems } = await fixture.facts();
    expect(systems.map(({ address, environment }) => [address, environment]).sort()).toEqual([
      ['127.0.0.1:5432', 'development'],
      ['mysql.example.com:3306', 'production'],
      ['pg.example.com:5432', 'production'],
      ['prisma.example.com:5432', undefined],
    ]);
  });
  it('takes what a production file names for production, though a tunnel to it ends on this machine', async () => {
    fixture = new Fixture({
      '.env.production': 'DATABASE_URL=postgres://u:p@127.0.0.1:15432/orders\n',
      '.env': 'REDIS_URL=redis://127.0.0.1:6379\n',
    });
    const { systems } = await fixture.facts();
    expect(systems.map(({ address, environment }) => [address, environment]).sort()).toEqual([
      ['127.0.0.1:15432', 'production'],
      ['127.0.0.1:6379', 'development'],
    ]);
  });
  it('looks into every package of a monorepo', async () => {
    fixture = new Fixture({
      'package.json': '{"name":"@acme/root","workspaces":["packages/*"]}',
      'packages/a/.env.local': 'MONGO_URL=mongodb+srv://u:p@cluster0.ab1cd.mongodb.net/app\n',
      'packages/b/.gitignore': '.env\n',
      'packages/b/.env':
        'AMQP_URL=amqps://u:p@rabbit.example.com/vhost\nDB_HOST=db-live.example.com\nDB_PORT=3306\nDB_NAME=crm\n',
      'infra/environments/prod/terraform.tfstate': '{}',
    });
    const facts = await fixture.facts();
    expect(facts.project).toBe('acme');
    expect(facts.systems.map(({ kind, address, environment }) => [kind, address, environment])).toEqual([
      ['mongodb', 'cluster0.ab1cd.mongodb.net:27017', 'development'],
      ['queue', 'rabbit.example.com:5671', undefined],
      ['mysql', 'db-live.example.com:3306', 'production'],
    ]);
    expect(facts.secretFiles.map(({ path }) => path).sort()).toEqual([
      'infra/environments/prod/terraform.tfstate',
      'packages/a/.env.local',
      'packages/b/.env',
    ]);
  });
  it('names clusters and cloud accounts of the home', async () => {
    fixture = new Fixture();
    fixture.put(
      '~/.kube/config',
      `clusters:\n- name: c\n  cluster: { server: "https://k8s.example.com:6443", certificate-authority-data: abc }\ncontexts:\n- name: shop-prod\n  context: { cluster: c, user: u }\nusers:\n- name: u\n  user: { token: ${PASSWORD} }\n`,
    );
    fixture.put('~/.aws/config', '[default]\n[profile shop-live]\n');
    const facts = await fixture.facts();
    expect(
      facts.systems.map(({ id, kind, address, environment, seen }) => [id, kind, address, environment, seen.path]),
    ).toEqual([
      ['shop-prod', 'kubernetes', 'k8s.example.com:6443', 'production', '~/.kube/config'],
      ['aws-default', 'cloud-account', undefined, undefined, '~/.aws/config'],
      ['aws-shop-live', 'cloud-account', undefined, 'production', '~/.aws/config'],
    ]);
    expect(JSON.stringify(facts)).not.toContain(PASSWORD);
  });
  it('is content with an empty folder', async () => {
    fixture = new Fixture();
    const facts = await fixture.facts();
    expect(facts).toMatchObject({
      project: 'repo',
      systems: [],
      environments: [],
      secretFiles: [],
      agents: [],
      notes: [],
    });
    expect(facts.git.present).toBe(false);
  });
});
