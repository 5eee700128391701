import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadersAtStart } from '../base/exec.ts';
import { statsOf } from '../base/files.ts';
import { randomHex } from '../base/hash.ts';
import { packageRoot } from '../base/package.ts';
import { stateHome } from '../base/state-home.ts';
import { list } from '../base/text.ts';
import type { Vantage } from './opening.ts';
import type { Opened } from './session/session.ts';
import { makeTry, writeTry } from './tries.ts';
import type { Workspace } from './workspace.ts';

/** Why what is reported here could have been made up by what is judged: our own files and state within its reach, loaders in our environment. */
export async function integrityNotes(
  vantages: readonly Vantage[],
  opened: ReadonlyMap<Vantage, Opened | undefined>,
  workspace: Workspace | undefined,
): Promise<string[]> {
  const loaders = loadersAtStart();
  const notes =
    loaders.length > 0 ? [`judge integrity not established: ${list(loaders)} was set when this program started`] : [];
  if (!workspace) return notes;
  const folders = [
    { path: packageRoot, what: 'the files of this program' },
    { path: stateHome(), what: 'its state folder' },
  ];
  for (const vantage of vantages) {
    const answer = opened.get(vantage);
    if (!answer?.ok) continue;
    const tries = await Promise.all(
      folders.map(async folder => ({
        ...folder,
        there: statsOf(folder.path)?.isDirectory() === true,
        at: join(folder.path, `.${workspace.fresh()}`),
        content: randomHex(24),
      })),
    );
    const made = tries
      .filter(({ there }) => there)
      .map(one => ({ ...one, try: writeTry('create', one.at, one.content, one.at) }));
    for (const { at, content, try: one } of made)
      if (one.op === 'write') workspace.will({ create: at, beside: `${one.aside ?? at}.new`, content });
    await answer.session.round(made.map(one => one.try));
    const reached: string[] = [];
    for (const { at, content, what } of made) {
      if ((await readFile(at, 'utf8').catch(() => '')) === content) reached.push(what);
      await rm(at, { force: true }).catch(() => {});
    }
    await answer.session.round(made.map(({ at }) => makeTry({ op: 'unwrite', how: 'create', path: at })));
    if (reached.length > 0)
      notes.push(`judge integrity not established: from ${vantage.report.title}, ${list(reached)} can be changed`);
  }
  return notes;
}
