import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, ended, POSTURE, program, start, tree, treeHash, world } from '../support/program.ts';

/** stdout is one JSON object with the envelope, and nothing else. */
function envelope(stdout: string, command: string): Record<string, unknown> {
  const value = JSON.parse(stdout) as Record<string, unknown>;
  expect(value).toMatchObject({ schemaVersion: 1, command, tool: { name: 'agent-posture' } });
  expect(stdout.endsWith('}\n')).toBe(true);
  return value;
}

describe('off a terminal', () => {
  test('without a command: what could be reached here, what next, exit 0, and nothing is written', async () => {
    const given = world({ '.env': 'API_TOKEN=x' });
    const before = treeHash(given.root);
    const { code, stdout } = await program(given, []);
    expect(code).toBe(0);
    expect(stdout).toMatch(/REACHED \d+ thing/);
    expect(stdout).toContain('.env');
    expect(stdout).toContain('Next: agent-posture init');
    expect(treeHash(given.root)).toBe(before);
    expect(existsSync(given.state)).toBe(false);
  });

  test('test without a posture judges what is found', async () => {
    const given = world({ '.env': 'API_TOKEN=x' });
    mkdirSync(join(given.home, '.aws'));
    writeFileSync(join(given.home, '.aws/credentials'), '[prod]\naws_secret_access_key = x\n');
    const { code, stdout } = await program(given, ['test']);
    expect(code).toBe(1);
    expect(stdout).toContain('~/.aws/credentials');
    expect(stdout).toContain('no posture');
  });

  test('explains a row of which no report is kept, and names the places to try from', async () => {
    const given = world();
    const { code, stdout } = await program(given, ['explain', 'host:read:~/.aws/credentials']);
    expect(code).toBe(0);
    expect(stdout).toContain('read ~/.aws/credentials, from your shell');
    expect((await program(given, ['explain', 'host:eat:~/.aws/credentials'])).code).toBe(2);
    const ofAgent = await program(given, ['explain', 'agent:claude-code:read:.env#read-python']);
    expect(ofAgent).toMatchObject({ code: 0, stdout: expect.stringContaining('test --agent claude-code tries it') });
    const fix = await program(given, ['fix', '1']);
    expect(fix).toMatchObject({ code: 2, stderr: expect.stringContaining('agent-posture init') });
    expect(fix.stderr).toContain('a fix is a change of the posture');
    const named = await program(given, ['explain', '.env']);
    expect(named).toMatchObject({ code: 2, stderr: expect.stringContaining('agent-posture init makes a posture') });
    const moon = await program(given, ['test', '--vantage', 'moon']);
    expect(moon.code).toBe(2);
    expect(moon.stderr).toContain('there are host and sandbox');
  });

  test('test --json is one object, progress goes to stderr', async () => {
    const given = world({ '.env': 'API_TOKEN=x' });
    const { code, stdout, stderr } = await program(given, ['test', '--json']);
    const report = envelope(stdout, 'test');
    expect(report.exitCode).toBe(code);
    expect(code).toBe(1);
    expect(report.posture).toBeNull();
    expect(Object.keys(report)).toEqual([
      ...['schemaVersion', 'command', 'tool', 'startedAt', 'durationMs', 'root', 'posture', 'vantages', 'rows'],
      ...['summary', 'fixes', 'baseline', 'notes', 'exitCode'],
    ]);
    expect(stderr).toMatch(/^trying \d+ things from/);
    const quiet = await program(given, ['test', '--json', '--quiet']);
    expect(quiet.stderr).toBe('');
  });

  test('--output writes the file whole, and nothing to stdout', async () => {
    const given = world();
    const { stdout } = await program(given, ['test', '--json', '--output', 'report.json', '-q']);
    expect(stdout).toBe('');
    envelope(readFileSync(join(given.root, 'report.json'), 'utf8'), 'test');
    expect(readdirSync(given.root).filter(name => name.includes('.tmp'))).toEqual([]);
    const refused = await program(given, ['doctor', '--output', 'no/such/folder/file']);
    expect(refused.code).toBe(2);
  });

  test('--format markdown and --share are Markdown', async () => {
    const given = world({ '.env': 'API_TOKEN=x' });
    expect((await program(given, ['test', '--format', 'markdown'])).stdout).toMatch(/^## agent-posture: REACHED/);
    const { stdout } = await program(given, ['test', '--share']);
    expect(stdout).toMatch(/^## agent-posture: REACHED/);
    expect(stdout).not.toContain('shop-api');
  });
});

describe('errors', () => {
  test.each([
    [['tset'], 'agent-posture: unknown command "tset" (did you mean "test"?)\n'],
    [['test', '--jsno'], 'agent-posture: unknown flag "--jsno" (did you mean "--json"?)\n'],
    [
      ['test', '--vantage', 'hsot'],
      'agent-posture: unknown vantage "hsot" (did you mean "host"?); there are host and sandbox\n',
    ],
    [['test', '--safeguard', 'SEC-0'], /^agent-posture: unknown safeguard "SEC-0".*\n$/],
    [
      ['test', '--agent', 'claude'],
      /^agent-posture: unknown agent "claude" \(did you mean "claude-code"\?\); there are .*\n$/,
    ],
    [['test', '--trust=abc'], /^agent-posture: --trust= takes .*\n$/],
    [['explain', 'SEC-99'], /^agent-posture: nothing is called "SEC-99".*\n$/],
    [['watch'], 'agent-posture: the command "watch" is not in this version\n'],
    [
      ['completion', 'bsh'],
      /^agent-posture: unknown shell "bsh" \(did you mean "bash"\?\); there are bash, zsh and fish\n$/,
    ],
    [['completion', 'ksh'], /^agent-posture: unknown shell "ksh".*; there are bash, zsh and fish\n$/],
    [
      ['test', '--vantage', 'sandbox'],
      /^agent-posture: no box is declared here, so there is no vantage "sandbox".*agent-posture init.*\n$/,
    ],
    [['init', '--yes', '--answer', 'foo=bar'], /^agent-posture: --answer: unknown step "foo"; there are .*box.*\n$/],
    [
      ['init', '--yes', '--answer', 'bax=none'],
      /^agent-posture: --answer: unknown step "bax" \(did you mean "box"\?\); there are .*\n$/,
    ],
    [['--root', '/no/such', 'doctor'], /there is no such folder/],
    [['generate'], /no agent-posture.yaml here\n\s*next: agent-posture init\n$/],
    [['run', '--', 'true'], /no agent-posture.yaml here/],
    [['undo', '--yes'], /nothing to undo/],
  ])('%j: exit 2 on stderr, nothing on stdout', async (args, message) => {
    const { code, stdout, stderr } = await program(world(), args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    if (typeof message === 'string') expect(stderr).toBe(message);
    else expect(stderr).toMatch(message);
  });

  test('--agent all where there is no agent proves nothing: exit 3, and it is said', async () => {
    const given = world();
    given.env.PATH = '/usr/bin:/bin';
    const known = ['test', '--safeguard', 'GRD-1', '--baseline', join(given.home, 'baseline.json')];
    await program(given, [...known, '--save-baseline']);
    expect((await program(given, [...known, '--fail-on', 'new'])).code).toBe(0);
    const { code, stdout } = await program(given, [...known, '--fail-on', 'new', '--agent', 'all']);
    expect(code).toBe(3);
    expect(stdout.replace(/\s+/g, ' ')).toContain('no agent was found here, so --agent all tried none');
  });

  test('reach says of each agent that was asked for what came of it: exit 3 where one does not start or is not there', async () => {
    const given = world({}, { git: false });
    const bin = join(given.home, 'bin');
    mkdirSync(bin);
    const says = `#!/bin/sh\n[ "$*" = --version ] && { echo '2.1.0 (Claude Code)'; exit; }\necho 'error: no heart' >&2; exit 7\n`;
    writeFileSync(join(bin, 'claude'), says, { mode: 0o755 });
    given.env.PATH = `${bin}:/usr/bin:/bin`;
    const { code, stdout } = await program(given, ['reach', '--json', '--agent', 'claude-code', '--agent', 'codex']);
    expect(code).toBe(3);
    const { columns } = envelope(stdout, 'reach') as { columns: { agent: string; reason: string | null }[] };
    expect(new Set(columns.map(({ agent }) => agent))).toEqual(new Set(['Claude Code', 'Codex']));
    for (const { agent, reason } of columns)
      expect(reason).toMatch(agent === 'Codex' ? /^it is not installed here$/ : /it ended with 7 .*error: no heart/);
  });

  test('with --json, an envelope on stdout', async () => {
    const given = world({ 'agent-posture.yaml': 'version: 1\nproject: x\nsytems: []\n' });
    for (const args of [
      ['test', '--json'],
      ['generate', '--check', '--json'],
      ['status', '--json'],
    ]) {
      const { code, stdout, stderr } = await program(given, args);
      expect(code).toBe(2);
      const value = envelope(stdout, args[0] as string);
      expect(value.exitCode).toBe(2);
      expect(value.error).toMatchObject({
        kind: 'usage',
        problems: [{ where: { path: 'agent-posture.yaml', line: 3 } }],
      });
      expect(stderr).not.toContain('sytems');
    }
    expect(envelope((await program(given, ['tset', '--json'])).stdout, '').exitCode).toBe(2);
  });

  test('an invalid posture stops every command that reads it, with line and column', async () => {
    const given = world({ 'agent-posture.yaml': 'version: 1\nproject: x\nsytems: []\n' });
    for (const args of [['test'], ['generate'], ['status'], ['fix'], ['run', '--', 'true'], [], ['init', '--yes']]) {
      const { code, stdout, stderr } = await program(given, args);
      expect(`${args}: ${code}`).toBe(`${args}: 2`);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/agent-posture\.yaml:3:1/);
      expect(stderr).toContain('systems');
    }
  });

  test('a fault of ours ends in a report, exit 2, and no verdict', async () => {
    const given = world();
    // A state folder that is a file: nothing can be kept, which is no fault of the repository.
    writeFileSync(given.state, '');
    const { code, stdout, stderr } = await program(given, ['test', '--save-baseline']);
    expect(code).toBe(2);
    expect(stdout).not.toMatch(/REACHED|HELD/);
    expect(stderr).not.toBe('');
  });
});

describe('however it is started', () => {
  test('closed stdin, stdout and stderr', async () => {
    const given = world();
    for (const closed of ['<&-', '>&-', '2>&-']) {
      const child = spawn('sh', ['-c', `"$0" "$1" doctor ${closed}`, process.execPath, BIN], {
        cwd: given.root,
        env: given.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      expect(`${closed} ${(await ended(child)).code}`).toBe(`${closed} 0`);
    }
  });

  test('a reader that goes away is no error, and the exit code stays', async () => {
    const given = world();
    const child = spawn(
      'bash',
      [
        '-c',
        '"$0" "$1" test --verbose --json -q | head -c 10; set -- "$PIPESTATUS"; echo " $1"',
        process.execPath,
        BIN,
      ],
      {
        cwd: given.root,
        env: given.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const { stdout, stderr } = await ended(child);
    expect(stdout).toMatch(/^\{\s+"schema? ?[01]\n?$|^\{\n {2}"schem [01]\n$/);
    expect(stderr).toBe('');
  });

  test('two runs at once do not disturb each other', async () => {
    const given = world({ 'agent-posture.yaml': POSTURE });
    const before = treeHash(given.root);
    const runs = await Promise.all([
      program(given, ['test', '--json', '-q']),
      program(given, ['test', '--json', '-q']),
    ]);
    for (const { stdout, code } of runs) expect(envelope(stdout, 'test').exitCode).toBe(code);
    expect(treeHash(given.root)).toBe(before);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s: 130, nothing left behind', async signal => {
    const given = world({ 'agent-posture.yaml': POSTURE });
    const before = tree(given.root);
    const child = start(given, ['test']);
    const end = ended(child);
    await once(child.stderr as NodeJS.ReadableStream, 'data');
    child.kill(signal);
    const { code, stdout } = await end;
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(tree(given.root)).toEqual(before);
  });

  test('colours only where they are wanted', async () => {
    const given = world({ '.env': 'API_TOKEN=x' });
    const colored = async (env: Record<string, string>, ...args: string[]) =>
      (await program(given, ['test', ...args], { env })).stdout.includes('\u001b[');
    expect(await colored({})).toBe(false);
    expect(await colored({ FORCE_COLOR: '1' })).toBe(true);
    expect(await colored({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(await colored({ FORCE_COLOR: '1' }, '--no-color')).toBe(false);
  });

  test('in a subfolder it finds the repository', async () => {
    const given = world({ 'a/b/c.txt': '' });
    const { stdout } = await program(given, ['test', '--json', '-q'], { cwd: join(given.root, 'a/b') });
    expect(envelope(stdout, 'test').root).toBe(given.root);
  });

  test('without git, without a home folder', async () => {
    const given = world({}, { git: false });
    expect(
      (await program(given, ['test', '-q'], { env: { PATH: '/nowhere', HOME: '/no/such/home' } })).code,
    ).toBeLessThanOrEqual(3);
  });
});

describe('the state folder', () => {
  test('is for this user alone', async () => {
    const given = world({ 'agent-posture.yaml': POSTURE });
    await program(given, ['test', '-q']);
    const walk = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
        const path = join(folder, entry.name);
        return [path, ...(entry.isDirectory() ? walk(path) : [])];
      });
    const paths = walk(given.state);
    expect(paths.length).toBeGreaterThan(1);
    for (const path of paths) expect(`${path} ${(statSync(path).mode & 0o077).toString(8)}`).toBe(`${path} 0`);
  });
});
