import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ciFacts, isCi } from '../../src/discover/ci.ts';
import { environmentNamed, environmentOfFile } from '../../src/discover/environments.ts';
import { ownerRules } from '../../src/discover/owners.ts';
import { mentionsIn, namesSystems, systemFacts, variableFiles } from '../../src/discover/systems.ts';
import { namesUses, usesIn } from '../../src/discover/uses.ts';
import { Fixture } from './fixture.ts';

let fixture: Fixture | undefined;
afterEach(() => {
  fixture?.remove();
  fixture = undefined;
});

/** One path for every reader there is. */
const PATHS = `.env .env.example compose.yaml knexfile.js config/database.php config/database.yml application-prod.yml
  application.properties app/settings.py schema.prisma k8s/a.yaml config.json package.json composer.json requirements.txt
  pyproject.toml Pipfile Cargo.toml go.mod Gemfile pom.xml build.gradle x.csproj main.tf serverless.yml template.yaml
  wrangler.toml fly.toml render.yaml vercel.json .github/workflows/a.yml .gitlab-ci.yml azure-pipelines.yml`.split(
  /\s+/,
);

const SIZE = 120_000;
const much = (part: string): string => part.repeat(Math.ceil(SIZE / part.length));
const BODIES: Readonly<Record<string, string>> = {
  blanks: much(' '),
  'blank lines': much('\n'),
  'one word': much('a'),
  capitals: much('A'),
  'a line of assignments': much('A=B:'),
  'open brackets': much('['),
  'open braces': much('{"a":'),
  'nested YAML': Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
  'aliases of aliases': `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
    .split('')
    .map((name, at) => `${name}: &${name} [${`*${'abcdefghij'[at]},`.repeat(9)}]`)
    .join('\n')}\nservices: *j\njobs: *j\nspring: *j\nbranches: *j\n`,
  'merged maps': `x: &x { a: 1 }\n${much('y: { <<: *x }\n')}`,
  'addresses in a line': much('postgres://'),
  'hosts in a line': `A=postgres://${much('a.example.com,')}`,
  'a host of many labels': `A=postgres://${much('a.')}\nDB_HOST=${much('a.')}\n`,
  'quotes that stay open': much('"\'`'),
  'resources with blanks': much('resource "'),
  'a requirement with blanks': `require (\n${much('\t')}`,
  'tags that stay open': much('<groupId>'),
  'words before a comment': much('github.com/a/b v1 '),
  expressions: much('${'),
  'a heading': `[${much('a')}`,
  prototypes: '{"dependencies":{"__proto__":{"stripe":1},"constructor":1},"__proto__":{"dependencies":{"stripe":1}}}',
  controls:
    'A=\u001b[31m\n\u202eB=1\nservices:\n  "a\u001b]0;x\u0007":\n    image: "redis\u0000"\n    profiles: ["prod\u001b[31m"]\n',
};

/** Milliseconds that reading one of the files in `PATHS` takes, by every reader that would be given it. */
function timed(path: string, body: string): number {
  const started = performance.now();
  const mentions = [...mentionsIn(path, body), ...usesIn(path, body).mentions];
  variableFiles(path, body);
  ciFacts([{ path, text: body }]);
  for (const { id, address } of systemFacts(mentions.slice(0, 1_000))) {
    expect(id).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
    expect(address ?? 'none').toMatch(/^[\w.:[\]-]+$/);
  }
  return performance.now() - started;
}

describe('files made to be read for long', () => {
  it('has a path for every reader', () => {
    for (const path of PATHS) expect(namesSystems(path) || namesUses(path) || isCi(path), path).toBe(true);
  });
  it.each(Object.keys(BODIES))('are read at once: %s', name => {
    for (const path of PATHS) expect(timed(path, BODIES[name] as string), path).toBeLessThan(2_000);
    const started = performance.now();
    ownerRules(BODIES[name] as string);
    environmentNamed((BODIES[name] as string).slice(0, 4_000));
    environmentOfFile((BODIES[name] as string).slice(0, 4_000));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('a repository that has too much of everything', () => {
  it('is told in part, and quickly: services, owners of 10 MB, workflows, data files', async () => {
    fixture = new Fixture({
      'compose.yaml': `services:\n${Array.from({ length: 10_000 }, (_, at) => `  s${at}: {image: redis, ports: ["${at + 1}:6379"]}\n`).join('')}`,
      CODEOWNERS: '* @a\n'.repeat(2_000_000),
      '.env.example': Array.from({ length: 5_000 }, (_, at) => `A${at}_API_URL=\n`).join(''),
    });
    for (let at = 0; at < 300; at++) {
      fixture.put(`.github/workflows/w${at}.yml`, 'jobs: { a: { environment: prod } }\n');
      fixture.put(`p${at}/package.json`, '{"dependencies":{"stripe":"1","boto3":"1"}}');
      fixture.put(`d${at}/users.csv`, 'x');
    }
    const started = performance.now();
    const facts = await fixture.facts();
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(facts.systems.length).toBeLessThanOrEqual(2_000);
    expect(facts.git.owners?.rules.length).toBe(2_000);
    expect(facts.data?.length).toBe(30);
    expect(facts.ci).toHaveLength(1);
    expect(facts.notes.join('\n')).toMatch(/systems are named in more than/);
    expect(facts.notes.join('\n')).toMatch(/more than 200 files, or 3 MB, name services or environments/);
    expect(facts.notes.join('\n')).toMatch(/data lies in more than 30 places/);
  });
  it('does not wait for pipes and sockets in the place of files', async () => {
    fixture = new Fixture();
    const { root } = fixture;
    const places = [
      'CODEOWNERS',
      'main.tf',
      'users.csv',
      'Jenkinsfile',
      '.github/workflows/a.yml',
      '.github/settings.yml',
    ];
    for (const place of places) {
      mkdirSync(dirname(join(root, place)), { recursive: true });
      execFileSync('mkfifo', [join(root, place)]);
    }
    execFileSync('mkfifo', [join(root, 'composer.json')]);
    const server = createServer();
    await new Promise<void>(done => server.listen(join(root, 'app.sqlite'), done));
    try {
      const facts = await fixture.facts();
      expect([facts.systems, facts.data, facts.ci, facts.git.owners]).toEqual([[], [], [], undefined]);
    } finally {
      server.close();
    }
  });
});
