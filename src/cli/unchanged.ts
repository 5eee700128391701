import { homedir } from 'node:os';
import { delimiter } from 'node:path';
import { realPathOf } from '../base/files.ts';
import { asStarted } from '../base/started.ts';
import { stateFolder } from '../base/state.ts';
import { oneLine } from '../base/text.ts';
import { discover, FOR_FILES } from '../discover/index.ts';
import { recall, summaryOf } from '../generate/memo.ts';
import { clearPlaceholders } from '../isolation/placeholders.ts';
import { splitPath } from './path.ts';
import { plainGenerate } from './plain.ts';
import { findRoot } from './root.ts';
import { printable } from './terminal.ts';
import { NOTHING_TO_DO } from './words.ts';

// `generate` where nothing has changed, bundled by itself: it runs in every hook and every build.

/**
 * What `generate` prints where nothing has changed since it last had nothing to do; undefined for everything else, bad input
 * too, which the program itself reports.
 */
export async function unchanged(args: readonly string[]): Promise<string | undefined> {
  try {
    const asked = plainGenerate(args);
    if (!asked) return undefined;
    const root = await findRoot(asked.root);
    // As everywhere, what is started is not taken from the repository (law 7).
    process.env.PATH = splitPath(process.env.PATH ?? '', root).trusted.join(delimiter);
    clearPlaceholders(root);
    const facts = discover(root, { home: realPathOf(homedir()), env: process.env, ...FOR_FILES });
    const place = { root, facts, stateFolder: stateFolder(root) };
    const summary = await summaryOf(place);
    const notes = summary && (await recall(place.stateFolder, summary));
    return notes
      ? printable(`${[NOTHING_TO_DO, ...notes.map(note => asStarted(oneLine(note)))].join('\n')}\n`, false)
      : undefined;
  } catch {
    return undefined;
  }
}
