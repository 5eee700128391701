import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/selftest/types.ts';
import { program, type World, world } from '../support/program.ts';

/** What becomes of laid guards outside of a box, and of the list that tells what was laid. */
const POSTURE = 'version: 1\nproject: shop\nagents: [claude-code]\nrepository: { protected: [main] }\n';

async function laid(): Promise<World> {
  const given = world({ 'agent-posture.yaml': POSTURE });
  await program(given, ['generate']);
  return given;
}

async function tried(given: World) {
  const { code, stdout } = await program(given, ['test', '--safeguard', 'GRD-1', '--json']);
  const rows: Row[] = JSON.parse(stdout).rows;
  return { code, rows: rows.filter(row => row.escape === 'loosened') };
}

const targets = (rows: readonly Row[]) => rows.map(({ target }) => target).sort();
const SETTINGS = '.claude/settings.json';
const MANIFEST = '.agent-posture/manifest.json';

describe('the manifest', () => {
  test.each([
    ['gone', ({ root }: World) => rmSync(join(root, '.agent-posture'), { recursive: true })],
    ['garbage', ({ root }: World) => writeFileSync(join(root, MANIFEST), 'garbage')],
  ])(
    '%s: it is reached, and what was loosened before stays so',
    async (_, damage) => {
      const given = await laid();
      expect((await tried(given)).rows).toEqual([]);
      const settings = join(given.root, SETTINGS);
      writeFileSync(settings, readFileSync(settings, 'utf8').replace(/.*git\/hooks.*\n/, ''));
      damage(given);
      const { code, rows } = await tried(given);
      expect(code).toBe(1);
      expect(targets(rows)).toEqual([MANIFEST, SETTINGS].sort());
      expect(rows.find(({ target }) => target === MANIFEST)).toMatchObject({
        verdict: 'exposed',
        reason: expect.stringContaining('nothing in the repository tells'),
        fix: { command: 'agent-posture generate' },
      });
      await program(given, ['generate', '--restore']);
      expect((await tried(given)).rows).toEqual([]);
    },
    60_000,
  );
});

describe('a guard replaced', () => {
  const REPLACED: readonly [how: string, path: string, replace: (root: string) => void][] = [
    ['by a pipe', SETTINGS, root => execFileSync('mkfifo', [join(root, SETTINGS)])],
    ['by a folder', SETTINGS, root => mkdirSync(join(root, SETTINGS))],
    ['by a link out of the repository', SETTINGS, root => symlinkSync('/etc/hostname', join(root, SETTINGS))],
    ['with its folder, by a link', '.githooks', root => symlinkSync('/tmp', join(root, '.githooks'))],
  ];
  test.each(REPLACED)(
    '%s: a row for each that is not there any more',
    async (_, path, replace) => {
      const given = await laid();
      renameSync(join(given.root, path), join(given.home, 'before'));
      replace(given.root);
      const { code, rows } = await tried(given);
      expect(code).toBe(1);
      const own = rows.filter(({ target }) => target.startsWith(path));
      expect(own.length).toBeGreaterThan(0);
      for (const row of own)
        expect(row).toMatchObject({ verdict: 'exposed', reason: expect.stringMatching(/^replaced by hand/) });
    },
    60_000,
  );
});

test.each([SETTINGS, '.claude/settings.local.json'])(
  'settings in %s that make all rules void are said',
  async path => {
    const given = await laid();
    // So that a memory of nothing to do would be at hand.
    await program(given, ['generate']);
    const at = join(given.root, path);
    const before = path === SETTINGS ? JSON.parse(readFileSync(at, 'utf8')) : {};
    const permissions = { ...before.permissions, defaultMode: 'bypassPermissions' };
    writeFileSync(at, JSON.stringify({ ...before, disableAllHooks: true, permissions }, null, 2));
    const { rows } = await tried(given);
    expect(rows).toMatchObject([
      { target: path, verdict: 'exposed', reason: expect.stringMatching(/disableAllHooks.*bypassPermissions/) },
    ]);
    const checked = await program(given, ['generate', '--check']);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toContain('bypassPermissions');
    const generated = await program(given, ['generate']);
    expect(generated.code).toBe(1);
    expect(generated.stdout).toContain('LOOSENED');
    expect(JSON.parse(readFileSync(at, 'utf8')).disableAllHooks).toBe(true);
  },
  60_000,
);

test('where only the manifest was missing, generate says that it wrote that', async () => {
  const given = await laid();
  rmSync(join(given.root, '.agent-posture'), { recursive: true });
  const { code, stdout } = await program(given, ['generate']);
  expect(code).toBe(0);
  expect(stdout).not.toContain('nothing to do');
  expect(stdout).not.toContain('0 files');
  expect(stdout).toContain(MANIFEST);
  expect(stdout).toContain('1 file written. agent-posture undo takes it back.');
}, 30_000);

describe('where git does not tell how the repository is set up', () => {
  const UNTOLD: readonly [how: string, damage: (given: World) => void][] = [
    ['its settings cannot be read', ({ root }) => appendFileSync(join(root, '.git/config'), '[broken\n')],
    ['no git is found', given => Object.assign(given.env, { PATH: '/nowhere' })],
  ];
  test.each(UNTOLD)(
    '%s: nothing is changed, and nobody says that all is in order',
    async (_, damage) => {
      const given = await laid();
      await program(given, ['generate']);
      damage(given);
      const before = [
        readdirSync(join(given.root, '.githooks')),
        readFileSync(join(given.root, '.git/config'), 'utf8'),
      ];
      for (const args of [['generate'], ['generate', '--check'], ['status']]) {
        const { code, stderr, stdout } = await program(given, args);
        expect({ code, stderr, stdout }, args.join(' ')).toMatchObject({
          code: 4,
          stderr: expect.stringMatching(/git did not tell[\s\S]*nothing was changed/),
        });
      }
      const after = [readdirSync(join(given.root, '.githooks')), readFileSync(join(given.root, '.git/config'), 'utf8')];
      expect(after).toEqual(before);
      const { code, rows } = await tried(given);
      expect(code).not.toBe(0);
      expect(rows).toMatchObject([
        {
          target: 'guards that were laid',
          verdict: 'inconclusive',
          reason: expect.stringContaining('git did not tell'),
        },
      ]);
    },
    120_000,
  );

  test.runIf(process.getuid?.() === 0)(
    "a setting that git does not read, as its folder is another user's, is a row that is not proven",
    async () => {
      const given = await laid();
      execFileSync('chown', ['-R', '1234:1234', join(given.root, '.git')]);
      const { rows } = await tried(given);
      expect(rows).toMatchObject([
        {
          target: 'git config core.hooksPath',
          verdict: 'inconclusive',
          reason: expect.stringContaining('cannot be seen'),
        },
      ]);
    },
    60_000,
  );
});
