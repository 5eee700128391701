import { readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { findProgram } from '../base/exec.ts';
import { isThere, namesIn, readBounded, statsOf } from '../base/files.ts';
import { commonFolderOf, git } from '../base/git.ts';
import { isGitFolder } from '../isolation/git.ts';
import type { Facts } from './facts.ts';

type Git = Facts['git'];

const NONE: Git = {
  present: false,
  defaultBranch: undefined,
  remote: undefined,
  hookManager: undefined,
  hooksPath: undefined,
};
/** The settings that are asked for. */
const ASKED = String.raw`^(remote\..*\.url|core\.(hookspath|repositoryformatversion)|init\.defaultbranch)$`;
/** Milliseconds for each call of git: a healthy repository answers in a few. */
const TIMEOUT = 3_000;

type Ask = (...args: string[]) => ReturnType<typeof git>;
type Answer = Awaited<ReturnType<Ask>>;

/**
 * What git knows of the repository at `root`, without the network and without running what its configuration names. With
 * `defaultBranch` the default one too, which takes another git. That git did not tell is not that there is no repository: why
 * stands in `untold`.
 */
export async function gitFacts(root: string, defaultBranch = true): Promise<{ git: Git; notes: string[] }> {
  const managing = findHookManager(root);
  const none = async (untold?: string) => ({
    git: { ...NONE, hookManager: await managing, ...(untold === undefined ? {} : { untold }) },
    notes: untold === undefined ? [] : [untold],
  });
  const odd = oddConfiguration(root);
  if (odd) return none(odd);
  const ask: Ask = (...args) => git(['-c', 'safe.directory=*', ...args], { cwd: root, timeout: TIMEOUT });
  const [settings, hookManager, common, laid] = await Promise.all([
    ask('config', '--show-scope', '-z', '--get-regexp', ASKED),
    managing,
    commonFolderOf(root, ask),
    laidFiles(root),
  ]);
  // Where none of the settings is set, git ends with 1.
  const silent = silenceOf(settings, [0, 1]);
  if (silent !== undefined) return none(isPlainlyNone(root) ? undefined : silent);
  const values = parseSettings(settings.stdout);
  // Nearly every repository says its version; one that does not is asked whether it is one.
  const versioned = values.some(({ scope, key }) => scope === 'local' && key === 'core.repositoryformatversion');
  // In a folder that it takes for none of its own, git looks for one above, and answers for that.
  if (versioned && statsOf(join(root, '.git'))?.isDirectory() && !isGitFolder(join(root, '.git')))
    return none('git takes .git here for no folder of its own, and answers for the repository above, if there is one');
  const denied = versioned ? undefined : silenceOf(await ask('rev-parse', '--git-dir'), [0]);
  if (denied !== undefined) return none(/not a git repository/.test(denied) && !hasGit(root) ? undefined : denied);
  if (common === undefined) return none('git did not tell where the folder is that the worktrees share');
  const hooksPath = values.findLast(({ key }) => key === 'core.hookspath')?.value;
  const told = defaultBranch ? await defaultBranchOf(values, ask) : { defaultBranch: undefined, notes: [] };
  return {
    git: {
      present: true,
      defaultBranch: told.defaultBranch,
      remote: remoteOf(values),
      hookManager,
      hooksPath,
      ownHooks: await ownHooks(root, hooksPath, laid),
      coveredHooks: await coveredHooks(root, common, laid),
      installedHooks: hookManager ? await installedHooks(root, hookManager.id, hooksPath, common) : [],
    },
    notes: told.notes,
  };
}

/** Why git gave no answer, in one line; undefined where it ended with one of `codes`. */
function silenceOf({ code, failure, timedOut, stderr }: Answer, codes: readonly number[]): string | undefined {
  if (failure !== undefined) return failure;
  if (timedOut) return 'git did not answer: its facts are missing';
  if (code !== undefined && codes.includes(code)) return undefined;
  return `git says: ${stderr.trim().split('\n')[0] || `nothing, and ended with ${code}`}`;
}

const hasGit = (folder: string) => isThere(join(folder, '.git'));

/** Whether there is nothing that git could have told: no git is installed, and no `.git` stands here, nor a whole one above. */
function isPlainlyNone(root: string): boolean {
  if (findProgram('git', [root]) !== undefined || hasGit(root)) return false;
  for (let folder = root; folder !== dirname(folder); ) {
    folder = dirname(folder);
    const above = join(folder, '.git');
    if (isThere(join(above, 'HEAD')) || statsOf(above)?.isFile()) return false;
  }
  return true;
}

/** What origin takes for its own, else one of a usual name, else what is checked out. */
async function defaultBranchOf(
  settings: readonly Setting[],
  ask: Ask,
): Promise<{ defaultBranch: string | undefined; notes: string[] }> {
  const initial = settings.findLast(({ key }) => key === 'init.defaultbranch')?.value;
  const usual = [...(initial ? [initial] : []), 'main', 'master', 'trunk', 'develop'];
  const [refs, current] = await Promise.all([
    ask(
      'for-each-ref',
      '--format=%(refname) %(symref)',
      'refs/remotes/origin/HEAD',
      ...usual.map(name => `refs/heads/${name}`),
    ),
    // A branch without a commit is in no list.
    ask('symbolic-ref', '--quiet', '--short', 'HEAD'),
  ]);
  if (refs.code !== 0) return { defaultBranch: undefined, notes: ['git did not tell its branches'] };
  const lines = new Map(refs.stdout.split('\n').map(line => line.split(' ') as [string, string]));
  const origin = lines.get('refs/remotes/origin/HEAD')?.replace(/^refs\/remotes\/origin\//, '');
  const fallback = usual.find(name => lines.has(`refs/heads/${name}`));
  return { defaultBranch: origin || (fallback ?? (current.stdout.trim() || undefined)), notes: [] };
}

/** A configuration that git itself would wait on or choke on, in the reader's words. */
function oddConfiguration(root: string): string | undefined {
  for (const path of ['.git', '.git/config']) {
    const stats = statsOf(join(root, path));
    if (stats && !stats.isFile() && !stats.isDirectory()) return `${path} is not a plain file: git was not asked`;
    if (path === '.git/config' && stats && stats.size > 1_000_000) return '.git/config is over 1 MB: git was not asked';
  }
  // With core.preferSymlinkRefs, git itself makes a link of it.
  return isOddBehindLinks(join(root, '.git/HEAD')) ? '.git/HEAD is not a plain file: git was not asked' : undefined;
}

function isOddBehindLinks(path: string): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats !== undefined && !stats.isFile() && !stats.isDirectory();
  } catch {
    // Of what leads nowhere git will say so itself.
    return false;
  }
}

interface Setting {
  scope: string;
  key: string;
  value: string;
}

/** `scope NUL key LF value NUL …`; what we set ourselves on the command line is left out. */
function parseSettings(output: string): Setting[] {
  const parts = output.split('\0');
  const found: Setting[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [scope = '', pair = ''] = parts.slice(at, at + 2);
    const split = pair.indexOf('\n');
    if (scope !== 'command')
      found.push({
        scope,
        key: split < 0 ? pair : pair.slice(0, split),
        value: split < 0 ? '' : pair.slice(split + 1),
      });
  }
  return found;
}

function remoteOf(settings: readonly Setting[]): Git['remote'] {
  const remotes = settings.flatMap(({ key, value }) => {
    const name = /^remote\.(.+)\.url$/.exec(key)?.[1];
    return name === undefined ? [] : [{ name, value }];
  });
  const chosen = remotes.find(({ name }) => name === 'origin') ?? remotes[0];
  if (!chosen) return undefined;
  const url = publicUrl(chosen.value);
  return { name: chosen.name, url, forge: forgeOf(url) };
}

/** An address without user, password, query and fragment. */
export function publicUrl(url: string): string {
  const web = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)/i.exec(url);
  if (web) return `${web[1]}://${(web[2] as string).slice((web[2] as string).lastIndexOf('@') + 1)}${web[3]}`;
  // `git@github.com:owner/name.git`
  const short = /^[^/@]*@([^/:]+:.*)$/.exec(url);
  return short?.[1] ?? url;
}

function forgeOf(url: string): NonNullable<Git['remote']>['forge'] {
  if (/^(file:|\/|\.{1,2}\/|[A-Za-z]:[\\/])/.test(url)) return 'local';
  const host = (/^[a-z][a-z0-9+.-]*:\/\/([^/:]+)/i.exec(url)?.[1] ?? /^([^/:]+):/.exec(url)?.[1] ?? '').toLowerCase();
  if (/(^|\.)github\.|^ghe\./.test(host)) return 'github';
  if (/(^|\.)gitlab\.|^gitlab-/.test(host)) return 'gitlab';
  if (/(^|\.)(gitea|forgejo|codeberg)\./.test(host)) return 'gitea';
  return undefined;
}

const MANAGERS: readonly [id: NonNullable<Git['hookManager']>['id'], files: readonly string[]][] = [
  ['husky', ['.husky']],
  ['lefthook', ['lefthook.yml', 'lefthook.yaml', '.lefthook.yml', '.lefthook.yaml', 'lefthook.toml', 'lefthook.json']],
  ['pre-commit', ['.pre-commit-config.yaml', '.pre-commit-config.yml']],
];

/** What is set up has something in it; an empty folder may stand there for a box that runs. */
function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}

async function findHookManager(root: string): Promise<Git['hookManager']> {
  for (const [id, files] of MANAGERS)
    for (const path of files)
      if (isThere(join(root, path)) && !isEmptyFolder(join(root, path))) return { id, seen: { path } };
  const manifest = await readBounded(join(root, 'package.json'), 500_000);
  const id = manifest.ok ? /"(husky|lefthook)"\s*:/.exec(manifest.data.toString('utf8'))?.[1] : undefined;
  return id === 'husky' || id === 'lefthook' ? { id, seen: { path: 'package.json' } } : undefined;
}

/** The folder in the repository where hooks are kept, relative to it: `.githooks`, unless git was told another. Undefined: outside. */
function hooksFolder(root: string, hooksPath: string | undefined): string | undefined {
  const path = relative(root, resolve(root, hooksPath ?? '.githooks'));
  return path === '' || path.startsWith('..') || isAbsolute(path) ? undefined : path;
}

const HOOK_NAME =
  /^(?:pre|post|prepare|commit|applypatch|fsmonitor|reference|sendemail|p4|push|proc)-[a-z-]{2,40}$|^update$/;
/** The hooks that do work of ours. */
export const OUR_HOOKS = ['pre-commit', 'prepare-commit-msg', 'pre-push'] as const;
/** The line that our own hooks have: `templates/githooks`. */
const OURS = 'Written by agent-posture from agent-posture.yaml';

/** The line of those that call a hook of git's own folder and do nothing else: `templates/githooks/forward`. */
const FORWARDS = 'so that core.hooksPath puts no hook of yours out of force';

/** The files that this program wrote whole, by the manifest of what it generated. */
async function laidFiles(root: string): Promise<ReadonlySet<string>> {
  const file = await readBounded(join(root, '.agent-posture/manifest.json'), 20_000_000);
  try {
    const { files } = JSON.parse(file.ok ? file.data.toString('utf8') : '') as { files: unknown };
    const all = Array.isArray(files) ? (files as ({ mode?: unknown; path?: unknown } | null)[]) : [];
    return new Set(all.filter(entry => entry?.mode === 'owned').map(entry => String(entry?.path)));
  } catch {
    return new Set();
  }
}

/** Through links, as git starts it. */
function isProgram(path: string): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true && (stats.mode & 0o100) !== 0;
  } catch {
    return false;
  }
}

/**
 * The hooks that ours have to call, as core.hooksPath puts them out of force. Those that another clone had stay, so that a
 * clone without them asks for the same files.
 */
async function coveredHooks(root: string, common: string, laid: ReadonlySet<string>): Promise<string[]> {
  const names = namesIn(join(common, 'hooks')).filter(name => HOOK_NAME.test(name));
  const run = names.slice(0, 50).filter(name => isProgram(join(common, 'hooks', name)));
  const known = [...laid].flatMap(path => /^\.githooks\/([a-z-]+)$/.exec(path)?.[1] ?? []);
  // These are there for what they do themselves, unless it says that all they do is to call another.
  const ownWork = await Promise.all(
    OUR_HOOKS.map(async (name): Promise<string[]> => {
      const file = await readBounded(join(root, '.githooks', name), 100_000);
      return file.ok && file.data.toString('utf8').includes(FORWARDS) ? [] : [name];
    }),
  );
  return [...new Set([...run, ...known.filter(name => !ownWork.flat().includes(name))])].sort();
}

async function ownHooks(
  root: string,
  hooksPath: string | undefined,
  laid: ReadonlySet<string>,
): Promise<NonNullable<Git['ownHooks']>> {
  const folders = new Set(['.githooks', hooksFolder(root, hooksPath) ?? '.githooks']);
  return (await Promise.all([...folders].map(folder => hooksIn(root, folder, laid)))).flat();
}

async function hooksIn(root: string, folder: string, laid: ReadonlySet<string>): Promise<NonNullable<Git['ownHooks']>> {
  const names = namesIn(join(root, folder))
    .filter(name => HOOK_NAME.test(name))
    .sort();
  const found = await Promise.all(
    names.slice(0, 50).map(async name => {
      // Emptied or replaced, it is still the place of ours, and no hook of theirs.
      if (laid.has(`${folder}/${name}`)) return [];
      const file = await readBounded(join(root, folder, name), 100_000);
      const text = file.ok ? file.data.toString('utf8') : '';
      if (!file.ok || text.includes(OURS)) return [];
      const shell = !text.startsWith('#!') || /^#!.*\b(ba|da|z|k)?sh\b/.test(text);
      return [{ path: `${folder}/${name}`, shell, executable: (file.stats.mode & 0o111) !== 0 }];
    }),
  );
  return found.flat();
}

async function installedHooks(
  root: string,
  manager: 'husky' | 'lefthook' | 'pre-commit',
  hooksPath: string | undefined,
  common: string,
): Promise<string[]> {
  const names = [...OUR_HOOKS];
  const folder = hooksPath === undefined ? join(common, 'hooks') : resolve(root, hooksPath);
  // Before version 9 git calls the repository's own files; of those that are not executable is told apart from this.
  if (manager === 'husky' && relative(root, folder) === '.husky') return names;
  if (manager === 'husky' && relative(root, folder) !== join('.husky', '_')) return [];
  const called = await Promise.all(
    names.map(async name => {
      const file = await readBounded(join(folder, name), 100_000);
      const runs = file.ok && (file.stats.mode & 0o100) !== 0;
      return runs && (manager === 'husky' || file.data.toString('utf8').includes(manager));
    }),
  );
  return names.filter((_, index) => called[index]);
}
