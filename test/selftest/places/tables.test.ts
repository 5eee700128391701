import { describe, expect, it } from 'vitest';
import { expandPath } from '../../../src/selftest/places/expand.ts';
import { filePlaces, helperPlaces, socketPlaces } from '../../../src/selftest/places/index.ts';
import { laterPlaces } from '../../../src/selftest/places/later.ts';
import type { Platform } from '../../../src/selftest/places/types.ts';
import { GROUPS } from '../../../src/selftest/types.ts';

const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'win32'];
const SEVERITIES = ['critical', 'high', 'medium', 'low'];
const repeated = (ids: readonly string[]) => ids.filter((id, at) => ids.indexOf(id) !== at);

describe.each([
  ['files', filePlaces],
  ['sockets', socketPlaces],
  ['helpers', helperPlaces],
  ['what is run later', laterPlaces.map(place => ({ ...place, group: 'way-out' as const }))],
] as const)('the table of %s', (_, table) => {
  it('has each id once', () => {
    expect(repeated(table.map(entry => entry.id))).toEqual([]);
  });
  it('says of each entry what it is, what it opens and where that is documented', () => {
    const incomplete = table.filter(
      entry =>
        !/^[a-z0-9][a-z0-9-]*$/.test(entry.id) ||
        entry.title.length < 2 ||
        entry.opens.length < 4 ||
        !SEVERITIES.includes(entry.severity) ||
        !GROUPS.includes(entry.group) ||
        !URL.canParse(entry.source) ||
        !entry.source.startsWith('https://'),
    );
    expect(incomplete.map(entry => entry.id)).toEqual([]);
  });
});

describe('the table of files', () => {
  it('covers each platform widely', () => {
    const counts = PLATFORMS.map(platform => filePlaces.filter(place => place.paths[platform]?.length).length);
    expect(counts[0]).toBeGreaterThanOrEqual(150);
    expect(counts[1]).toBeGreaterThanOrEqual(110);
    expect(counts[2]).toBeGreaterThanOrEqual(100);
  });
  it('has no entry that exists nowhere and no empty list', () => {
    const empty = filePlaces.filter(({ paths }) => {
      const lists = Object.values(paths);
      return lists.length === 0 || lists.some(list => list.every(path => path.startsWith('!')));
    });
    expect(empty.map(place => place.id)).toEqual([]);
  });
  it('writes every path in a form that can be expanded, without walking a tree', () => {
    const wrong = [...filePlaces, ...socketPlaces].flatMap(place =>
      Object.values(place.paths)
        .flat()
        .filter(path => !path.startsWith('!') && !path.startsWith('@'))
        .filter(
          path =>
            !/^(~\/|\/|\$[A-Z][A-Z0-9_]*(\/|$)|%[A-Z]+%\/)/.test(path) ||
            path.includes('**') ||
            path.includes('\\') ||
            (path.match(/\*/g)?.length ?? 0) > 3 ||
            // A star directly below the home or the root would list everything of a person or machine.
            /^(~|\/|\$[A-Z_0-9]+)\/\*$/.test(path),
        )
        .map(path => `${place.id}: ${path}`),
    );
    // Folders that hold nothing but secrets are listed whole.
    expect([...new Set(wrong)]).toEqual([
      'systemd-credentials: $CREDENTIALS_DIRECTORY/*',
      'lastpass-cli: $LPASS_HOME/*',
    ]);
  });
  it('resolves to absolute paths in the home or the system on each platform', () => {
    for (const platform of PLATFORMS) {
      const home = platform === 'win32' ? 'C:\\Users\\alice' : '/home/alice';
      for (const place of filePlaces)
        for (const path of place.paths[platform] ?? []) {
          if (path.startsWith('!')) continue;
          for (const absolute of expandPath(path, { home, env: {}, platform }))
            expect(absolute, place.id).toMatch(platform === 'win32' ? /^[A-Z]:\\/ : /^\//);
        }
    }
  });
  it('knows what the issue names', () => {
    const ids = new Set(filePlaces.map(place => place.id));
    const wanted = `ssh-keys gnupg-private-keys aws-credentials gcloud-adc azure-cli kubeconfig docker-config npm pypirc cargo
      maven-settings gh glab netrc git-credentials terraform-credentials vault-token pulumi pgpass mysql-options rclone
      bitwarden-cli firefox chrome gnome-keyring shell-history claude-code-login claude-code-transcripts codex-login
      gemini-login opencode-login copilot-login`;
    expect(wanted.split(/\s+/).filter(id => !ids.has(id))).toEqual([]);
  });
});

describe('the table of sockets', () => {
  it('knows what the issue names', () => {
    const ids = new Set(socketPlaces.map(place => place.id));
    const wanted = 'docker containerd podman ssh-agent gpg-agent dbus-session x11 wayland tmux postgres mysql redis';
    expect(wanted.split(' ').filter(id => !ids.has(id))).toEqual([]);
    expect(socketPlaces.some(place => place.paths.linux?.some(path => path.startsWith('@')))).toBe(true);
  });
});

describe('the table of helpers', () => {
  it('never makes one that may ask the user look runnable', () => {
    const asking = ['op', 'security', 'secret-tool', 'pass', 'docker-credential-osxkeychain', 'heroku'];
    for (const helper of helperPlaces)
      if (asking.includes(helper.argv[0] ?? '')) expect(helper.asks, helper.id).toBe(true);
  });
  it('names programs, never paths, and no shell', () => {
    for (const { argv, id } of helperPlaces) {
      expect(argv[0], id).toMatch(/^[a-z0-9-]+$/);
      expect(['sh', 'bash', 'env'], id).not.toContain(argv[0]);
    }
  });
});
