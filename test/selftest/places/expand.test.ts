import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  expandPlace,
  expandSocket,
  filePlaces,
  placePatterns,
  socketPlaces,
} from '../../../src/selftest/places/index.ts';
import type { FilePlace } from '../../../src/selftest/places/types.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'places-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const put = (path: string, content = 'x') => {
  const absolute = join(home, path);
  mkdirSync(dirname(absolute), { recursive: true });
  writeFileSync(absolute, content);
  return absolute;
};
const place = (id: string): FilePlace => {
  const found = filePlaces.find(entry => entry.id === id);
  if (!found) throw new Error(id);
  return found;
};
const found = (id: string, env: Record<string, string> = {}) =>
  expandPlace(place(id), { home, env, platform: 'linux' });

describe('expandPlace', () => {
  it('finds the keys in ~/.ssh, and not their public halves', async () => {
    const keys = [put('.ssh/id_ed25519'), put('.ssh/id_rsa'), put('.ssh/work.pem')];
    put('.ssh/id_ed25519.pub');
    put('.ssh/known_hosts');
    expect(await found('ssh-keys')).toEqual(keys.sort());
  });
  it('finds nothing where nothing is', async () => {
    const all = await Promise.all(
      filePlaces
        .filter(entry => entry.paths.linux?.every(path => path.startsWith('~') || path.startsWith('$XDG_CONFIG')))
        .map(entry => expandPlace(entry, { home, env: {}, platform: 'linux' })),
    );
    expect(all.flat()).toEqual([]);
  });
  it.each([
    ['aws-credentials', 'AWS_SHARED_CREDENTIALS_FILE', 'elsewhere/aws', 'elsewhere/aws'],
    ['gcloud-adc', 'GOOGLE_APPLICATION_CREDENTIALS', 'sa.json', 'sa.json'],
    ['gnupg-private-keys', 'GNUPGHOME', 'gpg', 'gpg/private-keys-v1.d/A.key'],
    ['claude-code-login', 'CLAUDE_CONFIG_DIR', 'cc', 'cc/.credentials.json'],
    ['codex-login', 'CODEX_HOME', 'cx', 'cx/auth.json'],
    ['docker-config', 'DOCKER_CONFIG', 'dk', 'dk/config.json'],
    ['gh', 'XDG_CONFIG_HOME', 'cfg', 'cfg/gh/hosts.yml'],
    ['gh', 'GH_CONFIG_DIR', 'ghc', 'ghc/hosts.yml'],
    ['azure-cli', 'AZURE_CONFIG_DIR', 'az', 'az/msal_token_cache.json'],
    ['cargo', 'CARGO_HOME', 'cg', 'cg/credentials.toml'],
    ['pgpass', 'PGPASSFILE', 'pp', 'pp'],
    ['shell-history', 'HISTFILE', 'hist', 'hist'],
  ])('%s follows $%s', async (id, variable, value, file) => {
    const path = put(file);
    expect(await found(id, { [variable]: join(home, value) })).toContain(path);
    expect(await found(id)).not.toContain(path);
  });
  it('takes all files of KUBECONFIG, and the usual one beside them', async () => {
    const paths = [put('a.yaml'), put('b.yaml'), put('.kube/config')];
    expect(await found('kubeconfig', { KUBECONFIG: `${paths[0]}:${paths[1]}:relative` })).toEqual(
      expect.arrayContaining(paths),
    );
  });
  it('understands the kind before the path of a Kerberos cache', async () => {
    const path = put('cc');
    expect(await found('kerberos-tickets', { KRB5CCNAME: `FILE:${path}` })).toContain(path);
    expect(
      placePatterns(place('kerberos-tickets'), { home, env: { KRB5CCNAME: 'KEYRING:x' }, platform: 'linux' }),
    ).toEqual(['/tmp/krb5cc_*']);
  });
  it('takes folders only for lists, and files only for reads', async () => {
    put('.claude/projects/x/1.jsonl');
    mkdirSync(join(home, '.aws/credentials'), { recursive: true });
    expect(await found('claude-code-transcripts')).toEqual([join(home, '.claude/projects')]);
    expect(await found('aws-credentials')).toEqual([]);
  });
  it('shows a FIFO in place of a credential without waiting for it', async () => {
    mkdirSync(join(home, '.aws'));
    execFileSync('mkfifo', [join(home, '.aws/credentials')]);
    expect(await found('aws-credentials')).toEqual([join(home, '.aws/credentials')]);
  });
  it('is bounded in what one pattern gives', async () => {
    for (let i = 0; i < 150; i++) put(`.ssh/id_${i}`);
    expect((await found('ssh-keys')).length).toBe(100);
  });
  it('keeps within the names of a folder whatever is in them', async () => {
    const odd = put('.ssh/id_\n[31m*?..');
    expect(await found('ssh-keys')).toEqual([odd]);
  });
  it('writes Windows paths as Windows does', () => {
    const context = { home: 'C:\\Users\\alice', env: { APPDATA: 'D:\\Roaming' }, platform: 'win32' } as const;
    expect(placePatterns(place('gh'), context)).toEqual([
      'D:\\Roaming\\GitHub CLI\\hosts.yml',
      'C:\\Users\\alice\\AppData\\Roaming\\GitHub CLI\\hosts.yml',
    ]);
    expect(placePatterns(place('aws-credentials'), context)).toEqual(['C:\\Users\\alice\\.aws\\credentials']);
  });
  it('looks through the whole table in a blink', async () => {
    const started = performance.now();
    await Promise.all(filePlaces.map(entry => expandPlace(entry, { home, env: {}, platform: 'linux' })));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('expandSocket', () => {
  const socket = (id: string) => {
    const entry = socketPlaces.find(one => one.id === id);
    if (!entry) throw new Error(id);
    return entry;
  };
  let server: Server | undefined;
  const listen = (path: string) =>
    new Promise<void>((resolve, reject) => {
      server = createServer().once('error', reject).listen(path, resolve);
    });
  afterEach(() => new Promise<void>(resolve => (server ? server.close(() => resolve()) : resolve())));

  it('follows a variable, in the forms that it takes', async () => {
    const path = join(home, 'agent.sock');
    await listen(path);
    const expanded = (id: string, env: Record<string, string>) =>
      expandSocket(socket(id), { home, env, platform: 'linux' });
    const there = { path, abstract: false };
    expect(await expanded('ssh-agent', { SSH_AUTH_SOCK: path })).toContainEqual(there);
    expect(await expanded('docker', { DOCKER_HOST: `unix://${path}` })).toContainEqual(there);
    expect(
      await expanded('dbus-session', { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path},guid=1;tcp:host=x` }),
    ).toContainEqual(there);
    expect(await expanded('tmux', { TMUX: `${path},123,0` })).toContainEqual(there);
    expect(await expanded('docker', { DOCKER_HOST: 'tcp://127.0.0.1:2375' })).not.toContainEqual(there);
    expect(await expanded('ssh-agent', {})).not.toContainEqual(there);
  });
  it('leaves files that are no sockets alone', async () => {
    expect(
      await expandSocket(socket('ssh-agent'), { home, env: { SSH_AUTH_SOCK: put('plain') }, platform: 'linux' }),
    ).not.toContainEqual({ path: join(home, 'plain'), abstract: false });
  });
  it.runIf(process.platform === 'linux')('finds abstract sockets by name', async () => {
    const name = `kitty-agent-posture-${process.pid}`;
    await listen(`\0${name}`);
    expect(await expandSocket(socket('kitty'), { home, env: {}, platform: 'linux' })).toContainEqual({
      path: name,
      abstract: true,
    });
  });
});
