import { realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { detect } from '../agents/detect.ts';
import { agents, surroundingAgent } from '../agents/index.ts';
import { allNamed } from '../base/all.ts';
import { findProgram } from '../base/exec.ts';
import { displayPath, readBounded } from '../base/files.ts';
import { heldByGit, trackedFiles } from '../base/git.ts';
import { harmless } from '../posture/harmless.ts';
import { variableNames } from './env-file.ts';
import { environmentsOf } from './environments.ts';
import type { Facts } from './facts.ts';
import { instructionLinks, rootRule } from './instructions.ts';
import type { Mention } from './mention.ts';
import { projectName } from './project.ts';
import { gitFacts } from './repository.ts';
import { isEnvironmentFile, isSecretFile } from './secret-files.ts';
import { type Entry, walk } from './walk.ts';

export interface DiscoverOptions {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
  /** Whether to look which boxes can be started here: it takes starting some. Default true; without, none is named. */
  boxes?: boolean | (() => Promise<boolean>);
  /** Whether to look for systems and environments. Default true; generated files do not depend on them. */
  systems?: boolean;
  /** Whether to look for what only a person wants to know: data files, CI, owners, tools, what is used without an address. Default true. */
  inventory?: boolean;
  /** Whether to tell the default branch. Default true; nothing but what the wizard proposes depends on it. */
  defaultBranch?: boolean;
}

/** All that generated files depend on, and so all that is looked at for them alone. */
export const FOR_FILES = { boxes: false, systems: false, inventory: false, defaultBranch: false } as const;

/** The most that is read of one file, and how many files are read. */
const FILE_LIMIT = 256_000;
const FILES = 300;
/** Bytes of files that name systems which are read: reading some is slow. */
const TOTAL = 4_000_000;
const GIVEN = 20;
/** As many systems are told as a person could go through, and more. */
const MENTIONS = 1_000;
const SECRET_FILES = 500;
const SCANNERS = ['gitleaks', 'trufflehog', 'git-secrets'] as const;

/** What is on this machine and in this repository. Read only, bounded, offline; nothing of the repository is run. */
export async function discover(
  root: string,
  {
    home,
    env,
    platform = process.platform,
    boxes = true,
    systems: wantsSystems = true,
    inventory: wantsInventory = true,
    defaultBranch = true,
  }: DiscoverOptions,
): Promise<Facts> {
  const real = realpathSync(root);
  const context = { root: real, home, env, platform, thorough: wantsInventory };
  // Git takes longest to answer, so it is asked first.
  const asking = gitFacts(real, defaultBranch);
  const walking = walk(real);
  // Loaded beside the walk: it knows the formats of a dozen frameworks.
  const reader = wantsSystems ? import('./systems.ts') : undefined;
  const stocktaker = wantsInventory ? import('./inventory.ts') : undefined;
  const scanners = SCANNERS.filter(id => findProgram(id, [real]) !== undefined).map(id => ({ id, version: undefined }));
  const stock = Promise.all([stocktaker, walking, asking]).then(([taker, { entries }, { git }]) =>
    taker?.takeInventory(real, home, entries, { git, scanners }),
  );
  const {
    files,
    git,
    more,
    read,
    secrets: { secrets, secretFiles, harmlessFiles },
    ...found
  } = await allNamed({
    project: projectName(real),
    files: walking,
    git: asking,
    agents: Promise.all(agents.map(agent => detect(agent, context))),
    runtimes: findBoxes(real, home, boxes),
    secrets: walking.then(({ entries }) => sortSecrets(real, entries)),
    read: walking.then(async ({ entries }) => readMentions(real, entries, await reader)),
    accounts: reader?.then(known => accountMentions(real, home, env, known)),
    more: stock,
    owners: Promise.all([walking, asking]).then(([{ entries }, { git }]) =>
      readOwners(real, entries, git.remote?.forge),
    ),
    instructionSource: walking.then(({ entries }) => rootRule(real, entries)),
  });
  const mentions = [read.mentions, found.accounts ?? [], more?.mentions ?? []].flatMap(part => part.slice(0, MENTIONS));
  const systems = (await reader)?.systemFacts(mentions) ?? [];
  return {
    root: real,
    home,
    project: found.project,
    agents: found.agents.filter(agent => agent !== undefined),
    systems,
    environments: environmentsOf(systems, files.entries, more?.environments),
    secretFiles,
    harmlessFiles,
    envNames: read.envNames.filter(({ path }) => !harmlessFiles.some(file => file.path === path)),
    ...(more && {
      packages: more.packages,
      data: more.data,
      ci: more.ci,
      tools: more.tools,
    }),
    instructionLinks: instructionLinks(real),
    instructionSource: found.instructionSource,
    requestTemplates: requestTemplates(files.entries),
    runtimes: found.runtimes,
    git: { ...git.git, ...more?.git, ...(found.owners && { owners: found.owners }) },
    scanners: more?.scanners ?? scanners,
    insideAgent: surroundingAgent(env),
    notes: [
      ...files.notes,
      ...git.notes,
      ...read.notes,
      ...(more?.notes ?? []),
      ...(secrets > SECRET_FILES ? [`more than ${SECRET_FILES} secret files: the rest is not named`] : []),
    ],
  };
}

/** Whose review a path needs; loaded only where some file says so. */
async function readOwners(
  root: string,
  entries: readonly Entry[],
  forge: string | undefined,
): Promise<Facts['git']['owners']> {
  if (!entries.some(({ name }) => name === 'CODEOWNERS')) return undefined;
  const { ownersOf } = await import('./owners.ts');
  return ownersOf(root, forge);
}

/** Files that hold secrets by their name: how many, those that may, and those that git tracks and that are none. */
async function sortSecrets(
  root: string,
  all: readonly Entry[],
): Promise<{
  secrets: number;
  secretFiles: Facts['secretFiles'];
  harmlessFiles: NonNullable<Facts['harmlessFiles']>;
}> {
  const named = all.filter(({ path }) => isSecretFile(path));
  const entries = named.slice(0, SECRET_FILES);
  const tracked = entries.length > 0 ? await trackedFiles(root) : new Map<string, string>();
  const whys = await Promise.all(entries.map(({ path }) => harmless(root, path, tracked)));
  return {
    secrets: named.length,
    secretFiles: entries.flatMap(({ path }, at) => {
      if (whys[at] !== undefined) return [];
      return [heldByGit(root, path, tracked) ? { path, tracked: true as const } : { path }];
    }),
    harmlessFiles: entries.flatMap(({ path }, at) => {
      const why = whys[at];
      return why === undefined ? [] : [{ path, why }];
    }),
  };
}

/** By their names, which either forge takes in any case; of several, the one in the forge's own folder. */
function requestTemplates(entries: readonly Entry[]): NonNullable<Facts['requestTemplates']> {
  const first = (name: RegExp) => entries.filter(({ path, link }) => !link && name.test(path)).map(({ path }) => path);
  return {
    github: first(/^(?:\.github\/|docs\/)?pull_request_template\.md$/i).sort()[0],
    gitlab: first(/^\.gitlab\/merge_request_templates\/default\.md$/i).sort()[0],
  };
}

async function findBoxes(
  root: string,
  home: string,
  boxes: NonNullable<DiscoverOptions['boxes']>,
): Promise<Facts['runtimes']> {
  const wanted = typeof boxes === 'function' ? await boxes() : boxes;
  if (!wanted) return [];
  const { detectRuntimes } = await import('../isolation/index.ts');
  return detectRuntimes(root, home);
}

type SystemReader = typeof import('./systems.ts');

/** Reads the files that name variables or, where `reader` is given, systems: plain ones only, each up to a limit. */
async function readMentions(
  root: string,
  entries: readonly Entry[],
  reader: SystemReader | undefined,
): Promise<{ mentions: Mention[]; envNames: Facts['envNames']; notes: string[] }> {
  const readable = entries.filter(({ path, link, ignored }) => !link && (!ignored || isSecretFile(path)));
  const ofVariables = readable.filter(({ path }) => isEnvironmentFile(path));
  const named = readable.filter(({ path }) => !isEnvironmentFile(path) && reader?.namesSystems(path));
  // There may be hundreds for a cluster, and most name nothing.
  const others = [false, true].flatMap(late => named.filter(({ path }) => reader?.isClusterFile(path) === late));
  // Files of variables are cut off by none that name systems alone, so that they do not depend on whether these are read.
  const kept = new Set([...ofVariables, ...others].slice(0, FILES));
  const cut = ofVariables.length + others.length > FILES;
  const notes = cut ? [`more than ${FILES} files name systems: the rest was not read`] : [];
  const mentions: Mention[] = [];
  const envNames: { path: string; names: readonly string[] }[] = [];
  const given = new Set<string>();
  let bytes = 0;
  for (const { path } of readable.filter(entry => kept.has(entry))) {
    if (bytes > TOTAL && !isEnvironmentFile(path)) continue;
    const file = await readBounded(join(root, path), FILE_LIMIT);
    bytes += file.ok && !isEnvironmentFile(path) ? file.data.length : 0;
    if (!file.ok) notes.push(`${path}: could not be read (${file.reason})`);
    else {
      if (file.truncated && !reader?.isClusterFile(path))
        notes.push(`${path}: only its first ${FILE_LIMIT / 1000} kB were looked at`);
      const text = file.data.toString('utf8');
      if (reader) mentions.push(...reader.mentionsIn(path, text));
      for (const named of reader?.variableFiles(path, text) ?? []) given.add(named);
      // In a part of a file, a line of a key may look like a name.
      if (isEnvironmentFile(path) && !file.truncated) envNames.push({ path, names: variableNames(text) });
    }
  }
  if (bytes > TOTAL)
    notes.push(`files that name systems hold more than ${TOTAL / 1_000_000} MB: the rest was not read`);
  // What compose takes variables from is one more file of them, whatever it is called.
  const byPath = new Map(readable.map(entry => [entry.path, entry]));
  for (const path of [...given].slice(0, GIVEN)) {
    const entry = byPath.get(path);
    const file = entry === undefined || kept.has(entry) ? undefined : await readBounded(join(root, path), FILE_LIMIT);
    if (reader && file?.ok) mentions.push(...reader.readEnvironmentFile(path, file.data.toString('utf8')));
  }
  if (mentions.length > MENTIONS)
    notes.push(`systems are named in more than ${MENTIONS} places: the rest was left out`);
  return { mentions, envNames, notes };
}

/** Clusters and cloud accounts by the names in the user's own files. */
async function accountMentions(
  root: string,
  home: string,
  env: DiscoverOptions['env'],
  { awsMentions, kubeMentions }: SystemReader,
): Promise<Mention[]> {
  const kube = [...(env.KUBECONFIG?.split(delimiter).filter(Boolean) ?? []), join(home, '.kube', 'config')];
  const aws = [
    env.AWS_CONFIG_FILE ?? join(home, '.aws', 'config'),
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(home, '.aws', 'credentials'),
  ];
  const sources: [path: string, read: (path: string, text: string) => Mention[]][] = [
    ...[...new Set(kube)].slice(0, 20).map(path => [path, kubeMentions] as [string, typeof kubeMentions]),
    ...aws.map(path => [path, awsMentions] as [string, typeof awsMentions]),
  ];
  const found = await Promise.all(
    sources.map(async ([path, read]) => {
      const file = await readBounded(path, FILE_LIMIT);
      return file.ok ? read(displayPath(path, { root, home }), file.data.toString('utf8')) : [];
    }),
  );
  return found.flat();
}
