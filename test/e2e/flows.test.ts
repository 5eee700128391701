import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/selftest/types.ts';
import { testWith } from '../support/parts.ts';
import { program, treeHash, type World, world } from '../support/program.ts';

const FLOWS: Record<string, Record<string, string>> = {
  'a Node service with compose and a database': {
    'package.json': '{\n  "name": "shop",\n  "scripts": { "test": "node --test" }\n}\n',
    'compose.yaml':
      'services:\n  db:\n    image: postgres:16   # the real one is elsewhere\n    environment: { POSTGRES_PASSWORD: dev }\n    ports: ["5432:5432"]\n',
    '.env': 'DATABASE_URL=postgres://app:pw@127.0.0.1:5432/shop\n',
    '.env.production': 'DATABASE_URL=postgres://app:pw@db.prod.example.com:5432/shop\n',
    '.gitignore': 'node_modules\n.env\n.env.production\n',
    '.claude/settings.json': '{\n  "permissions": { "allow": ["Bash(npm test)"] }\n}\n',
    'src/index.js': 'console.log(1)\n',
  },
  'a Python project': {
    'pyproject.toml': '[project]\nname = "ml"\nversion = "1"\n',
    '.env': 'OPENAI_API_KEY=x\n',
    '.gitignore': '.env\n__pycache__/',
    '.codex/config.toml': '# mine\nmodel = "o"   # the one\n',
    'ml/__init__.py': '',
  },
  'a monorepo with a hook manager': {
    'package.json': '{ "private": true, "workspaces": ["packages/*"] }\n',
    'packages/api/.env.staging': 'API_TOKEN=x\n',
    'packages/api/package.json': '{ "name": "api" }\n',
    'packages/web/package.json': '{ "name": "web" }\n',
    '.husky/pre-commit': 'npm test\n',
    '.gitattributes': '* text=auto\n',
  },
};

function lay(files: Record<string, string>): World {
  const given = world(files);
  if (files['.husky/pre-commit']) chmodSync(join(given.root, '.husky/pre-commit'), 0o755);
  return given;
}

const ROOT = process.getuid?.() === 0;

/** Makes a folder one that this user cannot write; what it gives makes it writable again. */
function readOnly(folder: string): () => void {
  if (!ROOT) {
    chmodSync(folder, 0o555);
    return () => chmodSync(folder, 0o755);
  }
  execFileSync('mount', ['--bind', folder, folder]);
  execFileSync('mount', ['-o', 'remount,ro,bind', folder]);
  return () => void execFileSync('umount', [folder]);
}

/** A hand edit of an output: a comment at the end of the file, or in front of its last brace. */
function edit(root: string, path: string): string {
  const mine = path.endsWith('.json') ? '  // by hand\n}\n' : '# by hand\n';
  const text = readFileSync(join(root, path), 'utf8');
  writeFileSync(
    join(root, path),
    path.endsWith('.json') ? text.replace(/\}\s*$/, mine) : text.replace(/\n*$/, `\n${mine}`),
  );
  return 'by hand';
}

describe.each(Object.entries(FLOWS))('%s', (_, files) => {
  test('init --yes, generate --check, a hand edit survives, undo gives every byte back', async () => {
    const given = lay(files);
    const before = treeHash(given.root);
    const first = await program(given, ['init', '--yes', '--json']);
    expect(first.stderr).not.toContain('fault');
    const made = JSON.parse(first.stdout);
    expect(made.exitCode).toBe(first.code);
    expect(first.code).toBe(0);
    expect(made.conflicts).toEqual([]);
    expect(made.report.rows.length).toBeGreaterThan(20);
    expect(made.repeat).toMatch(/^agent-posture init --answers \S/);
    for (const path of ['agent-posture.yaml', '.gitignore', 'docs/security-posture.md'])
      expect(existsSync(join(given.root, path))).toBe(true);

    const check = await program(given, ['generate', '--check']);
    expect(check.stdout).toContain('as the posture asks');
    expect(check.code).toBe(0);

    const again = await program(given, ['generate', '--json']);
    expect(JSON.parse(again.stdout).written).toEqual([]);

    const changed = made.changes.map(({ path }: { path: string }) => path) as string[];
    const target = changed.find(path => path === '.gitignore') ?? '';
    const mark = edit(given.root, target);
    const merged = await program(given, ['generate', '--json']);
    expect(merged.code).toBe(0);
    expect(readFileSync(join(given.root, target), 'utf8')).toContain(mark);
    expect((await program(given, ['generate', '--check'])).code).toBe(0);

    writeFileSync(join(given.root, target), readFileSync(join(given.root, target), 'utf8').replace(`# ${mark}\n`, ''));
    const undone = await program(given, ['undo', '--yes', '--json']);
    expect(JSON.parse(undone.stdout).kept).toEqual([]);
    expect(undone.code).toBe(0);
    expect(treeHash(given.root)).toBe(before);
  });

  test('the printed command repeats it; --answers gives the same files', async () => {
    const given = lay(files);
    const made = JSON.parse((await program(given, ['init', '--yes', '--no-test', '--json'])).stdout);
    const hash = treeHash(given.root);
    const said = (await program(given, ['undo', '--yes'])).stdout.replace(/\s+/g, ' ');
    expect(said).toMatch(/Removed: .*agent-posture\.yaml/);
    const ignored = files['.gitignore'] === undefined ? 'Removed' : 'Put back';
    expect(said).toMatch(new RegExp(`${ignored}: [^:]*\\.gitignore`));

    const answers = join(given.home, 'answers.yaml');
    writeFileSync(
      answers,
      `version: 1\n${Object.entries(made.answers)
        .map(([id, answer]) => `${id}: ${JSON.stringify(answer)}\n`)
        .join('')}`,
    );
    const byFile = await program(given, ['init', '--answers', answers, '--no-test']);
    expect(byFile.code).toBe(0);
    expect(treeHash(given.root)).toBe(hash);
    await program(given, ['undo', '--yes']);

    const words = made.repeat.slice('agent-posture '.length).match(/(?:'[^']*'|[^\s'])+/g) as string[];
    await program(given, [...words.map(word => word.replaceAll("'", '')), '--no-test']);
    expect(treeHash(given.root)).toBe(hash);
  });

  test('--dry-run prints the plan and changes nothing', async () => {
    const given = lay(files);
    const before = treeHash(given.root);
    const { code, stdout } = await program(given, ['init', '--yes', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('agent-posture.yaml');
    expect(stdout).toMatch(/^\+project: /m);
    expect(treeHash(given.root)).toBe(before);
  });

  test('--dry-run judges given answers as the run does that applies them, and repeats what was asked for', async () => {
    const given = lay(files);
    writeFileSync(join(given.home, 'a.yaml'), 'version: 1\nbox: none\n');
    const asked = ['init', '--answers', '../../home/a.yaml'];
    const [looked, applied] = [await program(given, [...asked, '--dry-run']), await program(given, asked)];
    expect(applied).toMatchObject({ code: 2, stderr: expect.stringContaining('no answer for "review"') });
    expect(looked).toMatchObject({ code: 2, stderr: applied.stderr });
    const { repeat } = JSON.parse((await program(given, [...asked, '--yes', '--dry-run', '--json'])).stdout);
    expect(repeat).toBe('agent-posture init --yes --answers ../../home/a.yaml');
    const whole = JSON.parse((await program(given, ['init', '--yes', '--dry-run', '--json'])).stdout).answers;
    writeFileSync(join(given.home, 'a.yaml'), JSON.stringify({ version: 1, ...whole }));
    expect(JSON.parse((await program(given, [...asked, '--dry-run', '--json'])).stdout).repeat).toBe(
      'agent-posture init --answers ../../home/a.yaml',
    );
  });
});

describe('init', () => {
  test('off a terminal without --yes or --answers says how, and does nothing', async () => {
    const given = world();
    const { code, stderr } = await program(given, ['init']);
    expect(code).toBe(2);
    expect(stderr).toContain('init --yes');
    expect(existsSync(join(given.root, 'agent-posture.yaml'))).toBe(false);
  });

  test('--yes announces each default, works in an unclean tree and without git', async () => {
    const given = world({ 'a.txt': 'a' }, { git: false });
    writeFileSync(join(given.root, 'a.txt'), 'changed');
    const { stderr, stdout } = await program(given, ['init', '--yes', '--no-test']);
    expect(stderr.trim().split('\n').length).toBeGreaterThanOrEqual(2);
    expect(stdout).toContain('the same again:  agent-posture init --answers ');
    expect(existsSync(join(given.root, 'agent-posture.yaml'))).toBe(true);
  });

  test('again on a posture that is there keeps its comments and what it says', async () => {
    const given = world();
    await program(given, ['init', '--yes', '--no-test']);
    const path = join(given.root, 'agent-posture.yaml');
    writeFileSync(
      path,
      `# mine\n${readFileSync(path, 'utf8').replace(/^project: .*$/m, 'project: "renamed"  # by me')}`,
    );
    const { code } = await program(given, ['init', '--yes', '--no-test']);
    expect(code).toBe(0);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('# mine');
    expect(text).toContain('project: "renamed"  # by me');
  });

  test('a wrong answer stops before the first write', async () => {
    const given = world();
    const before = treeHash(given.root);
    const { code, stderr } = await program(given, ['init', '--yes', '--answer', 'bxo=none']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean "box"');
    expect(treeHash(given.root)).toBe(before);
  });

  test('a settings file that cannot be read is left alone, and the exit code says 4', async () => {
    const given = world({ '.claude/settings.json': '{ not json' });
    const { code, stdout } = await program(given, ['init', '--yes', '--no-test']);
    expect(code).toBe(4);
    expect(stdout).toContain('.claude/settings.json');
    expect(readFileSync(join(given.root, '.claude/settings.json'), 'utf8')).toBe('{ not json');
  });

  // Root writes wherever the file system takes it, so for root it is the file system that refuses.
  testWith(
    ROOT ? ['mount'] : [],
    'a read-only folder: a clear error, nothing written, and again the same',
    async () => {
      const given = world();
      const before = treeHash(given.root);
      const writable = readOnly(given.root);
      try {
        for (const args of [
          ['init', '--yes', '--no-test'],
          ['init', '--yes'],
          ['fix', 'sandbox', '--yes'],
        ]) {
          const { code, stderr } = await program(given, args);
          expect(`${args}: ${code}`).toBe(`${args}: 2`);
          if (args[0] === 'init')
            expect(stderr).toMatch(/(no permission to write here|on a read-only file system); nothing was written\n/);
          expect(stderr).not.toContain('fault');
        }
        expect((await program(given, ['undo', '--yes'])).stderr).toContain('nothing to undo');
      } finally {
        writable();
      }
      expect(treeHash(given.root)).toBe(before);
    },
  );
});

describe('generate', () => {
  async function made(): Promise<World> {
    const given = world({ '.env': 'A_TOKEN=x' });
    await program(given, ['init', '--yes', '--no-test']);
    return given;
  }

  test('a missing output is drift, and is written again', async () => {
    const given = await made();
    writeFileSync(join(given.root, '.githooks/pre-commit'), '');
    const check = await program(given, ['generate', '--check', '--json']);
    expect(check.code).toBe(1);
    expect(JSON.parse(check.stdout).drift[0].path).toBe('.githooks/pre-commit');
  });

  test('a loosened guard is kept, reported, and put back by --restore', async () => {
    const given = await made();
    const path = join(given.root, '.githooks/pre-push');
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, '#!/bin/sh\nexit 0\n');
    const kept = await program(given, ['generate']);
    expect(kept.code).toBe(1);
    expect(kept.stdout).toContain('LOOSENED');
    expect(readFileSync(path, 'utf8')).toBe('#!/bin/sh\nexit 0\n');
    expect((await program(given, ['generate', '--restore'])).code).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(whole);
  });

  test('--diff and --dry-run change nothing; an unknown output has a did-you-mean', async () => {
    const given = await made();
    writeFileSync(
      join(given.root, 'agent-posture.yaml'),
      `${readFileSync(join(given.root, 'agent-posture.yaml'), 'utf8')}accepted: []\n`,
    );
    const settings = join(given.root, '.claude/settings.json');
    writeFileSync(settings, readFileSync(settings, 'utf8').replace(/"Read\(/, '"Wread('));
    const diff = await program(given, ['generate', '--diff']);
    expect(diff.stderr).toContain('LOOSENED   .claude/settings.json');
    expect(diff.stderr).toContain('agent-posture generate --restore');
    expect(diff.stdout).not.toContain('LOOSENED');
    const before = treeHash(given.root);
    for (const mode of ['--diff', '--dry-run']) expect((await program(given, ['generate', mode])).code).toBe(0);
    expect(treeHash(given.root)).toBe(before);
    expect((await program(given, ['generate', '--only', 'gitignor'])).stderr).toContain('did you mean "gitignore"');
  });

  test('--only takes an output, or an agent for all outputs of it', async () => {
    const given = world({
      'agent-posture.yaml':
        'version: 1\nproject: shop\nagents: [claude-code, codex]\nrepository: { protected: [main] }\n',
    });
    expect((await program(given, ['generate', '--only', 'claude-code'])).code).toBe(0);
    expect(existsSync(join(given.root, '.claude/settings.json'))).toBe(true);
    for (const other of ['.codex', 'docs', '.githooks']) expect(existsSync(join(given.root, other))).toBe(false);
    const none = await program(given, ['generate', '--only', 'goose']);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no output "goose"') });
    expect(none.stderr).toContain('claude-code-settings');
  });

  test('an edited posture is no dead end for undo: it says how to go on, and both ways do', async () => {
    for (const way of ['keep', 'remove']) {
      const given = world({ 'a.txt': 'a\n' });
      await program(given, ['init', '--yes', '--no-test']);
      const posture = join(given.root, 'agent-posture.yaml');
      writeFileSync(posture, `${readFileSync(posture, 'utf8')}# mine\n`);
      const first = await program(given, ['undo', '--yes']);
      const said = first.stdout.replace(/\s+/g, ' ');
      expect(first.code).toBe(4);
      expect(said).toContain('rm agent-posture.yaml, then agent-posture undo again');
      expect(said).toContain('agent-posture undo --keep');
      if (way === 'remove') rmSync(posture);
      const next = await program(given, ['undo', '--yes', ...(way === 'keep' ? ['--keep'] : [])]);
      expect(next.code).toBe(0);
      expect(existsSync(posture)).toBe(way === 'keep');
      expect((await program(given, ['undo', '--yes'])).stderr).toContain('nothing to undo');
    }
  });

  test('init on a posture that is here says what of it the plan loosens', async () => {
    const given = world({ 'a.txt': 'a\n' });
    await program(given, ['init', '--yes', '--no-test', '--answer', 'guards=refuse-push,scan-commit']);
    const { stdout } = await program(given, ['init', '--yes', '--dry-run', '--answer', 'guards=']);
    expect(stdout).toContain('This loosens the posture: pushes to main are no longer refused.');
    const same = await program(given, ['init', '--yes', '--dry-run', '--answer', 'guards=refuse-push,scan-commit']);
    expect(same.stdout).not.toContain('loosens');
  });

  test('the files of a command are counted the same before, when it ends, and when it is taken back', async () => {
    const given = world({ 'a.txt': 'a\n' });
    const made = JSON.parse((await program(given, ['init', '--yes', '--no-test', '--json'])).stdout);
    const shown = made.changes.filter(({ state }: { state: string }) => state !== 'unchanged').length;
    expect(made.written).toHaveLength(shown);
    expect((await program(given, ['undo'])).stderr).toContain(`: ${shown - 1} files and 1 git setting;`);
    expect((await program(given, ['undo', '--yes'])).stdout).not.toContain('manifest.json');
    expect(existsSync(join(given.root, '.agent-posture'))).toBe(false);
  });

  test('undo off a terminal needs --yes', async () => {
    const given = await made();
    const { code, stderr } = await program(given, ['undo']);
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect(existsSync(join(given.root, 'agent-posture.yaml'))).toBe(true);
  });
});

describe('fix', () => {
  testWith(['bubblewrap'], 'lists, shows, applies and tries those rows again', async () => {
    const given = world({ '.env': 'A_TOKEN=x' });
    mkdirSync(join(given.home, '.aws'));
    writeFileSync(join(given.home, '.aws/credentials'), '[dev]\naws_secret_access_key = x\n');
    writeFileSync(join(given.root, 'agent-posture.yaml'), 'version: 1\nproject: shop\nagents: [claude-code]\n');
    const listed = await program(given, ['fix', '--json', '-q']);
    const { fixes } = JSON.parse(listed.stdout);
    const sandbox = fixes.find(({ id }: { id: string }) => id === 'sandbox');
    expect(sandbox.closes).toContain('host:read:~/.aws/credentials');

    const before = treeHash(given.root);
    const shown = await program(given, ['fix', String(sandbox.n), '--dry-run']);
    expect(shown.stdout).toContain('+isolation:');
    expect((await program(given, ['fix', 'sandbox'])).code).toBe(2);
    expect(treeHash(given.root)).toBe(before);

    const done = JSON.parse((await program(given, ['fix', 'sandbox', '--yes', '--json'])).stdout);
    expect(done.written).toContain('agent-posture.yaml');
    expect(done.rows).toContainEqual(
      expect.objectContaining({ id: 'sandbox:read:~/.aws/credentials', verdict: 'blocked', layer: 'sandbox' }),
    );
    expect(readFileSync(join(given.root, 'agent-posture.yaml'), 'utf8')).toContain('runtime: bubblewrap');
    expect((await program(given, ['fix', 'sandbx'])).stderr).toContain('agent-posture: ');
    expect((await program(given, ['status'])).stdout).toMatch(/^ start +agent-posture run -- /m);
  });

  test('what could not be tried is not called fixed', async () => {
    const posture = 'version: 1\nproject: shop\nisolation: { runtime: command, command: "/no/such/wrapper" }\n';
    const given = world({ 'agent-posture.yaml': posture });
    const { code, stdout } = await program(given, ['fix', '--trust']);
    expect({ code, stdout }).toMatchObject({ code: 3, stdout: expect.not.stringContaining('Nothing to fix.') });
    expect(stdout.replace(/\s+/g, ' ')).toContain('agent-posture doctor says what is missing');
  });

  test('explain takes what the report shows: the number of a fix, and a target', async () => {
    const given = world({ 'agent-posture.yaml': 'version: 1\nproject: shop\nagents: [claude-code]\n' });
    mkdirSync(join(given.home, '.aws'));
    writeFileSync(join(given.home, '.aws/credentials'), '[dev]\naws_secret_access_key = x\n');
    const { fixes } = JSON.parse((await program(given, ['test', '--json'])).stdout);
    const first = await program(given, ['explain', String(fixes[0].n)]);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(fixes[0].title) });
    for (const name of ['~/.aws/credentials', '.aws/credentials', 'credentials'])
      expect(await program(given, ['explain', name])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('host:read:~/.aws/credentials'),
      });
  });
});

describe('generate --check', () => {
  test('names the files that a hand made to say something else, though they guard nothing', async () => {
    const given = world();
    await program(given, ['init', '--yes', '--quick', '--no-test']);
    const page = join(given.root, 'docs/security-posture.md');
    writeFileSync(page, readFileSync(page, 'utf8').replace('# What', '# All that'));
    const { stdout, code } = await program(given, ['generate', '--check']);
    expect(stdout).toContain('Edited by hand, and kept so: docs/security-posture.md.');
    expect(code).toBe(0);
  });
});

describe('test', () => {
  const laid = 'version: 1\nproject: shop\nagents: [claude-code]\nrepository: { protected: [main] }\n';

  test('says, as status does, which scanning is declared and not run', async () => {
    const scanning = 'scanning: { engines: [builtin, trufflehog], at: [commit, history] }\n';
    const given = world({ 'agent-posture.yaml': laid + scanning });
    const said = 'scans, not run: trufflehog; at history';
    const tried = await program(given, ['test', '--safeguard', 'SEC-4', '--json']);
    expect(JSON.parse(tried.stdout).notes).toContain(`declared, and not covered by this version: ${said}`);
    expect((await program(given, ['status'])).stdout.replace(/\s+/g, ' ')).toContain(`not done ${said}`);
    expect(JSON.parse((await program(given, ['status', '--json'])).stdout).notDone).toEqual([said]);
  });

  test('shows guards of ours that were loosened by hand, and how they are put back', async () => {
    const given = world({ 'agent-posture.yaml': laid });
    await program(given, ['generate']);
    const loosened = async () => {
      const { rows } = JSON.parse((await program(given, ['test', '--safeguard', 'GRD-1', '--json'])).stdout);
      const keys = rows.map((row: Row) => JSON.stringify([row.vantage, row.attempt, row.target, row.escape]));
      expect(keys.filter((key: string, at: number) => keys.indexOf(key) < at)).toEqual([]);
      return rows.filter((row: Row) => row.escape === 'loosened');
    };
    expect(await loosened()).toEqual([]);
    writeFileSync(join(given.root, '.githooks/pre-push'), '');
    const settings = join(given.root, '.claude/settings.json');
    writeFileSync(settings, readFileSync(settings, 'utf8').replace(/.*git\/hooks.*\n/, ''));
    const config = join(given.root, '.git/config');
    writeFileSync(config, readFileSync(config, 'utf8').replace(/.*hookspath.*\n/i, ''));
    const rows = await loosened();
    expect(rows.map(({ target }: { target: string }) => target).sort()).toEqual([
      '.claude/settings.json',
      '.githooks/pre-push',
      'git config core.hooksPath',
    ]);
    for (const row of rows)
      expect(row).toMatchObject({
        id: `host:write:${row.target}#loosened`,
        verdict: 'exposed',
        fix: { command: 'agent-posture generate --restore' },
      });
    await program(given, ['generate', '--restore']);
    expect(await loosened()).toEqual([]);
  }, 60_000);

  test.runIf(process.platform === 'linux')(
    'goes on where nothing can be kept, and says so',
    async () => {
      const given = world({ 'agent-posture.yaml': laid });
      const env = { AGENT_POSTURE_STATE: '/proc/agent-posture' };
      const tried = await program(given, ['test', '--json'], { env });
      expect(tried.stderr).not.toContain('fault');
      expect(tried.stderr).toContain('the report is not kept');
      expect(JSON.parse(tried.stdout).notes.join()).toContain('no baseline is kept');
      const made = await program(given, ['init', '--yes'], { env });
      expect(made).toMatchObject({ code: 2, stderr: expect.stringContaining('AGENT_POSTURE_STATE') });
      expect(made.stderr).not.toContain('fault');
    },
    60_000,
  );
});
