import { afterEach, describe, expect, it } from 'vitest';
import { Fixture } from './fixture.ts';

let fixture: Fixture;
afterEach(() => fixture.remove());

const PASSWORD = 'hunter2-correct-horse';

/** `id kind address environment path:line`, and that nothing of a password is kept. */
async function systems(files: Record<string, string>): Promise<string[]> {
  fixture = new Fixture(files);
  const facts = await fixture.facts();
  expect(JSON.stringify(facts)).not.toContain(PASSWORD);
  for (const { id } of facts.systems) expect(id).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
  return facts.systems.map(
    ({ id, kind, address = '-', environment = '-', seen }) =>
      `${id} ${kind} ${address} ${environment} ${seen.path}:${seen.line}`,
  );
}

describe('what speaks to a database', () => {
  it('reads TypeORM, Knex and Sequelize by their literals', async () => {
    expect(
      await systems({
        'src/data-source.ts': `export default new DataSource({\n  type: 'postgres',\n  host: 'pg.prod.example.com',\n  port: 6543,\n  password: '${PASSWORD}',\n  database: 'crm',\n});\n`,
        'knexfile.js': `module.exports = {\n  staging: {\n    client: 'mysql2',\n    connection: {\n      host: 'mysql.example.com',\n      password: '${PASSWORD}',\n    },\n  },\n};\n`,
        'config/config.json': `{\n  "production": {\n    "host": "db.example.net",\n    "dialect": "mariadb"\n  }\n}\n`,
      }),
    ).toEqual([
      'mysql-staging mysql mysql.example.com:3306 staging knexfile.js:5',
      'mysql-production mysql db.example.net:3306 production config/config.json:3',
      'crm-production postgres pg.prod.example.com:6543 production src/data-source.ts:3',
    ]);
  });
  it('reads Spring by its properties and its YAML, with what a variable falls back to', async () => {
    expect(
      await systems({
        'src/main/resources/application-prod.yml': `spring:\n  datasource:\n    url: jdbc:postgresql://pg.example.com/app\n    password: ${PASSWORD}\n  data:\n    redis:\n      host: cache.example.com\n      port: 6380\n  mail.host: smtp.example.com\n`,
        'src/main/resources/application.properties': `spring.kafka.bootstrap-servers=\${KAFKA:a.example.com:9093,b.example.com}\nspring.rabbitmq.host=\${RABBIT:localhost}\n# spring.mail.host=never.example.com\n`,
      }),
    ).toEqual([
      'app-production postgres pg.example.com:5432 production src/main/resources/application-prod.yml:3',
      'redis-production redis cache.example.com:6380 production src/main/resources/application-prod.yml:7',
      'email-production email smtp.example.com:25 production src/main/resources/application-prod.yml:9',
      'queue queue a.example.com:9093 - src/main/resources/application.properties:1',
      'queue-2 queue b.example.com:9092 - src/main/resources/application.properties:1',
      'queue-3 queue 127.0.0.1:5672 development src/main/resources/application.properties:2',
    ]);
  });
  it('takes nothing from what every application of Laravel has, but from what one of them says', async () => {
    const config = (host: string) =>
      `<?php\nreturn [\n  'connections' => [\n    'mysql' => [\n      'driver' => 'mysql',\n      'url' => env('DB_URL'),\n      'host' => ${host},\n      'port' => env('DB_PORT', '3306'),\n      'database' => env('DB_DATABASE', 'laravel'),\n    ],\n  ],\n];\n`;
    expect(await systems({ 'config/database.php': config("env('DB_HOST', '127.0.0.1')") })).toEqual([]);
    fixture.remove();
    expect(await systems({ 'config/database.php': config("'db.prod.example.com'") })).toEqual([
      'laravel-production mysql db.prod.example.com:3306 production config/database.php:7',
    ]);
  });
  it('names a database by its variable where its address is nowhere, once for all files', async () => {
    expect(
      await systems({
        'prisma/schema.prisma':
          'datasource db {\n  provider = "mysql"\n  url      = env("DATABASE_URL")\n}\ngenerator client {\n  provider = "prisma-client-js"\n}\n',
        'drizzle.config.ts': `export default { dialect: 'postgresql', dbCredentials: { url: process.env.REPORTS_DB_URL! } };\n`,
        '.env.example':
          'DATABASE_URL=\nREDIS_URL=<your redis>\nAMQP_URL=amqp://user:password@host:5672\nBILLING_API_URL=\nAPP_URL=\nLOG_LEVEL=\nNEXT_PUBLIC_API_URL=\nSEARCH_API_URL=http://localhost:4000\n',
      }),
    ).toEqual([
      'database mysql - - .env.example:1',
      'redis redis - - .env.example:2',
      'amqp queue - - .env.example:3',
      'billing-api http-api - - .env.example:4',
      'reports-db other - - drizzle.config.ts:1',
    ]);
  });
  it('does not name it by its variable where an environment file says where it is', async () => {
    expect(
      await systems({
        'config/database.yml': `production:\n  adapter: postgresql\n  url: <%= ENV["DATABASE_URL"] %>\n`,
        '.env': `DATABASE_URL=postgres://a:${PASSWORD}@db.example.com/x\n`,
      }),
    ).toEqual(['x postgres db.example.com:5432 - .env:1']);
  });
});

describe('a variable of two ways to say one thing', () => {
  it('is no system beside the other way', async () => {
    expect(await systems({ '.env.example': 'DB_HOST=localhost\nDB_PORT=3306\nDATABASE_URL=\n' })).toEqual([
      'mysql mysql 127.0.0.1:3306 development .env.example:1',
    ]);
  });
});

describe('what a project uses', () => {
  it.each([
    [
      'package.json',
      '{\n  "dependencies": {\n    "stripe": "1",\n    "@aws-sdk/client-s3": "3"\n  },\n  "devDependencies": { "twilio": "1" }\n}',
      'stripe payment 3, aws cloud-account 4',
    ],
    ['composer.json', '{"require":{"stripe/stripe-php":"1"},"require-dev":{"twilio/sdk":"1"}}', 'stripe payment 1'],
    [
      'requirements.txt',
      '# boto3\nsendgrid==6\ngoogle-cloud-storage>=2\nazure-core\n',
      'sendgrid email 2, google-cloud cloud-account 3',
    ],
    ['requirements/base.txt', 'boto3\n', 'aws cloud-account 1'],
    [
      'pyproject.toml',
      '[project]\ndependencies = [\n  "azure-keyvault-secrets>=4",\n  "stripe[async]",\n]\n',
      'azure cloud-account 3, stripe payment 4',
    ],
    [
      'pyproject.toml',
      '[tool.poetry.dependencies]\npython = "3"\nboto3 = "1"\n[tool.poetry.group.dev.dependencies]\nstripe = "1"\n',
      'aws cloud-account 3',
    ],
    [
      'go.mod',
      'module x\nrequire (\n\tgithub.com/aws/aws-sdk-go-v2/service/s3 v1.2.3\n\tcloud.google.com/go v0.1.0 // indirect\n)\n',
      'aws cloud-account 3',
    ],
    ['Gemfile', "# gem 'stripe'\ngem 'aws-sdk-s3', require: false\n", 'aws cloud-account 2'],
    [
      'pom.xml',
      '<dependency>\n<groupId>com.stripe</groupId>\n<artifactId>stripe-java</artifactId>\n</dependency>',
      'stripe payment 3',
    ],
    [
      'build.gradle.kts',
      '    implementation("com.google.cloud:google-cloud-storage:2.1")\n    testImplementation("com.stripe:stripe-java:1")\n',
      'google-cloud cloud-account 1',
    ],
    ['Shop.csproj', '<PackageReference Include="AWSSDK.S3" Version="3" />\n', 'aws cloud-account 1'],
    ['Cargo.toml', '[dependencies]\naws-sdk-s3 = "1"\nserde = "1"\n', 'aws cloud-account 2'],
    ['package.json', '{"dependencies":{"@azure/msal-browser":"1","aws-lite":"1","stripes":"1","googleapis":"1"}}', ''],
    ['requirements.txt', '-r base.txt\n-e git+https://stripe.example.com/x\nstripe-helpers\n', ''],
    ['test/fixtures/package.json', '{"dependencies":{"stripe":"1"}}', ''],
    ['examples/pay/package.json', '{"dependencies":{"stripe":"1"}}', ''],
  ])('%s', async (path, text, expected) => {
    const found = await systems({ [path]: text });
    expect(found.map(one => one.replace(/^(\S+ \S+) - - .*:(\d+)$/, '$1 $2')).join(', ')).toBe(expected);
  });
  it('is not told again where its address is known', async () => {
    expect(
      await systems({
        'package.json': '{"dependencies":{"stripe":"1"}}',
        '.env': 'PAYMENTS_URL=https://api.stripe.com\n',
      }),
    ).toEqual(['payment payment api.stripe.com:443 - .env:1']);
  });
});

describe('infrastructure', () => {
  it('reads Terraform: resources with their engine, modules, accounts and state', async () => {
    expect(
      await systems({
        'infra/environments/prod/main.tf': `terraform {\n  backend "s3" {\n    bucket = "x"\n  }\n}\nprovider "aws" {}\nresource "aws_db_instance" "orders" {\n  engine   = "mysql"\n  password = "${PASSWORD}"\n}\nresource "aws_s3_bucket" "this" {}\nresource "aws_iam_role" "app" {}\n# resource "aws_sqs_queue" "old" {}\nmodule "reports" {\n  source = "terraform-aws-modules/rds/aws"\n  engine = "postgres"\n}\nresource "google_sql_database_instance" "main" {\n  database_version = "POSTGRES_15"\n}\n`,
        'modules/rds/examples/complete/main.tf': 'resource "aws_db_instance" "never" {}\n',
      }),
    ).toEqual([
      'terraform-state-production object-storage - production infra/environments/prod/main.tf:2',
      'aws cloud-account - - infra/environments/prod/main.tf:6',
      'orders-production mysql - production infra/environments/prod/main.tf:7',
      's3_bucket-production object-storage - production infra/environments/prod/main.tf:11'.replace(
        's3_bucket',
        's3-bucket',
      ),
      'reports-production postgres - production infra/environments/prod/main.tf:14',
      'sql-database-instance-production postgres - production infra/environments/prod/main.tf:18',
    ]);
  });
  it('reads manifests and charts: hosts outside the cluster, and servers that run in it', async () => {
    expect(
      await systems({
        'k8s/overlays/prod/config.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\ndata:\n  DB_HOST: orders.db.example.com\n  DB_PORT: "3306"\n  CACHE: redis://cache.default.svc.cluster.local:6379\n  REDIS_HOST: redis\n`,
        'charts/shop/templates/api.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Values.name }}\nspec:\n  env:\n    - name: QUEUE\n      value: "amqps://u:${PASSWORD}@rabbit.example.com/x"\n    - name: POSTGRES_HOST\n      value: pg.example.com\n`,
        'k8s/cache.yml': `apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: sessions\nspec:\n  containers:\n    - image: redis:7\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: metrics\nspec:\n  containers:\n    - image: oliver006/redis_exporter:1\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: ledger\nspec:\n  type: ExternalName\n  externalName: ledger.example.com\n`,
        'deploy/notes.yaml': 'url: postgres://a.example.com/x\n',
      }),
    ).toEqual([
      'postgres postgres pg.example.com:5432 - charts/shop/templates/api.yaml:9',
      'x queue rabbit.example.com:5671 - charts/shop/templates/api.yaml:8',
      'mysql-production mysql orders.db.example.com:3306 production k8s/overlays/prod/config.yaml:6',
      'sessions redis - - k8s/cache.yml:7',
      'ledger other - - k8s/cache.yml:23',
    ]);
  });
  it.each([
    ['serverless.yml', 'service: x\nprovider:\n  name: aws\n', 'aws cloud-account'],
    [
      'template.yaml',
      'Transform: AWS::Serverless-2016-10-31\nResources:\n  Orders:\n    Type: AWS::DynamoDB::Table\n  Role:\n    Type: AWS::IAM::Role\n',
      'aws cloud-account, orders other',
    ],
    [
      'wrangler.toml',
      'name = "x"\n[[d1_databases]]\ndatabase_name = "shop"\n[[r2_buckets]]\nbucket_name = "files"\n',
      'cloudflare cloud-account, shop sqlite, files object-storage',
    ],
    ['fly.toml', "app = 'x'\n", 'fly cloud-account'],
    [
      'render.yaml',
      'services:\n  - type: redis\ndatabases:\n  - name: x\n',
      'render cloud-account, render-key-value redis, render-postgres postgres',
    ],
    ['vercel.json', '{}', 'vercel cloud-account'],
    ['app.json', '{"addons":["heroku-postgresql:mini"]}', 'heroku-postgres postgres'],
    ['docs/template.yaml', 'Transform: AWS::Serverless-2016-10-31\n', ''],
  ])('reads %s', async (path, text, expected) => {
    expect((await systems({ [path]: text })).map(one => one.split(' ').slice(0, 2).join(' ')).join(', ')).toBe(
      expected,
    );
  });
  it('reads what compose gives its services, and the files of variables that it names', async () => {
    expect(
      await systems({
        'compose.yaml': `services:\n  web:\n    image: x\n    env_file: [./docker/web.vars, { path: ../out.env }]\n    environment:\n      DATABASE_URL: postgres://a:${PASSWORD}@db:5432/x\n      REPORTS_URL: postgres://a:${PASSWORD}@reports.example.com/r\n  worker:\n    image: x\n    environment: ["MONGO_URL=mongodb://mongo.staging.example.com/m", "REDIS_URL=redis://localhost"]\n  db:\n    image: postgres\n`,
        'docker/web.vars': `AMQP_URL=amqp://a:${PASSWORD}@rabbit.example.com\n`,
        'docker/other.vars': 'AMQP_URL=amqp://never.example.com\n',
      }),
    ).toEqual([
      'r postgres reports.example.com:5432 - compose.yaml:7',
      'm-staging mongodb mongo.staging.example.com:27017 staging compose.yaml:10',
      'queue queue rabbit.example.com:5672 - docker/web.vars:1',
    ]);
  });
});

describe('environments', () => {
  const told = async (files: Record<string, string>) => {
    fixture = new Fixture(files);
    return (await fixture.facts()).environments.map(
      ({ id, suggested, seen }) => `${id} ${suggested} ${seen.path}${seen.line ? `:${seen.line}` : ''}`,
    );
  };
  it('keep the names that a team gives them beside the usual four, with what those would get', async () => {
    expect(
      await told({
        '.env.uat': 'A=1\n',
        '.env.prod-eu': 'DATABASE_URL=postgres://prod-eu.example.com/x\n',
        '.env.production': 'A=1\n',
        '.env.qa.example': 'A=\n',
        'infra/staging-2.tfvars': '',
        'config/environments/test.rb': '',
        'appsettings.Development.json': '{}',
        'values-local.yaml': '',
        'application-mysql.properties': '',
      }),
    ).toEqual([
      'development write appsettings.Development.json',
      'test write config/environments/test.rb',
      'qa read .env.qa.example',
      'staging-2 read infra/staging-2.tfvars',
      'uat read .env.uat',
      'production none .env.production',
      'prod-eu none .env.prod-eu:1',
    ]);
    expect((await fixture.facts()).systems).toMatchObject([{ environment: 'prod-eu' }]);
  });
  it('are those of CI, compose and Terraform too', async () => {
    expect(
      await told({
        '.github/workflows/deploy.yml': `on: push\njobs:\n  a:\n    environment: preview\n  b:\n    environment:\n      name: production\n      url: https://example.com\n  c:\n    environment: \${{ inputs.where }}\n  d:\n    environment: github-pages\n  e:\n    environment: nightly-load-test\n`,
        '.gitlab-ci.yml':
          'deploy:\n  environment:\n    name: qa\n  script: !reference [.x, script]\nreview:\n  environment: review/$CI_COMMIT_REF_SLUG\n',
        'compose.yml': 'services:\n  a:\n    profiles: [dev, tools]\n',
        'main.tf': 'terraform {\n  cloud {\n    workspaces {\n      name = "shop-staging"\n    }\n  }\n}\n',
      }),
    ).toEqual([
      'development write compose.yml:2',
      'staging read main.tf:4',
      'preview read .github/workflows/deploy.yml:4',
      'qa read .gitlab-ci.yml:2',
      'production none .github/workflows/deploy.yml:6',
    ]);
    expect((await fixture.facts()).ci).toEqual(
      [
        {
          id: 'github-actions',
          title: 'GitHub Actions',
          environments: ['preview', 'production', 'github-pages', 'nightly-load-test'],
          seen: { path: '.github/workflows/deploy.yml' },
        },
        { id: 'gitlab-ci', title: 'GitLab CI', environments: ['qa'], seen: { path: '.gitlab-ci.yml' } },
      ].reverse(),
    );
  });
  it('are named as contexts and profiles are', async () => {
    fixture = new Fixture();
    fixture.put('~/.aws/config', '[profile uat]\n[profile prod-us]\n');
    expect((await fixture.facts()).environments.map(({ id, suggested }) => [id, suggested])).toEqual([
      ['uat', 'read'],
      ['prod-us', 'none'],
    ]);
  });
});
