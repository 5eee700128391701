import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { container } from '../../src/generate/outputs/container.ts';
import type * as OfGit from '../../src/isolation/git.ts';
import type { Isolation } from '../../src/posture/schema.ts';
import type * as OfBox from '../../src/selftest/box.ts';
import type { Verdict } from '../../src/selftest/types.ts';
import { context } from '../generate/outputs/lab.ts';
import { hasBox, type Lab, makeLab, tryLab } from '../labs/box.ts';
import { engineMissing, makeImage } from '../labs/docker.ts';

/** What our own boxes are built without, relative to the root: one protection at a time. */
const without = vi.hoisted(() => ({ path: undefined as string | undefined }));

vi.mock(import('../../src/isolation/git.ts'), async original => {
  const real = await original();
  const gitGuards: typeof OfGit.gitGuards = (root, common, links) => {
    const { files, folders, nested, beside } = real.gitGuards(root, common, links);
    const kept = (path: string) => relative(root, path) !== without.path;
    return { beside, files: files.filter(kept), folders: folders.filter(kept), nested: nested.filter(kept) };
  };
  return { ...real, gitGuards };
});

vi.mock(import('../../src/selftest/box.ts'), async original => {
  const real = await original();
  const boxOf: typeof OfBox.boxOf = (...given) => {
    const box = real.boxOf(...given);
    return box && { ...box, guards: box.guards.filter(guard => guard.replace(/\/$/, '') !== without.path) };
  };
  return { ...real, boxOf };
});

/**
 * The boxes that we build ourselves, by the same list of guards, and that list with one taken out: exactly the rows of
 * that one turn.
 */
const GUARDS = [
  '.git/hooks',
  '.git/config',
  '.git/config.worktree',
  '.git/info/attributes',
  '.git/commondir',
  'sub/.git/config',
  'sub/.git/hooks',
  '.vscode',
  '.circleci',
  'lefthook-local.yml',
] as const;

const engine = engineMissing();
const RUNTIMES: [name: string, isolation: Isolation, missing: string | undefined][] = [
  ['bubblewrap', { runtime: 'bubblewrap' }, hasBox ? undefined : 'bubblewrap'],
  ['docker', { runtime: 'docker', image: 'agent-posture-lab:node' }, engine],
];

for (const [name, isolation, missing] of RUNTIMES)
  describe.skipIf(missing)(`the guards of our own box, ${name}${missing ? ` [needs ${missing}]` : ''}`, () => {
    let lab: Lab;
    let held: Map<string, Verdict>;
    let reasons: Map<string, string>;
    const trial = async () => {
      const report = await tryLab(lab, { vantages: ['sandbox'], safeguards: ['GRD-1'] });
      const rows = report.rows.filter(row => row.vantage === 'sandbox' && row.verdict !== 'skipped');
      reasons = new Map(rows.map(row => [row.id.replace('sandbox:write:', ''), row.reason]));
      return new Map(rows.map(row => [row.id.replace('sandbox:write:', ''), row.verdict]));
    };

    beforeAll(async () => {
      lab = await makeLab();
      // What a new repository does not have is missing here, so that the box has to keep it from being made.
      for (const path of ['.git/config.worktree', '.git/info/attributes', '.git/commondir'])
        rmSync(join(lab.root, path));
      const git = (...args: string[]) =>
        execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
          cwd: lab.root,
          stdio: 'ignore',
        });
      git('init', '-q', 'sub');
      git('-C', 'sub', 'commit', '-q', '--allow-empty', '-m', 'a');
      git('add', 'sub');
      for (const path of ['.vscode/settings.json', '.circleci/config.yml', 'lefthook.yml']) {
        mkdirSync(dirname(join(lab.root, path)), { recursive: true });
        writeFileSync(join(lab.root, path), '{}\n');
      }
      lab.facts.git.hookManager = { id: 'lefthook', seen: { path: 'lefthook.yml' } };
      lab.posture = {
        ...lab.posture,
        isolation: { ...isolation, network: { allow: [] }, files: { write: ['.'], hide: ['.env*'] } },
      };
      if (name === 'docker') {
        makeImage('agent-posture-lab:node');
        for (const each of container.render(context(lab.posture, realpathSync(lab.root))))
          if (each.mode === 'owned') {
            mkdirSync(dirname(join(lab.root, each.path)), { recursive: true });
            writeFileSync(join(lab.root, each.path), each.content);
          }
      }
      held = await trial();
    }, 120_000);
    afterAll(async () => {
      without.path = undefined;
      await lab.close();
    });

    it('holds each', () => {
      for (const guard of GUARDS) expect(held.get(guard), guard).toBe('blocked');
      expect([...held].filter(([, verdict]) => verdict !== 'blocked')).toEqual([]);
    });

    // What the compose file itself keeps, it keeps without our list too.
    it.each(GUARDS.filter(guard => name !== 'docker' || !/^\.git\/(hooks|config)$/.test(guard)))(
      'without %s only its rows turn',
      async guard => {
        without.path = guard;
        let rows = await trial();
        // On a busy machine a try may not end in its time, and then it proves nothing: it is run again, as the row says.
        if (rows.get(guard) === 'inconclusive') rows = await trial();
        const turned = [...held.keys()].filter(id => rows.get(id) !== held.get(id));
        expect(rows.get(guard), reasons.get(guard)).toBe('exposed');
        expect(turned.filter(id => id !== guard && !id.startsWith(`${guard}#`))).toEqual([]);
      },
      60_000,
    );

    it('leaves nothing behind', () => {
      const left = [
        'lefthook-local.yml',
        '.git/commondir',
        '.git/config.worktree',
        '.git/info/attributes',
        'commondir',
      ];
      expect(left.filter(path => existsSync(join(lab.root, path)))).toEqual([]);
      expect(
        execFileSync('git', ['status', '--porcelain', 'commondir', '.git'], { cwd: lab.root, encoding: 'utf8' }),
      ).toBe('');
    });
  });
