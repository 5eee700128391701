import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { findPart } from '../../scripts/parts.js';
import { escapes, fill, fillingOfPath } from '../../src/agents/escapes/index.ts';
import type { EscapeOf } from '../../src/agents/escapes/types.ts';
import { randomHex } from '../../src/base/hash.ts';
import { docker } from '../../src/isolation/docker/index.ts';
import { WORKSPACE_TEXT } from '../../src/isolation/docker/settings.ts';
import type { BoxContext } from '../../src/isolation/types.ts';
import type { Isolation, Posture } from '../../src/posture/schema.ts';
import { reveals } from '../../src/selftest/drive/reveal.ts';
import { FULL, Repository } from '../generate/outputs/lab.ts';
import { describeWith, part } from '../support/parts.ts';
import type { Result } from './lab.ts';

const IMAGE = 'agent-posture-lab:1';
describeWith(['docker', 'docker-compose', 'busybox', 'git'], 'the compose container', () => {
  const folder = mkdtempSync(join(tmpdir(), 'docker-lab-'));
  const before = { ...process.env };
  let engine: ChildProcess;
  beforeAll(async () => {
    process.env.DOCKER_HOST = `unix://${folder}/engine.sock`;
    process.env.AGENT_POSTURE_STATE = join(folder, 'state');
    const place = (name: string) => join(folder, name);
    engine = spawn(
      part('docker'),
      [
        '--storage-driver=vfs',
        '--bridge=none',
        '--iptables=false',
        '--ip6tables=false',
        '--data-root',
        place('data'),
        '--exec-root',
        place('exec'),
        '--pidfile',
        place('pid'),
        '-H',
        process.env.DOCKER_HOST,
      ],
      { stdio: 'ignore' },
    );
    const end = Date.now() + 60_000;
    while (spawnSync('docker', ['version'], { stdio: 'ignore' }).status !== 0) {
      if (Date.now() > end) throw new Error('the engine did not start');
      await new Promise(done => setTimeout(done, 200));
    }
    const tree = place('tree');
    mkdirSync(join(tree, 'bin'), { recursive: true });
    mkdirSync(join(tree, 'tmp'));
    const busybox = join(tree, 'bin/busybox');
    cpSync(findPart('busybox') ?? '', busybox, { dereference: true });
    for (const tool of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
      if (tool !== 'busybox') symlinkSync('busybox', join(tree, 'bin', tool));
    const archive = execFileSync('tar', ['-C', tree, '-c', '.'], { maxBuffer: 50_000_000 });
    execFileSync('docker', ['import', '-', IMAGE], { input: archive });
  }, 120_000);
  afterAll(async () => {
    const gone = new Promise(done => engine.once('close', done));
    engine.kill('SIGTERM');
    await gone;
    process.env = before;
    spawnSync('umount', ['-R', folder], { stdio: 'ignore' });
    rmSync(folder, { recursive: true, force: true });
  });

  let repository: Repository;
  beforeEach(() => {
    repository = new Repository();
  });
  afterEach(() => repository.remove());

  const posture = (isolation: Partial<Isolation>): Posture => ({
    ...FULL,
    isolation: { runtime: 'docker', image: IMAGE, network: { allow: [] }, files: FULL.isolation?.files, ...isolation },
  });
  const context = (isolation: Partial<Isolation> = {}, extra: Partial<BoxContext> = {}): BoxContext => ({
    root: realpathSync(repository.root),
    home: repository.folder,
    isolation: posture(isolation).isolation ?? { runtime: 'docker' },
    guards: ['.git/hooks/', '.git/config', '.claude/', '.mcp.json', 'agent-posture.yaml'],
    env: {},
    ...extra,
  });
  const sh = async (script: string, given = context()): Promise<Result> => {
    const box = await docker.start(given, ['sh', '-s'], 'pipe');
    let stdout = '';
    let stderr = '';
    box.child.stdout?.on('data', data => {
      stdout += data;
    });
    box.child.stderr?.on('data', data => {
      stderr += data;
    });
    box.child.stdin?.end(script);
    const code = await new Promise<number | null>(done => box.child.once('close', done));
    await box.close();
    return { code, stdout, stderr };
  };

  test('is found with its engine and compose', async () => {
    expect(await docker.detect(repository.root)).toMatchObject({ id: 'docker', available: true });
  });

  test('hides files, also those that came after generating; keeps guards; lets work through; leaves nothing', async () => {
    repository.write('.env', 'CANARY');
    repository.write('agent-posture.yaml', 'version: 1\n');
    await repository.generate(posture({}), { secretFiles: [{ path: '.env' }] });
    repository.write('sub/.env.local', 'CANARY');
    repository.write('secrets/a.txt', 'CANARY');
    repository.write('src/app.ts', 'works');
    const { stdout, code } = await sh(
      [
        'exec 2>/dev/null',
        'cat .env sub/.env.local secrets/a.txt; umount .env && cat .env',
        'echo x > .git/hooks/pre-push && echo 1; echo x > .git/config && echo 2; mv .git .g && echo 3',
        'echo x > .claude/settings.json && echo 4; echo x > .mcp.json && echo 5; rm -rf .mcp.json && echo 6; mv .claude .c && echo 7',
        'echo x > agent-posture.yaml && echo 8; echo x > .env && echo 9',
        'cat src/app.ts; echo; echo new > new.ts && cat new.ts; mkdir d; touch d/e; rm -r d; echo t > /tmp/t; echo h > ~/h; cat .env.development.example | grep -c =',
        'grep -E "^(CapEff|NoNewPrivs)" /proc/self/status; ls /sys/class/net; exit 6',
      ].join('\n'),
    );
    expect({ stdout: stdout.replaceAll('\t', ' '), code }).toEqual({
      stdout: 'works\nnew\n1\nCapEff: 0000000000000000\nNoNewPrivs: 1\nlo\n',
      code: 6,
    });
    expect(readFileSync(join(repository.root, 'new.ts'), 'utf8')).toBe('new\n');
    expect(existsSync(join(repository.root, '.mcp.json'))).toBe(false);
    expect(execFileSync('docker', ['ps', '-aq'], { encoding: 'utf8' })).toBe('');
  }, 60_000);

  test('holds against every way round a rule over text that works there, and lets the same through on what nothing hides', async () => {
    const { root } = repository;
    const marks = { 'secrets/key.txt': randomHex(12), 'open/key.txt': randomHex(12) };
    for (const [path, mark] of Object.entries(marks)) repository.write(path, `DECOY=${mark}\n`);
    for (const path of ['agent-posture.yaml', 'open/there.yaml']) repository.write(path, 'version: 1\n');
    await repository.generate(posture({}));
    const spelled = (of: EscapeOf, path: string) =>
      escapes
        .filter(way => way.of === of && way.tool === 'shell' && (way.closes ?? 'sandbox') === 'sandbox')
        .flatMap(way => {
          const text = fill(way, { ...fillingOfPath(path, { root, home: '/nowhere' }), mark: 'MARK' });
          return text === undefined ? [] : [{ id: way.id, text: `timeout 5 sh 2>&1 <<'NO MORE'\n${text}\nNO MORE` }];
        });
    const reading = async (path: keyof typeof marks) => {
      const { stdout } = await sh(
        spelled('read', path)
          .map(({ id, text }) => `echo '<${id}>'; ${text}\nrm -rf way*`)
          .join('\n'),
      );
      const parts = stdout.split(/^<(?=[\w-]+>$)/m);
      return parts.filter(part => reveals(part, marks[path])).map(part => part.split('>')[0]);
    };
    expect(await reading('secrets/key.txt')).toEqual([]);
    expect((await reading('open/key.txt')).length).toBeGreaterThan(30);
    const writing = async (path: string) => {
      const seen = (id: string) =>
        `grep -q MARK ${path} && echo '${id}'; grep -q MARK ${path} && echo 'version: 1' > ${path}`;
      const { stdout } = await sh(
        spelled('write', path)
          .map(({ id, text }) => `( ${text}\n) >/dev/null\n${seen(id)}`)
          .join('\n'),
      );
      return stdout.split('\n').filter(line => line !== '');
    };
    expect(await writing('agent-posture.yaml')).toEqual([]);
    expect(readFileSync(join(root, 'agent-posture.yaml'), 'utf8')).toBe('version: 1\n');
    expect((await writing('open/there.yaml')).length).toBeGreaterThan(10);
  }, 120_000);

  test('git outside runs nothing that was planted inside, in .git or as a bare repository; a submodule is kept too', async () => {
    const { root, folder } = repository;
    const outside = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@y.z', ...args], { cwd: root, encoding: 'utf8' });
    outside('init', '-q', 'sub');
    outside('-C', 'sub', 'commit', '-q', '--allow-empty', '-m', 'x');
    await repository.generate(posture({}));
    outside('add', '.');
    outside('commit', '-qm', 'one', '--no-verify');
    const before = readdirSync(join(root, '.git')).sort();
    const hostile = `[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = "touch ${folder}/PWNED; false"\n`;
    const { stdout } = await sh(
      [
        'exec 2>/dev/null',
        `mkdir c; echo '${hostile}' > c/config; mv c/config .git/config.worktree && echo 1`,
        'echo ../c > .git/commondir && echo 2; rm -f .git/commondir && echo 3; mv .git .g && echo 4',
        'echo x > .git/info/attributes && echo 5; mv .git/info .git/i && echo 6',
        'echo c > commondir && echo 7; mv commondir x && echo 8; mv .git/refs .git/r && echo 9; mv .git/objects .git/o && echo 10',
        'echo x >> sub/.git/config && echo 11; mv sub/.git sub/.g && echo 12; mv sub s && echo 13; echo x > sub/.git/hooks/a && echo 14',
        `mkdir objects refs; echo 'ref: refs/heads/main' > HEAD; echo '${hostile}' > config; rm .git/HEAD; echo done`,
      ].join('\n'),
    );
    expect(stdout).toBe('done\n');
    expect(outside('status', '-s', 'sub')).toBe('');
    expect(existsSync(join(folder, 'PWNED'))).toBe(false);
    expect(readdirSync(join(root, '.git')).sort()).toEqual(before);
    expect(existsSync(join(root, 'commondir'))).toBe(false);
  }, 60_000);

  test('only what may be written can be', async () => {
    repository.write('src/a', 'a');
    repository.write('agent-posture.yaml', 'version: 1\n');
    const files = { write: ['src'], hide: [] };
    await repository.generate(posture({ files }));
    const script = 'echo b >> src/a && cat src/a; echo x > b && echo 1; echo x > .git/x && echo 2; true';
    expect(await sh(script, context({ files }))).toMatchObject({ stdout: 'ab\n' });
  }, 60_000);

  test('a link in the repository gives the container nothing outside it', async () => {
    await repository.generate(posture({}));
    rmSync(join(repository.root, '.githooks'), { recursive: true });
    symlinkSync('../outside', join(repository.root, '.githooks'));
    mkdirSync(join(repository.folder, 'outside'));
    writeFileSync(join(repository.folder, 'outside/key'), 'CANARY');
    await expect(sh('cat .githooks/key')).rejects.toThrow('.githooks leads out of the repository');
  }, 60_000);

  test('a compose file that lays the repository elsewhere has what it keeps laid there', async () => {
    repository.write('.env', 'CANARY');
    await repository.generate(posture({}));
    const path = join(repository.root, '.devcontainer/compose.yaml');
    const given = readFileSync(path, 'utf8');
    expect(given).toContain(WORKSPACE_TEXT);
    expect((await sh('pwd')).stdout).toBe(`${realpathSync(repository.root)}\n`);
    writeFileSync(path, given.replaceAll(WORKSPACE_TEXT, '/elsewhere'));
    const { stdout } = await sh('pwd; cat .env; echo x > .mcp.json || echo kept');
    expect(stdout).toBe('/elsewhere\nkept\n');
  }, 60_000);

  test('without the compose file it says what to do, and starts nothing', async () => {
    await expect(docker.start(context(), ['true'], 'pipe')).rejects.toThrow('there is no compose file');
  });

  test('what git tracks as it stands is not hidden', async () => {
    repository.write('tests/.env', 'held');
    execFileSync('git', ['add', '-f', 'tests/.env'], { cwd: repository.root });
    await repository.generate(posture({}), { secretFiles: [{ path: 'tests/.env', tracked: true }] });
    repository.write('.env', 'CANARY');
    expect((await sh('cat .env tests/.env')).stdout).toBe('held');
  }, 60_000);

  test('after a start that failed, what was started for it is taken down', async () => {
    repository.write(
      '.devcontainer/compose.yaml',
      `services: { agent: { image: '${IMAGE}', entrypoint: [/missing], networks: [box] } }\nnetworks: { box: { internal: true } }\n`,
    );
    const networks = () => execFileSync('docker', ['network', 'ls', '--format', '{{.Name}}'], { encoding: 'utf8' });
    const before = networks();
    const { code, stderr } = await sh('true');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/etwork "?agent-posture-[0-9a-f]{16}_box/);
    expect(networks()).toBe(before);
  }, 60_000);

  test('the approval names the command whole, and what the files are', async () => {
    await repository.generate(posture({}));
    const text = docker.approval(context()) ?? '';
    expect(text).toMatch(
      /^docker compose -p agent-posture-[0-9a-f]{16} -f \.devcontainer\/compose\.yaml run --rm -T agent /,
    );
    expect(text).toMatch(/compose\.yaml sha256 [0-9a-f]{64}$/m);
    expect(text).toContain(readFileSync(join(repository.root, '.devcontainer/compose.yaml'), 'utf8').trimEnd());
    writeFileSync(join(repository.root, '.devcontainer/compose.yaml'), 'services: {}\n');
    expect(docker.approval(context())).not.toBe(text);
    expect(docker.approval(context({ container: 'x; id' }))).toBe("docker exec -i 'x; id' …");
  });

  test('a running container is entered', async () => {
    const name = `agent-posture-lab-${process.pid}`;
    execFileSync('docker', ['run', '-d', '--rm', '--network', 'none', '--name', name, IMAGE, 'sleep', '60'], {
      stdio: 'ignore',
    });
    try {
      expect(await sh('echo in; exit 5', context({ container: name }))).toMatchObject({ stdout: 'in\n', code: 5 });
      expect((await sh('echo in', context({ container: `${name}-gone` }))).code).not.toBe(0);
    } finally {
      execFileSync('docker', ['rm', '-f', name], { stdio: 'ignore' });
    }
  }, 60_000);
});
