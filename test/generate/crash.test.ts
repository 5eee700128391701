import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Step } from '../../src/base/files.ts';
import type { AgentFact } from '../../src/discover/facts.ts';
import { applyPlan } from '../../src/generate/apply.ts';
import { lastCommand, nothingToTakeBack, stoppedRun, undo } from '../../src/generate/journal.ts';
import { planGeneration } from '../../src/generate/plan.ts';
import { contextOf } from './support/context.ts';
import { everyMode } from './support/outputs.ts';
import { type Scene, scene, snapshot } from './support/scene.ts';

const bundle = mkdtempSync(join(tmpdir(), 'killed-'));
const child = join(bundle, 'killed.mjs');

beforeAll(() => {
  buildSync({
    entryPoints: [join(import.meta.dirname, 'support/killed.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    outfile: child,
    banner: { js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);" },
  });
});
afterAll(() => rmSync(bundle, { recursive: true, force: true }));

/** A repository with the first version of every output, and edits of its owner round them. */
async function started(): Promise<Scene> {
  const s = scene();
  writeFileSync(join(s.root, '.gitignore'), 'node_modules\n', { mode: 0o640 });
  mkdirSync(join(s.root, 'a/b'), { recursive: true });
  writeFileSync(join(s.root, 'a/b/settings.json'), '{ "mine": 1 } // note\n');
  await s.generate(everyMode(1));
  return s;
}

function copyOf(s: Scene): { root: string; stateFolder: string; at: string } {
  const at = mkdtempSync(join(tmpdir(), 'copy-'));
  // The state folder keeps the root's real path, so the copy stands at the same place: the original moves aside.
  cpSync(s.root, join(at, 'root'), { recursive: true, preserveTimestamps: true });
  cpSync(s.stateFolder, join(at, 'state'), { recursive: true });
  return { root: join(at, 'root'), stateFolder: join(at, 'state'), at };
}

function restore(s: Scene, from: { root: string; stateFolder: string }): void {
  rmSync(s.root, { recursive: true, force: true });
  rmSync(s.stateFolder, { recursive: true, force: true });
  cpSync(from.root, s.root, { recursive: true });
  cpSync(from.stateFolder, s.stateFolder, { recursive: true });
}

const leftovers = (folder: string) =>
  readdirSync(folder, { recursive: true }).filter(name => String(name).endsWith('.tmp'));

test.each(['generate', 'undo'])(
  'a %s killed before any of its operations is put right by the next run',
  { timeout: 240_000 },
  async what => {
    const s = await started();
    const one = snapshot(s.root);
    if (what === 'undo') await s.generate(everyMode(2));
    const start = snapshot(s.root);
    const saved = copyOf(s);
    const total = Number(execFileSync(process.execPath, [child, s.root, s.stateFolder, what], { encoding: 'utf8' }));
    const end = snapshot(s.root);
    expect(total).toBeGreaterThan(20);
    expect(end).not.toEqual(start);
    if (what === 'undo') expect(end).toEqual(one);
    for (let at = 0; at < total; at++) {
      restore(s, saved);
      const killed = spawnSync(process.execPath, [child, s.root, s.stateFolder, what, String(at)]);
      expect(killed.signal).toBe('SIGKILL');
      for (const [path, content] of Object.entries(snapshot(s.root))) {
        if (path.endsWith('.tmp') || content.endsWith(' /')) continue;
        expect([start[path], end[path]], `${path} after a kill before operation ${at}`).toContain(content);
      }
      await s.plan(everyMode(1));
      const after = snapshot(s.root);
      expect([JSON.stringify(start), JSON.stringify(end)], `kill before operation ${at}`).toContain(
        JSON.stringify(after),
      );
      expect(leftovers(s.stateFolder)).toEqual([]);
    }
    rmSync(saved.at, { recursive: true, force: true });
  },
);

test('undo after a kill puts back what the killed run had changed, says so, and leaves the command before as it is', async () => {
  const s = await started();
  const start = snapshot(s.root);
  const saved = copyOf(s);
  const total = Number(execFileSync(process.execPath, [child, s.root, s.stateFolder, 'x'], { encoding: 'utf8' }));
  const { stateFolder } = s;
  let some = 0;
  for (const at of [0.3, 0.5, 0.7, 0.9].map(part => Math.floor(total * part))) {
    restore(s, saved);
    spawnSync(process.execPath, [child, s.root, stateFolder, 'x', String(at)]);
    const half = Object.keys(snapshot(s.root)).length;
    expect(await nothingToTakeBack(stateFolder)).toBe(false);
    const last = await lastCommand(stateFolder);
    const stopped = await stoppedRun(stateFolder);
    expect(stopped).toMatchObject({ command: last?.command, at: last?.at });
    const undone = await undo(s.root, { stateFolder });
    expect(undone).toMatchObject({ command: 'generate', halfWay: true, kept: [] });
    expect(snapshot(s.root), `${half} files`).toEqual(start);
    some += undone.restored.length;
    expect(await stoppedRun(stateFolder)).toBeUndefined();
    // What was done before is still there to take back, by the next one.
    expect((await undo(s.root, { stateFolder })).halfWay).toBeUndefined();
  }
  expect(some).toBeGreaterThan(0);
  rmSync(saved.at, { recursive: true, force: true });
});

test('what was killed after the plan was made is put back and named', async () => {
  const s = await started();
  const plan = await s.plan(everyMode(2));
  const killed = () => spawnSync(process.execPath, [child, s.root, s.stateFolder, 'generate', '20']);
  expect(killed().signal).toBe('SIGKILL');
  const interrupted = expect.stringMatching(/^generate of .* was interrupted/);
  expect((await applyPlan(plan, { stateFolder: s.stateFolder })).notes).toEqual([interrupted]);
  // The plan no longer holds: that is said beside it.
  await undo(s.root, { stateFolder: s.stateFolder });
  const late = await s.plan(everyMode(2));
  writeFileSync(join(s.root, '.gitignore'), 'mine\n');
  expect(killed().signal).toBe('SIGKILL');
  await expect(applyPlan(late, { stateFolder: s.stateFolder })).rejects.toMatchObject({
    exitCode: 4,
    problems: [{ what: interrupted }, { what: expect.stringContaining('changed after the plan') }],
  });
});

test('what was put back is named too by a plan that takes away settings that discovery saw, and so is made twice', async () => {
  const s = await started();
  expect(spawnSync(process.execPath, [child, s.root, s.stateFolder, 'generate', '20']).signal).toBe('SIGKILL');
  const context = contextOf(s.root);
  const seen: AgentFact = {
    id: 'claude-code',
    title: 'Claude Code',
    version: undefined,
    binary: undefined,
    settings: [{ path: 'only/once.txt', scope: 'project' }],
    ownSandbox: undefined,
    seen: { path: 'only/once.txt' },
  };
  const facts = { ...context.facts, agents: [seen] };
  const plan = await planGeneration({ ...context, facts }, everyMode(2), { stateFolder: s.stateFolder });
  expect(plan.changes).toContainEqual(expect.objectContaining({ path: 'only/once.txt', state: 'delete' }));
  expect(plan.notes).toEqual([expect.stringMatching(/^generate of .* was interrupted/)]);
});

test('a failure at any operation puts everything back and says so', async () => {
  const s = await started();
  const start = snapshot(s.root);
  const saved = copyOf(s);
  let total = 0;
  const counting: Step = (_what, _path, operation) => {
    total++;
    return operation();
  };
  await s.generate(everyMode(2), { step: counting });
  for (let at = 0; at < total; at++) {
    restore(s, saved);
    let count = 0;
    const failing: Step = (_what, path, operation) => {
      if (count++ === at) throw Object.assign(new Error('no space'), { code: 'ENOSPC', path });
      return operation();
    };
    await expect(s.generate(everyMode(2), { step: failing }), `operation ${at} of ${total}`).rejects.toThrow(
      /disk is full/,
    );
    expect(snapshot(s.root), `operation ${at} of ${total}`).toEqual(start);
    expect(leftovers(s.root)).toEqual([]);
  }
  await s.generate(everyMode(2));
  await undo(s.root, { stateFolder: s.stateFolder });
  expect(snapshot(s.root)).toEqual(start);
  rmSync(saved.at, { recursive: true, force: true });
});
