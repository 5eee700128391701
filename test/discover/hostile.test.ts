import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { walk } from '../../src/discover/walk.ts';
import { Fixture } from './fixture.ts';

let fixture: Fixture;
afterEach(() => fixture.remove());

describe('a repository that wants to do harm', () => {
  it('does not follow links, in circles or out', async () => {
    fixture = new Fixture();
    fixture.put('~/outside/.env', 'DATABASE_URL=postgres://a:b@outside.example.com/x\n');
    fixture.put('~/outside/settings.json', '{"sandbox":{"enabled":true}}');
    symlinkSync('.', join(fixture.root, 'loop'));
    symlinkSync(join(fixture.home, 'outside'), join(fixture.root, 'out'));
    symlinkSync(join(fixture.home, 'outside/.env'), join(fixture.root, '.env'));
    symlinkSync(join(fixture.home, 'outside'), join(fixture.root, '.claude'));
    const facts = await fixture.facts();
    expect(facts.systems).toEqual([]);
    expect(facts.agents.find(({ id }) => id === 'claude-code')?.settings ?? []).toEqual([]);
    // The name is a way to the secret, so it is told; what it leads to was not read.
    expect(facts.secretFiles).toEqual([{ path: '.env' }]);
  });
  it('does not wait for a FIFO named .env', async () => {
    fixture = new Fixture();
    execFileSync('mkfifo', [
      join(fixture.root, '.env'),
      join(fixture.root, 'package.json'),
      join(fixture.root, '.gitignore'),
    ]);
    const facts = await fixture.facts();
    expect(facts.notes).toEqual(['.env: not a plain file, left alone']);
    expect((await walk(fixture.root)).entries).toEqual([]);
    expect(facts.project).toBe('repo');
  });
  it('does not wait for a FIFO in place of the configuration of git', async () => {
    fixture = new Fixture();
    mkdirSync(join(fixture.root, '.git'));
    execFileSync('mkfifo', [join(fixture.root, '.git/config')]);
    const facts = await fixture.facts();
    expect(facts.git.present).toBe(false);
    expect(facts.notes).toEqual(['.git/config is not a plain file: git was not asked']);
  });
  it('reads only the first part of a .env of 100 MB, and says so', async () => {
    fixture = new Fixture({ '.env': 'DATABASE_URL=postgres://a:b@db.prod.example.com/x\n' });
    truncateSync(join(fixture.root, '.env'), 100_000_000);
    const started = performance.now();
    const facts = await fixture.facts();
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(facts.systems.map(({ address }) => address)).toEqual(['db.prod.example.com:5432']);
    expect(facts.notes.join()).toContain('.env: only its first 256 kB were looked at');
  });
  it('takes no line of a value, and nothing that looks like a secret, for the name of a variable', async () => {
    const key = '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nleakedA=\n-----END RSA PRIVATE KEY-----';
    fixture = new Fixture({
      '.env': `A="${key}"\nB=${key}\n${key}\nC="a \\" b\nleakedB=\n"\nD='it\nleakedC=\n'\nE=it's\nF="open\nG=1\nghp_${'a1B2'.repeat(9)}=x\n$(touch x)=1\nH I=1\n`,
      '.env.big': `A="x\nleakedD=\n${'y'.repeat(300_000)}"\n`,
    });
    const facts = await fixture.facts();
    expect(facts.envNames).toEqual([{ path: '.env', names: ['A', 'B', 'C', 'D', 'E', 'F', 'G'] }]);
  });
  it('is quick with quotes that never close', async () => {
    fixture = new Fixture({ '.env': 'A="x\nB=\'x\n'.repeat(20_000) });
    const started = performance.now();
    await fixture.facts();
    expect(performance.now() - started).toBeLessThan(3_000);
  });
  it('takes files that are not what their names say', async () => {
    const garbage = String.fromCharCode(...Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 256));
    fixture = new Fixture({
      'package.json': '{"name": ',
      'pyproject.toml': garbage,
      'docker-compose.yml': `services: ${'['.repeat(20_000)}`,
      'compose.yaml': 'a: &a [x,x]\nb: &b [*a,*a]\nservices: *b\n',
      'config/database.yml': garbage,
      'schema.prisma': garbage,
      '.env': garbage,
      '.env.local': `A=${'postgres://'.repeat(50_000)}\n`,
      '.claude/settings.json': garbage,
      '.codex/config.toml': garbage,
    });
    const facts = await fixture.facts();
    expect(facts.project).toBe('repo');
    expect(facts.systems).toEqual([]);
    expect(facts.agents.find(({ id }) => id === 'codex')?.ownSandbox).toBeUndefined();
  });
  it('gives tame ids for wild names, and keeps the paths as they are', async () => {
    const wild = '.env.\u001b[31mprod\n::set-output\u202e';
    fixture = new Fixture({
      [wild]:
        "DATABASE_URL=postgres://a:b@db.example.com:5432/x'; DROP TABLE\nREDIS_URL=redis://$(id)/0\nMONGO_URL=mongodb://h\u001b[31m.example.com/x\nAMQP_URL=amqp://..\n",
      'package.json': JSON.stringify({ name: 'acme/\u001b]0;x\u0007na\u202eme\nx' }),
    });
    const facts = await fixture.facts();
    expect(facts.secretFiles).toEqual([{ path: wild }]);
    expect(facts.project).toBe('name x');
    for (const { id, address } of facts.systems) {
      expect(id).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
      expect(address ?? 'none').toMatch(/^[\w.:[\]-]+$/);
    }
  });
  it('runs no program laid in the repository, and nothing that its git configuration names', async () => {
    fixture = new Fixture({ 'a.txt': 'x' });
    const marker = join(fixture.folder, 'ran');
    const script = `#!/bin/sh\necho "$0 $*" >> ${marker}\n`;
    for (const name of 'git claude codex aider gitleaks trufflehog bwrap docker podman srt firejail nsjail devcontainer'.split(
      ' ',
    ))
      fixture.put(name, script, 0o755);
    for (const name of [
      'knexfile.js',
      'drizzle.config.ts',
      'config/database.php',
      'app/settings.py',
      'Gemfile',
      'lint-staged.config.js',
    ])
      fixture.put(name, `require('fs').writeFileSync('${marker}', 'x')`, 0o755);
    fixture.put('monitor', script, 0o755);
    execFileSync('git', ['init', '-q', fixture.root]);
    for (const [key, value] of [
      ['core.fsmonitor', './monitor'],
      ['core.pager', './monitor'],
      ['core.sshCommand', './monitor'],
      ['credential.helper', '!./monitor'],
      ['filter.x.clean', './monitor'],
      ['diff.external', './monitor'],
      ['alias.config', '!./monitor'],
    ] as const)
      fixture.git('config', key, value);
    fixture.put('.gitattributes', '* filter=x\n');
    const path = process.env.PATH;
    process.env.PATH = `${fixture.root}:.:${path}`;
    try {
      const facts = await fixture.facts();
      expect(facts.git.present).toBe(true);
      expect(facts.agents.filter(({ binary }) => binary?.startsWith(fixture.root))).toEqual([]);
      expect(facts.tools?.filter(({ use, seen }) => use === 'sandbox' && !seen.path.startsWith('/'))).toEqual([]);
    } finally {
      process.env.PATH = path;
    }
    expect(existsSync(marker) ? readFileSync(marker, 'utf8') : '').toBe('');
  });
  it('is not slowed down by ignore rules made for it', async () => {
    fixture = new Fixture({
      '.gitignore': `${'*a'.repeat(60)}b\n${'**/'.repeat(40)}x\n`,
      ['a'.repeat(240)]: 'x',
      '.env': 'A=1',
    });
    const started = performance.now();
    expect((await fixture.facts()).secretFiles).toEqual([{ path: '.env' }]);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
  it('stops at its limits and says so', async () => {
    fixture = new Fixture({ '.env': 'A=1' });
    for (let i = 0; i < 50; i++) fixture.put(`f${i}`, '');
    fixture.put(`${'d/'.repeat(6)}x`, '');
    expect((await walk(fixture.root, { entries: 20 })).notes).toEqual([
      'more than 20 files: the rest was not looked at',
    ]);
    expect((await walk(fixture.root, { depth: 3 })).notes).toEqual(['folders deeper than 3 were not looked at']);
  });
});

describe('a large repository', () => {
  it('is looked through in half a second: 10,000 files', async () => {
    fixture = new Fixture({ '.gitignore': '*.log\nbuild/\n', 'src/.gitignore': 'generated\n' });
    for (let folder = 0; folder < 500; folder++) {
      const path = join(fixture.root, 'src', `m${folder % 25}`, `n${folder}`);
      mkdirSync(path, { recursive: true });
      for (let file = 0; file < 20; file++) writeFileSync(join(path, `file${file}.ts`), '');
    }
    fixture.put('src/m3/n3/.env', 'A=1');
    const timed = async <T>(work: () => Promise<T>) => {
      const started = performance.now();
      return { result: await work(), took: performance.now() - started };
    };
    const bare = await timed(() => readdir(fixture.root, { recursive: true, withFileTypes: true }));
    const { result, took } = await timed(() => walk(fixture.root));
    const { entries } = result;
    expect(entries.length).toBe(10_003);
    // On a machine that is busy with other things, a bare listing of the same tree is the measure.
    expect(took).toBeLessThan(Math.max(500, 5 * bare.took));
  });
});
