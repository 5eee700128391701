import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf, lifeOf, ownerOf, ownFile, ownMark } from '../../src/base/process.ts';
import { stateFolder } from '../../src/base/state.ts';
import { acquireLock } from '../../src/generate/lock.ts';
import { clearPlaceholders, makePlaceholders } from '../../src/isolation/placeholders.ts';
import { asideOf, recover } from '../../src/selftest/leftovers.ts';
import { openWorkspace } from '../../src/selftest/workspace.ts';

// A program for a PID namespace of its own: does what it is told, says what came of it, and stays until its input ends.
const [deed = '', root = '', what = ''] = process.argv.slice(2);
const state = () => stateFolder(root);

const DEEDS: Record<string, () => unknown> = {
  file: () => ({ path: ownFile(root).path, mark: ownMark() }),
  life: () => ({ owner: ownerOf(what)?.life, mark: lifeOf(identityOf(what)) }),
  placeholders: () => makePlaceholders(root, [join(root, 'guard')]).paths,
  clear: () => clearPlaceholders(root),
  // As a write try leaves it when it is killed: the original is aside, and its record says so.
  aside: () => {
    mkdirSync(state(), { recursive: true });
    const workspace = openWorkspace(root, state());
    const original = join(root, 'original');
    const aside = asideOf(original, workspace.fresh());
    workspace.willMove(original, aside);
    renameSync(original, aside);
    return aside;
  },
  // A whole run of somebody else: takes back, lays something, takes it away.
  run: async () => {
    const notes = await recover([root], state());
    await openWorkspace(root, state()).close();
    return notes;
  },
  lock: () =>
    acquireLock(state()).then(
      () => 'locked',
      (error: Error) => error.message,
    ),
};
process.stdout.write(`${JSON.stringify({ pid: process.pid, said: (await DEEDS[deed]?.()) ?? null })}\n`);
process.stdin.resume().on('end', () => process.exit(0));
