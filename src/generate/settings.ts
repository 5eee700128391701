import { realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { EXIT, UserError } from '../base/errors.ts';
import { isThere, readBounded, statsOf } from '../base/files.ts';
import { commonFolderOf, git } from '../base/git.ts';

/**
 * A setting of `.git/config` as it is, or why it cannot be looked at. `instead`: what git obeys all the same, and where it
 * has it from: a file that `.git/config` includes, or the configuration of this worktree.
 */
export type Setting = { value: string | null; instead?: { value: string; from: string } } | { refused: string };

const KEY = /^[A-Za-z][A-Za-z0-9-]*(?:\.[^\n\0=]+)?\.[A-Za-z][A-Za-z0-9-]*$/;

/** More is no file by which git names a folder. */
const NAMING = 10_000;

/**
 * Why the repository's own configuration must not be written: no repository, `.git` or the configuration a link, or a git
 * folder that belongs to another place or names another one for what it shares (it would make us write into that
 * repository, and lay hooks that it runs).
 */
async function unusable(root: string): Promise<string | undefined> {
  const dotGit = join(root, '.git');
  const stats = statsOf(dotGit);
  if (!stats) return 'there is no git repository here';
  if (stats.isSymbolicLink()) return '.git is a symbolic link, and links are not followed';
  if (stats.isDirectory()) return (await sharesElsewhere(dotGit, undefined)) ?? answersElsewhere(root);
  const target = await nameIn(dotGit, /^gitdir: (.+?)[\r\n]*$/);
  if (!target) return '.git is neither a folder nor a file of git';
  const folder = resolve(root, target);
  const back = await nameIn(join(folder, 'gitdir'), /^(.+?)[\r\n]*$/);
  const owner = back !== undefined ? dirname(resolve(folder, back)) : await submoduleRoot(folder, root);
  const [a, b] = await Promise.all([owner && realpath(owner).catch(() => undefined), realpath(root)]);
  if (a !== b) return '.git points to a git folder that belongs to another place';
  return sharesElsewhere(folder, back === undefined ? undefined : await realpath(folder).catch(() => undefined));
}

/** Why what git is told here would go elsewhere: in a folder that it takes for none of its own it looks for one above. */
async function answersElsewhere(root: string): Promise<string | undefined> {
  const { code, stdout } = await git(['rev-parse', '--absolute-git-dir'], { cwd: root });
  // Where it gives no answer, it will not do what it is told either, and says why.
  if (code !== 0) return undefined;
  const [theirs, ours] = await Promise.all([realpath(stdout.replace(/\n$/, '')), realpath(join(root, '.git'))]);
  return theirs === ours
    ? undefined
    : 'git takes .git here for no folder of its own, and answers for the repository above';
}

/** What a file of git's names, read as git does: but for the line's end every byte counts. */
async function nameIn(path: string, shape: RegExp): Promise<string | undefined> {
  if (!statsOf(path)?.isFile()) return undefined;
  const file = await readBounded(path, NAMING);
  return file.ok && !file.truncated ? shape.exec(file.data.toString('utf8'))?.[1] : undefined;
}

/**
 * Why the settings of a git folder are not its own. One of a worktree (`worktree`: that it is one, and where it really lies)
 * shares those of the folder that holds it, as git makes it; any other may only name itself, as the file does that a box of
 * ours lays. See gitrepository-layout(5).
 */
async function sharesElsewhere(folder: string, worktree: string | undefined): Promise<string | undefined> {
  let common = folder;
  if (isThere(join(folder, 'commondir'))) {
    const named = await nameIn(join(folder, 'commondir'), /^(.+?)[\r\n]*$/);
    const itself = named?.startsWith('.') && named.split('/').every(part => part === '' || part === '.');
    if (!itself) {
      const there = named && (await realpath(resolve(folder, named)).catch(() => undefined));
      if (!there || !worktree || dirname(worktree) !== join(there, 'worktrees'))
        return 'commondir in the git folder leads to the settings of another place';
      common = there;
    }
  }
  const config = statsOf(join(common, 'config'));
  return config && !config.isFile() ? 'config in the git folder is not a plain file' : undefined;
}

async function submoduleRoot(folder: string, root: string): Promise<string | undefined> {
  const config = await git(['config', '--file', join(folder, 'config'), '--get', 'core.worktree'], { cwd: root });
  return config.code === 0 ? resolve(folder, config.stdout.trim()) : undefined;
}

/** The local value of a setting, null where it is not set there. Runs git in its inert form. */
export async function readSetting(root: string, key: string): Promise<Setting> {
  if (!KEY.test(key)) throw new Error(`not the name of a git setting: ${key}`);
  const reason = await unusable(root);
  if (reason) return { refused: reason };
  const [result, instead] = await Promise.all([
    git(['config', '--local', '--null', '--get-all', key], { cwd: root }),
    obeyed(root, key),
  ]);
  if (result.failure !== undefined) return { refused: result.failure };
  if (instead !== undefined && 'refused' in instead) return instead;
  if (result.code !== 0 && result.code !== 1)
    return { refused: `git cannot read it: ${result.stderr.trim().split('\n')[0] ?? ''}` };
  const values = result.code === 1 ? [] : result.stdout.split('\0').slice(0, -1);
  if (values.length > 1) return { refused: `it is set ${values.length} times` };
  const value = values[0] ?? null;
  return instead === undefined || instead.value === value ? { value } : { value, instead };
}

/** The value that counts for git if it does not come from a file of the user or the system, includes and all. */
async function obeyed(
  root: string,
  key: string,
): Promise<{ value: string; from: string } | { refused: string } | undefined> {
  const result = await git(['config', '--show-scope', '--show-origin', '--null', '--get-all', key], { cwd: root });
  // It ends with 1 where nobody sets it; everything else is no answer.
  if (result.code !== 0 && result.code !== 1)
    return {
      refused: `git did not tell what it obeys: ${result.failure ?? (result.stderr.trim().split('\n')[0] || 'it did not end')}`,
    };
  const parts = result.stdout.split('\0');
  let last: { value: string; from: string } | undefined;
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [scope, origin = '', value = ''] = parts.slice(at, at + 3);
    if (scope === 'local' || scope === 'worktree')
      last = { value, from: relative(root, resolve(root, origin.replace(/^file:/, ''))) };
  }
  return last;
}

/**
 * Git makes this file while it writes its configuration. One that stays, from a git that was killed or from somebody who
 * laid it, keeps everybody from writing. Throws UserError, before anything is changed.
 */
export async function checkUnlocked(root: string): Promise<void> {
  const found = await git(['rev-parse', '--git-common-dir'], { cwd: root });
  if (found.code !== 0) return;
  const lock = join(resolve(root, found.stdout.trim()), 'config.lock');
  if (!isThere(lock)) return;
  const path = relative(root, lock).startsWith('..') ? lock : relative(root, lock);
  throw new UserError(
    {
      what: 'the configuration of git is locked by this file, so it cannot be written; nothing was changed',
      where: { path },
      expected: 'no such file, unless git is writing its configuration right now',
      next: 'where no git is running: remove this file, and run again',
    },
    EXIT.conflict,
  );
}

/** The folder whose `config` has the settings; undefined where they must not be written. */
export async function settingsFolder(root: string): Promise<string | undefined> {
  if ((await unusable(root)) !== undefined) return undefined;
  return commonFolderOf(root, (...args) => git(args, { cwd: root }));
}

/** The same edit as `writeSetting` makes, in another file. Whether git made it. */
export async function writeSettingIn(file: string, root: string, key: string, value: string | null): Promise<boolean> {
  const { code } = await git(['config', '--file', file, ...editOf(key, value)], { cwd: root });
  return code === 0 || (value === null && code === 5);
}

const editOf = (key: string, value: string | null) => (value === null ? ['--unset', key] : [key, value]);

/** Sets or, with null, removes a local setting. Throws UserError where git refuses. */
export async function writeSetting(root: string, key: string, value: string | null): Promise<void> {
  const reason = await unusable(root);
  if (reason) throw new UserError({ what: reason, where: { path: `git config ${key}` } });
  const result = await git(['config', '--local', ...editOf(key, value)], { cwd: root });
  if (result.code === 0 || (value === null && result.code === 5)) return;
  throw new UserError({
    what: `git config could not be written: ${(result.failure ?? result.stderr).trim().split('\n')[0] ?? ''}`,
    where: { path: `git config ${key}` },
    next: 'look at .git/config and its permissions, then run again',
  });
}
