import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { readBounded } from '../base/files.ts';

/** A plain file or a link, by its repository-relative path with `/`. */
export interface Entry {
  path: string;
  name: string;
  /** A symbolic link: its name is known, its target is not looked at. */
  link: boolean;
  /** Left out by an ignore file. */
  ignored: boolean;
}

export interface Walk {
  entries: Entry[];
  /** Limits that were met, and what could not be read, in the reader's words. */
  notes: string[];
}

export interface WalkLimits {
  /** Entries that are looked at, ignored ones included. */
  entries: number;
  /** Entries that are looked at in folders which an ignore file leaves out. */
  ignoredEntries: number;
  depth: number;
  /** Milliseconds. */
  time: number;
}

const LIMITS: WalkLimits = { entries: 60_000, ignoredEntries: 4_000, depth: 24, time: 3_000 };

/** Folders that programs fill: never looked into, ignored or not. */
const MADE = new Set(
  `.git .hg .svn node_modules bower_components jspm_packages vendor .venv venv virtualenv .tox .nox __pycache__ .mypy_cache
   .pytest_cache .ruff_cache site-packages target .gradle .idea .next .nuxt .svelte-kit .turbo .parcel-cache .cache .yarn
   .pnpm-store coverage Pods DerivedData .dart_tool .bundle _build deps elm-stuff .stack-work dist-newstyle .direnv`.split(
    /\s+/,
  ),
);

/** Rules of one ignore file that are taken. */
const RULES = 2_000;

/** No path is longer, so that no longer rule leaves one out; a regular expression made of it may be too large to be one. */
const LONGEST_RULE = 4_096;

interface Folder {
  /** Repository-relative, '' for the root. */
  path: string;
  depth: number;
  ignored: boolean;
  rules: readonly { base: string; matcher: Ignore }[];
}

/**
 * The files of a repository, top level first. Links are named and never followed; ignore files are honoured, but names in
 * ignored folders are still looked through, a bounded number of them, for that is where `.env` files are.
 */
export async function walk(root: string, limits: Partial<WalkLimits> = {}): Promise<Walk> {
  const bounds = { ...LIMITS, ...limits };
  const started = Date.now();
  const entries: Entry[] = [];
  const notes = new Set<string>();
  let looked = 0;
  let lookedIgnored = 0;
  let level: Folder[] = [{ path: '', depth: 0, ignored: false, rules: [] }];
  while (level.length > 0) {
    const next: Folder[] = [];
    for (let at = 0; at < level.length; at += 32) {
      const folders = level.slice(at, at + 32);
      const listed = await Promise.all(folders.map(folder => list(root, folder)));
      for (const [index, folder] of folders.entries()) {
        const { dirents, rules, failure } = listed[index] as Listed;
        if (failure) notes.add(`${folder.path || '.'}: could not be read (${failure})`);
        for (const dirent of dirents) {
          if (looked >= bounds.entries) {
            notes.add(`more than ${bounds.entries} files: the rest was not looked at`);
            return { entries, notes: [...notes] };
          }
          if (folder.ignored && lookedIgnored >= bounds.ignoredEntries) break;
          looked++;
          if (folder.ignored) lookedIgnored++;
          const path = folder.path === '' ? dirent.name : `${folder.path}/${dirent.name}`;
          const ignored = folder.ignored || isIgnored(rules, path, dirent.isDirectory());
          if (dirent.isDirectory()) {
            if (MADE.has(dirent.name)) continue;
            if (folder.depth + 1 > bounds.depth) notes.add(`folders deeper than ${bounds.depth} were not looked at`);
            else next.push({ path, depth: folder.depth + 1, ignored, rules });
          } else if (dirent.isFile() || dirent.isSymbolicLink()) {
            entries.push({ path, name: dirent.name, link: dirent.isSymbolicLink(), ignored });
          } else if (dirent.name.startsWith('.env')) notes.add(`${path}: not a plain file, left alone`);
        }
      }
      if (Date.now() - started > bounds.time) {
        notes.add(`looking through the files took over ${bounds.time / 1000} s: the rest was not looked at`);
        return { entries, notes: [...notes] };
      }
    }
    level = next;
  }
  return { entries, notes: [...notes] };
}

interface Listed {
  dirents: Dirent[];
  rules: Folder['rules'];
  failure: string | undefined;
}

async function list(root: string, folder: Folder): Promise<Listed> {
  const absolute = join(root, folder.path);
  try {
    const dirents = readdirSync(absolute, { withFileTypes: true });
    const hasRules = !folder.ignored && dirents.some(dirent => dirent.name === '.gitignore' && dirent.isFile());
    const rules = hasRules ? [...folder.rules, await readRules(absolute, folder.path)] : folder.rules;
    return { dirents, rules, failure: undefined };
  } catch (error) {
    return { dirents: [], rules: [], failure: (error as NodeJS.ErrnoException).code ?? 'error' };
  }
}

async function readRules(absolute: string, base: string): Promise<{ base: string; matcher: Ignore }> {
  const file = await readBounded(join(absolute, '.gitignore'), 200_000);
  const matcher = ignore({ allowRelativePaths: true });
  const lines = file.ok ? file.data.toString('utf8').split('\n', RULES) : [];
  matcher.add(lines.filter(line => line.length <= LONGEST_RULE));
  return { base, matcher };
}

function isIgnored(rules: Folder['rules'], path: string, folder: boolean): boolean {
  let ignored = false;
  for (const { base, matcher } of rules) {
    const relative = base === '' ? path : path.slice(base.length + 1);
    const result = matcher.test(folder ? `${relative}/` : relative);
    if (result.ignored) ignored = true;
    else if (result.unignored) ignored = false;
  }
  return ignored;
}
