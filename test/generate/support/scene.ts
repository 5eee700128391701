import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { afterEach } from 'vitest';
import { type ApplyOptions, applyPlan } from '../../../src/generate/apply.ts';
import { type PlanOptions, planGeneration } from '../../../src/generate/plan.ts';
import type { Applied, Output, Plan } from '../../../src/generate/types.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { contextOf } from './context.ts';

const folders: string[] = [];

/**
 * In memory where there is a folder for that: each file is flushed as it is written, thousands of times in these tests, and
 * how long a disk takes for it is none of their business.
 */
const PLACE = isWritable('/dev/shm') ? '/dev/shm' : tmpdir();

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A repository and a state folder beside it. */
export interface Scene {
  root: string;
  stateFolder: string;
  posture: Posture;
  plan(outputs: readonly Output[], options?: PlanOptions & { root?: string }): Promise<Plan>;
  generate(
    outputs: readonly Output[],
    options?: PlanOptions & Partial<ApplyOptions> & { root?: string },
  ): Promise<Plan & Applied>;
}

export function scene(): Scene {
  const folder = mkdtempSync(join(PLACE, 'generate-'));
  folders.push(folder);
  const root = join(folder, 'repository');
  const stateFolder = join(folder, 'state');
  mkdirSync(root);
  const posture: Posture = { version: 1, project: 'test' };
  const plan: Scene['plan'] = (outputs, options = {}) =>
    planGeneration(contextOf(options.root ?? root, posture), outputs, { stateFolder, ...options });
  return {
    root,
    stateFolder,
    posture,
    plan,
    generate: async (outputs, options = {}) => {
      const made = await plan(outputs, options);
      const applied = await applyPlan(made, { stateFolder, ...options });
      return { ...made, ...applied, notes: [...made.notes, ...applied.notes] };
    },
  };
}

/** Every file of a folder with its bytes and mode, and every folder, as one comparable value. */
export function snapshot(root: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(root, { withFileTypes: true, recursive: true })
      .map((entry): [string, string] => {
        const path = join(entry.parentPath, entry.name);
        const stats = statSync(path, { throwIfNoEntry: false });
        const mode = stats ? (stats.mode & 0o7777).toString(8) : 'gone';
        return [relative(root, path), entry.isFile() ? `${mode} ${readFileSync(path, 'latin1')}` : `${mode} /`];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
