import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { expandHome, isWithin } from '../base/files.ts';
import { git } from '../base/git.ts';
import { splitWords } from '../base/words.ts';

/** Settings whose value git runs, or whose value names what git takes programs from. See git-config(1). */
const RUNS =
  /^(core\.(fsmonitor|sshcommand|pager|editor|askpass|gitproxy|alternaterefscommand)|(filter\..*)\.(clean|smudge|process)|diff\.external|diff\..*\.(command|textconv)|(merge|mergetool|difftool)\..*\.(driver|cmd|path)|credential\.(.*\.)?helper|gpg\.(.*\.)?(program|defaultkeycommand)|alias\..*|sequence\.editor|pager\..*|interactive\.difffilter|remote\..*\.(uploadpack|receivepack)|uploadpack\.packobjectshook|trailer\..*\.(cmd|command)|hook\..*\.command|submodule\..*\.update|tar\..*\.command|sendemail\.(smtpserver|tocmd|cccmd|headercmd|sendmailcmd)|(browser|man)\..*\.(cmd|path)|web\.browser|gc\.recentobjectshook)$/;
const NAMES_FILE = /^(core\.(hookspath|attributesfile)|include\.path|includeif\..*\.path)$/;
const INCLUDES = /^include(if\..*)?\.path$/;
const INTERPRETER = /^(?:.*\/)?(?:sh|bash|dash|zsh|node|deno|bun|python[\d.]*|perl|ruby)$/;

interface Setting {
  /** The file that says it, absolute; undefined for a command line's. */
  file: string | undefined;
  key: string;
  value: string;
}

/** What git's settings say, or with `file` what that one does. Runs nothing of it. */
async function settings(root: string, file?: string): Promise<Setting[]> {
  const from = file === undefined ? [] : ['--file', file, '--no-includes'];
  const { code, stdout } = await git(['-c', 'safe.directory=*', 'config', ...from, '--list', '--show-origin', '-z'], {
    cwd: root,
    timeout: 10_000,
  });
  if (code !== 0) return [];
  const parts = stdout.split('\0');
  const found: Setting[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [origin = '', pair = ''] = parts.slice(at, at + 2);
    const end = pair.indexOf('\n');
    const [key, value] = end < 0 ? [pair, ''] : [pair.slice(0, end), pair.slice(end + 1)];
    const path = file ?? /^file:(.*)$/s.exec(origin)?.[1];
    found.push({ file: path === undefined ? undefined : resolve(root, path), key: lowered(key), value });
  }
  return found.filter(each => each.file !== undefined);
}

/** The first and the last part of a key know no case. */
const lowered = (key: string) => key.replace(/^[^.]*|[^.]*$/g, part => part.toLowerCase());

/** What git's own work writes in its folder: kept read-only, git could not work. */
const WORK =
  /^(objects|refs|logs|index(\..*)?|worktrees|modules|rr-cache|rebase-merge|rebase-apply|sequencer|[A-Z_]*HEAD|[A-Z]+_EDITMSG|MERGE_[A-Z]+|AUTO_MERGE|SQUASH_MSG|packed-refs(\..*)?|shallow(\..*)?)(\/|$)/;

/**
 * What of the repository git is told to obey by its settings, the user's own too: files that they include, and programs
 * and folders that they name with a path in the root. There or not: whoever makes one that is missing is obeyed as well.
 * All absolute. In git's own folder (`common`) too, but what git's work writes there, which is told apart. `more`: other
 * files of settings, such as those of submodules.
 */
export async function configGuards(
  root: string,
  common = join(root, '.git'),
  more: readonly string[] = [],
): Promise<{ settings: string[]; programs: string[]; written: string[] }> {
  const found = { settings: new Set<string>(), programs: new Set<string>(), written: new Set<string>() };
  const read = new Set<string>();
  const folders = [common, ...more.map(path => dirname(path))];
  const add = (path: string, kind: keyof typeof found = 'settings') => {
    if (path === root || path === common) return;
    const folder = folders.filter(each => isWithin(each, path)).sort((a, b) => b.length - a.length)[0];
    // Those are guards anyhow.
    if (folder && /^config(\.worktree)?$/.test(relative(folder, path))) return;
    if (folder) found[WORK.test(relative(folder, path)) ? 'written' : kind].add(path);
    else if (isWithin(root, path)) found[kind].add(path);
  };
  let all = [...(await settings(root)), ...(await Promise.all(more.map(path => settings(root, path)))).flat()];
  while (all.length > 0) {
    const included: string[] = [];
    for (const { file = '' } of all) {
      read.add(file);
      add(file);
    }
    for (const { file = root, key, value } of all) {
      if (INCLUDES.test(key)) included.push(resolve(dirname(file), expandHome(value, homedir())));
      if (NAMES_FILE.test(key) && !INCLUDES.test(key)) add(resolve(root, expandHome(value, homedir())), 'programs');
      if (RUNS.test(key)) for (const path of programsIn(root, value)) add(path, 'programs');
    }
    for (const path of included) add(path);
    // One whose condition does not hold here may hold elsewhere, or once a branch is changed.
    const next = included.filter(path => !read.has(path));
    for (const path of next) read.add(path);
    all = (await Promise.all(next.map(path => settings(root, path)))).flat();
  }
  const [own, programs, written] = [found.settings, found.programs, found.written].map(paths => [...paths].sort());
  return { settings: own ?? [], programs: programs ?? [], written: written ?? [] };
}

/** Of a command, what it names in the root: files that are there, and the program even where it is not. */
function programsIn(root: string, value: string): string[] {
  const text = value.replace(/^!\s*/, '');
  let words: string[];
  try {
    words = splitWords(text);
  } catch {
    words = text.split(/\s+/);
  }
  const program = INTERPRETER.test(words[0] ?? '') ? 1 : 0;
  return words.flatMap((word, at) => {
    const path = resolve(root, expandHome(word, homedir()));
    const there = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
    return there || (at === program && /^[\w./@+~-]*\/[\w.@+-]+$/.test(word)) ? [path] : [];
  });
}
