import { realpathSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join, relative } from 'node:path';
import { agents, surroundingAgent } from '../agents/index.ts';
import { findProgram } from '../base/exec.ts';
import { displayPath, readBounded, statsOf } from '../base/files.ts';
import { heldByGit, trackedFiles } from '../base/git.ts';
import { environmentOf } from '../posture/environment.ts';
import { harmless } from '../posture/harmless.ts';
import type { Access } from '../posture/schema.ts';
import { variableNames } from './env-file.ts';
import type { Facts, Seen, SystemFact } from './facts.ts';
import { projectName } from './project.ts';
import { gitFacts } from './repository.ts';
import { isEnvironmentFile, isSecretFile } from './secret-files.ts';
import type { Mention } from './systems.ts';
import { type Entry, walk } from './walk.ts';

export interface DiscoverOptions {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
  /** Whether to look which boxes can be started here: it takes starting some. Default true; without, none is named. */
  boxes?: boolean | (() => Promise<boolean>);
  /** Whether to look for systems and environments. Default true; generated files do not depend on them. */
  systems?: boolean;
  /** Whether to tell the default branch. Default true; nothing but what the wizard proposes depends on it. */
  defaultBranch?: boolean;
}

/** All that generated files depend on, and so all that is looked at for them alone. */
export const FOR_FILES = { boxes: false, systems: false, defaultBranch: false } as const;

/** The most that is read of one file, and how many files are read. */
const FILE_LIMIT = 256_000;
const FILES = 300;
const SECRET_FILES = 500;
/** What agents read in the root before they begin, and what a generated file adds to. */
const INSTRUCTIONS = ['AGENTS.md', 'CLAUDE.md', 'GEMINI.md'] as const;
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
    defaultBranch = true,
  }: DiscoverOptions,
): Promise<Facts> {
  const real = realpathSync(root);
  const context = { root: real, home, env, platform };
  // Git takes longest to answer, so it is asked first.
  const asking = gitFacts(real, defaultBranch);
  const walking = walk(real);
  // Loaded beside the walk: it knows the formats of a dozen frameworks.
  const reader = wantsSystems ? import('./systems.ts') : undefined;
  const [project, files, git, found, available, { secrets, secretFiles, harmlessFiles }, read, accounts] =
    await Promise.all([
      projectName(real),
      walking,
      asking,
      Promise.all(agents.map(agent => agent.detect(context))),
      findBoxes(real, home, boxes),
      walking.then(({ entries }) => sortSecrets(real, entries)),
      walking.then(async ({ entries }) => readMentions(real, entries, await reader)),
      reader?.then(known => accountMentions(real, home, env, known)),
    ]);
  const systems = (await reader)?.systemFacts([...read.mentions, ...(accounts ?? [])]) ?? [];
  return {
    root: real,
    home,
    project,
    agents: found.filter(agent => agent !== undefined),
    systems,
    environments: environmentsOf(systems, files.entries),
    secretFiles,
    harmlessFiles,
    envNames: read.envNames.filter(({ path }) => !harmlessFiles.some(file => file.path === path)),
    instructionLinks: instructionLinks(real),
    requestTemplates: requestTemplates(files.entries),
    runtimes: available,
    git: git.git,
    scanners: SCANNERS.filter(id => findProgram(id, [real]) !== undefined).map(id => ({ id, version: undefined })),
    insideAgent: surroundingAgent(env),
    notes: [
      ...files.notes,
      ...git.notes,
      ...read.notes,
      ...(secrets > SECRET_FILES ? [`more than ${SECRET_FILES} secret files: the rest is not named`] : []),
    ],
  };
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

/** A file under one of these names is often a link to another of them: what is laid into one then stands in both. */
function instructionLinks(root: string): NonNullable<Facts['instructionLinks']> {
  return INSTRUCTIONS.flatMap(path => {
    if (!statsOf(join(root, path))?.isSymbolicLink()) return [];
    try {
      const to = relative(root, realpathSync(join(root, path)));
      return [{ path, to: to.startsWith('..') || isAbsolute(to) ? undefined : to }];
    } catch {
      return [{ path, to: undefined }];
    }
  });
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
  const others = readable.filter(({ path }) => !isEnvironmentFile(path) && reader?.namesSystems(path));
  // Files of variables are cut off by none that name systems alone, so that they do not depend on whether these are read.
  const kept = new Set([...ofVariables, ...others].slice(0, FILES));
  const cut = ofVariables.length + others.length > FILES;
  const notes = cut ? [`more than ${FILES} files name systems: the rest was not read`] : [];
  const mentions: Mention[] = [];
  const envNames: { path: string; names: readonly string[] }[] = [];
  for (const { path } of readable.filter(entry => kept.has(entry))) {
    const file = await readBounded(join(root, path), FILE_LIMIT);
    if (!file.ok) notes.push(`${path}: could not be read (${file.reason})`);
    else {
      if (file.truncated) notes.push(`${path}: only its first ${FILE_LIMIT / 1000} kB were looked at`);
      const text = file.data.toString('utf8');
      if (reader) mentions.push(...reader.mentionsIn(path, text));
      // In a part of a file, a line of a key may look like a name.
      if (isEnvironmentFile(path) && !file.truncated) envNames.push({ path, names: variableNames(text) });
    }
  }
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

const SUGGESTED: Record<string, Access> = { development: 'write', test: 'write', staging: 'read', production: 'none' };

/** The environments that systems and files speak of, from the least to the most careful. */
function environmentsOf(systems: readonly SystemFact[], entries: readonly Entry[]): Facts['environments'] {
  const seen = new Map<string, Seen>();
  for (const system of systems)
    if (system.environment !== undefined && !seen.has(system.environment)) seen.set(system.environment, system.seen);
  for (const { path, ignored } of entries) {
    const named = ignored && !isSecretFile(path) ? undefined : environmentFile(path);
    if (named !== undefined && !seen.has(named)) seen.set(named, { path });
  }
  return Object.entries(SUGGESTED).flatMap(([id, suggested]) => {
    const at = seen.get(id);
    return at === undefined ? [] : [{ id, suggested, seen: at }];
  });
}

const CONFIGURED =
  /(?:^|\/)(?:\.env\.[\w.-]+|(?:docker-)?compose[.-][\w.-]+\.ya?ml|appsettings\.\w+\.json|application-[\w-]+\.(?:properties|ya?ml)|values[.-][\w-]+\.ya?ml)$/;

/** The environment that a configuration file is for, by its name or folder: `.env.production`, `environments/prod/main.tf`. */
function environmentFile(given: string): string | undefined {
  const path = given.toLowerCase();
  if (CONFIGURED.test(path)) return environmentOf(basename(path).replace(/^docker-/, ''));
  const folder = /(?:^|\/)(?:environments|overlays|envs|inventories)\/([\w-]+)(?:\/|\.\w+$)/.exec(path)?.[1];
  return folder === undefined ? undefined : environmentOf(folder);
}
