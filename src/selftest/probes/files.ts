import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import ignore from 'ignore';
import { displayPath, expandHome, isThere, isWithin, readBounded, statsOf } from '../../base/files.ts';
import { trackedFiles } from '../../base/git.ts';
import { secretLookingName } from '../../base/secret-names.ts';
import { oneLine } from '../../base/text.ts';
import type { Facts } from '../../discover/facts.ts';
import { saysProduction } from '../../posture/environment.ts';
import { harmless } from '../../posture/harmless.ts';
import { patternRules } from '../../posture/patterns.ts';
import { expandPlace, filePlaces, type PlaceContext, placePatterns } from '../places/index.ts';
import type { FilePlace, Platform } from '../places/types.ts';
import type { Group, Severity } from '../types.ts';
import type { Probe, ProbeContext } from './types.ts';

/** Entries that are looked at, and files that are tried, for all patterns of a posture together. */
const ENTRIES = 20_000;
const FILES = 400;

/** Examples that we generate: they hold names, and are meant to be read. */
const EXAMPLE = /(^|\/)\.env[^/]*\.example$/;
const UNWALKED = new Set(['node_modules', '.git', '.hg', '.svn']);

/**
 * The files below `base` that match patterns in gitignore syntax, absolute and sorted. No link is followed; at most
 * `limit` files and 20,000 entries are looked at.
 */
export async function matchFiles(
  base: string,
  patterns: readonly string[],
  limit = FILES,
): Promise<{ files: string[]; cut: boolean }> {
  const matcher = patternRules(patterns);
  const files: string[] = [];
  // A pattern that cannot match inside these big folders does not make us walk them.
  const wanted = patterns.some(pattern => /node_modules|\.git(\/|$)/.test(pattern));
  let seen = 0;
  const cut = false;
  const queue = [''];
  while (queue.length > 0) {
    const folder = queue.shift() as string;
    let entries: Dirent[];
    try {
      entries = await readdir(join(base, folder), { withFileTypes: true });
    } catch {
      continue;
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (++seen > ENTRIES || files.length >= limit) return { files: files.sort(), cut: true };
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      if (entry.isDirectory()) {
        if (!UNWALKED.has(entry.name) || wanted) queue.push(path);
      } else if (entry.isFile() && ignore.isPathValid(path) && matcher.ignores(path)) files.push(join(base, path));
    }
  }
  return { files: files.sort(), cut };
}

/** Patterns by where they count from: the repository, or a folder outside it. A negation counts where its path does. */
function patternBases({ root, home }: ProbeContext, patterns: readonly string[]): Map<string, string[]> {
  const bases = new Map<string, string[]>();
  const add = (base: string, pattern: string) => bases.set(base, [...(bases.get(base) ?? []), pattern]);
  for (const written of patterns) {
    const not = written.startsWith('!') ? '!' : '';
    const pattern = written.slice(not.length);
    const outside = pattern === '~' || pattern.startsWith('~/');
    if (!outside) add(root, written);
    else {
      const path = expandHome(pattern, home);
      // The longest part without a wildcard is walked, not the whole home.
      const parts = path.split('/');
      const wild = parts.findIndex(part => /[*?[\\]/.test(part));
      const base = wild === -1 ? path : parts.slice(0, wild).join('/') || '/';
      add(base, `${not}${wild === -1 ? '/**' : `/${parts.slice(wild).join('/')}`}`);
    }
  }
  // Negations below a base count in it too.
  for (const [base, list] of bases)
    for (const [other, others] of bases)
      if (other !== base && isWithin(base, other))
        for (const pattern of others)
          if (pattern.startsWith('!')) {
            const within = other.slice(base.length);
            // The path itself, and what lies below it.
            list.push(`!${within}${pattern.slice(1)}`, ...(pattern === '!/**' ? [`!${within}`] : []));
          }
  return bases;
}

async function expandPatterns(context: ProbeContext, patterns: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const [base, list] of patternBases(context, patterns)) {
    if (list.every(pattern => pattern.startsWith('!'))) continue;
    const stats = statsOf(base);
    if (stats?.isFile()) found.push(base);
    else if (stats?.isDirectory()) {
      const { files, cut } = await matchFiles(base, list);
      found.push(...files);
      if (cut) context.note(`more files match ${list.join(' ')} than are tried (${FILES})`);
    }
  }
  return [...new Set(found)].filter(path => !EXAMPLE.test(path)).sort();
}

/** Names that are said of one file. */
const NAMED = 3;

const PRODUCTION_FIRST = (text: string, group: Group, severity: Severity): { group: Group; severity: Severity } =>
  saysProduction(text) ? { group: 'production', severity: 'critical' } : { group, severity };

/** One read per file that the posture hides or calls data, and per file in the repository that holds secrets by its name. */
export async function repositoryFiles(context: ProbeContext): Promise<Probe[]> {
  const { posture, facts, root, home } = context;
  const probes: Probe[] = [];
  const target = (path: string) => displayPath(path, { root, home });
  const secrets = facts.secretFiles.map(({ path }) => join(root, path)).filter(path => !EXAMPLE.test(path));
  for (const path of secrets)
    probes.push({
      safeguard: 'SEC-1',
      attempt: 'read',
      target: target(path),
      expect: 'deny',
      ...PRODUCTION_FIRST(target(path), 'secrets', 'high'),
      opens: (await hostsNamed(path)) ?? secretsNamed(facts, relative(root, path)),
      subject: { kind: 'file', path },
      origin: 'secret-file',
    });
  const hidden = await expandPatterns(context, posture?.isolation?.files?.hide ?? []);
  const none = await harmlessFiles(context, hidden);
  for (const [path, why] of none)
    probes.push({
      safeguard: 'SEC-1',
      attempt: 'read',
      target: target(path),
      expect: 'deny',
      severity: 'high',
      group: 'secrets',
      subject: { kind: 'skip', why },
      origin: 'secret-file',
    });
  for (const data of posture?.data ?? [])
    for (const path of await expandPatterns(context, data.files ?? []))
      probes.push({
        safeguard: 'ISO-1',
        attempt: 'read',
        target: target(path),
        expect: 'deny',
        severity: 'high',
        group: 'secrets',
        opens: data.id,
        subject: { kind: 'file', path },
        origin: 'posture-file',
      });
  for (const path of hidden.filter(path => !none.has(path)))
    probes.push({
      safeguard: 'SEC-1',
      attempt: 'read',
      target: target(path),
      expect: 'deny',
      ...PRODUCTION_FIRST(target(path), 'secrets', 'high'),
      subject: { kind: 'file', path },
      origin: 'posture-file',
    });
  return probes;
}

/** By absolute path, why files of secrets' names that git tracks are none: those found by name, and those of `paths`. */
async function harmlessFiles({ root, facts }: ProbeContext, paths: readonly string[]): Promise<Map<string, string>> {
  const found = new Map((facts.harmlessFiles ?? []).map(({ path, why }) => [join(root, path), why]));
  const others = paths.filter(path => isWithin(root, path) && !found.has(path));
  const tracked = others.length > 0 ? await trackedFiles(root) : new Map<string, string>();
  for (const path of others) {
    const why = await harmless(root, relative(root, path), tracked);
    if (why !== undefined) found.set(path, why);
  }
  return found;
}

/** A line that is a comment, or what follows a value as one. */
const COMMENT = /^[ \t]*(?:#|\/\/|;).*$|[ \t]#.*$/gm;

/** The variables of an environment file whose names say that they hold a secret: `holds SESSION_KEY`. */
function secretsNamed({ envNames }: Facts, path: string): string | undefined {
  const names = (envNames.find(file => file.path === path)?.names ?? []).filter(secretLookingName);
  const rest = names.length - NAMED;
  return names.length > 0
    ? `holds ${names.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
    : undefined;
}

/** The hosts that the URLs in a file name, comments apart, without user and password: `names db.prod.example.com (line 3)`. */
async function hostsNamed(path: string): Promise<string | undefined> {
  const file = await readBounded(path, 200_000);
  if (!file.ok) return undefined;
  const text = file.data.toString('utf8').replace(COMMENT, '');
  const urls = [...text.matchAll(/\b[a-z][a-z0-9+.-]{1,20}:\/\/(?:[^\s/@'"]*@)?([A-Za-z0-9.-]+\.[A-Za-z]{2,})/g)];
  const hosts = [...new Set(urls.map(match => match[1] as string))].slice(0, NAMED);
  const line = hosts.length === 1 ? ` (line ${text.slice(0, urls[0]?.index).split('\n').length})` : '';
  return hosts.length > 0 ? `names ${hosts.join(', ')}${line}` : undefined;
}

/** The places where programs keep credentials: one row a file that is here, one skipped row for a place that is not. */
export async function credentialPlaces(context: ProbeContext): Promise<Probe[]> {
  const { home, env } = context;
  const where: PlaceContext = { home, env, platform: process.platform as Platform };
  const found = filePlaces.map(place => expandPlace(place, where));
  const probes = await Promise.all(
    filePlaces.map((place, index) => placeProbes(place, (found[index] ?? []).slice(0, 50), where, context)),
  );
  return probes.flat();
}

async function placeProbes(
  place: FilePlace,
  paths: readonly string[],
  where: PlaceContext,
  { root, home, deep }: ProbeContext,
): Promise<Probe[]> {
  const common = { safeguard: 'SEC-1', attempt: place.attempt, expect: 'deny', origin: 'place' } as const;
  const base = { ...common, severity: place.severity, group: place.group };
  const patterns = placePatterns(place, where);
  const skip = (why: string, path = patterns[0]): Probe[] =>
    path === undefined
      ? []
      : [{ ...base, target: displayPath(path, { root, home }), opens: place.opens, subject: { kind: 'skip', why } }];
  if (paths.length === 0) return skip('not here');
  if (place.asks) return skip('would ask you', paths[0]);
  if (place.deep && !deep) return skip('only with --deep', paths[0]);
  return Promise.all(
    paths.map(async (path): Promise<Probe> => {
      const names = place.names && place.attempt === 'read' ? await namesIn(path, place.names) : [];
      const opens = names.length > 0 ? `${place.opens}: ${names.join(', ')}` : place.opens;
      return {
        ...base,
        ...PRODUCTION_FIRST(names.join(' '), place.group, place.severity),
        target: displayPath(path, { root, home }),
        opens,
        subject: { kind: place.attempt === 'list' ? 'folder' : 'file', path },
      };
    }),
  );
}

async function namesIn(path: string, names: (content: string) => string[]): Promise<string[]> {
  const file = await readBounded(path, 200_000);
  if (!file.ok) return [];
  try {
    return names(file.data.toString('utf8'))
      .map(name => oneLine(name).slice(0, 60))
      .filter(Boolean)
      .slice(0, 4);
  } catch {
    return [];
  }
}

/** Other repositories beside this one: their names in one listing each. */
export async function siblingRepositories({ root, home }: ProbeContext): Promise<Probe[]> {
  const parent = join(root, '..');
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  const probes: Probe[] = [];
  for (const entry of entries.slice(0, 500)) {
    const path = join(parent, entry.name);
    if (!entry.isDirectory() || path === root || probes.length >= 20) continue;
    if (!isThere(join(path, '.git'))) continue;
    probes.push({
      safeguard: 'ISO-1',
      attempt: 'list',
      target: displayPath(path, { root, home }),
      expect: 'deny',
      severity: 'medium',
      group: 'secrets',
      opens: 'another repository',
      subject: { kind: 'folder', path },
      origin: 'sibling',
    });
  }
  return probes;
}
