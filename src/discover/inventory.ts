import { join } from 'node:path';
import { readBounded } from '../base/files.ts';
import { ciFacts, isCi } from './ci.ts';
import { dataFiles } from './data-files.ts';
import { environmentNamed } from './environments.ts';
import type { CiFact, DataFact, Facts, Seen, ToolFact } from './facts.ts';
import type { Mention } from './mention.ts';
import { packageFolders } from './packages.ts';
import { protectedBranches } from './protected-branches.ts';
import { toolFacts, withVersions } from './tools.ts';
import { namesUses, usesIn } from './uses.ts';
import type { Entry } from './walk.ts';

/** What only a person wants to know: nothing that is generated or tried depends on it. */
export interface Inventory {
  mentions: Mention[];
  environments: { id: string; seen: Seen }[];
  packages: string[];
  data: DataFact[];
  ci: CiFact[];
  tools: ToolFact[];
  scanners: Facts['scanners'];
  git: Pick<Facts['git'], 'protectedBranches'>;
  notes: string[];
}

/** The most that is read of one file, of all of each sort, and how many of them are read. */
const FILE_LIMIT = 256_000;
const TOTAL = 3_000_000;
const FILES = 200;

/** The rest of what can be found. Read only, bounded, offline; nothing of the repository is run. */
export async function takeInventory(
  root: string,
  home: string,
  entries: readonly Entry[],
  known: { git: Facts['git']; scanners: Facts['scanners'] },
): Promise<Inventory> {
  const plain = entries.filter(({ link, ignored }) => !link && !ignored);
  const [ci, uses, branches, tools, scanners] = await Promise.all([
    texts(
      root,
      plain.filter(({ path }) => isCi(path)),
    ),
    texts(
      root,
      plain.filter(({ path }) => namesUses(path)),
    ),
    protectedBranches(root, known.git.defaultBranch),
    toolFacts(root, home),
    withVersions(root, known.scanners),
  ]);
  const services = ciFacts(ci.files);
  const { data, notes } = dataFiles(root, entries);
  const used = uses.files.map(({ path, text }) => usesIn(path, text));
  return {
    mentions: used.flatMap(({ mentions }) => mentions),
    environments: [...services.named, ...used.flatMap(({ named }) => named)].flatMap(({ path, named }) => {
      const id = environmentNamed(named.name);
      return id === undefined ? [] : [{ id, seen: { path, line: named.line } }];
    }),
    packages: packageFolders(entries),
    data,
    ci: services.ci,
    tools,
    scanners,
    git: { protectedBranches: branches },
    notes: [
      ...notes,
      ...(ci.cut || uses.cut
        ? [`more than ${FILES} files, or ${TOTAL / 1_000_000} MB, name services or environments: the rest was not read`]
        : []),
    ],
  };
}

async function texts(
  root: string,
  entries: readonly Entry[],
): Promise<{ files: { path: string; text: string }[]; cut: boolean }> {
  const files: { path: string; text: string }[] = [];
  let bytes = 0;
  for (const [index, { path }] of entries.entries()) {
    if (index >= FILES || bytes > TOTAL) return { files, cut: true };
    const file = await readBounded(join(root, path), FILE_LIMIT);
    if (!file.ok) continue;
    files.push({ path, text: file.data.toString('utf8') });
    bytes += file.data.length;
  }
  return { files, cut: false };
}
