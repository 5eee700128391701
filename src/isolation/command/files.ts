import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { isWithin, throughProc } from '../../base/files.ts';
import { sha256 } from '../../base/hash.ts';
import { splitWords } from '../../base/words.ts';

/**
 * The files of the repository that a wrapper names, relative to its root: a script is part of what starts the box, so it
 * is approved by its content, and no agent may change it.
 */
export function commandFiles(root: string, command: string | undefined): string[] {
  if (command === undefined) return [];
  let words: string[];
  try {
    words = splitWords(command);
  } catch {
    // Started it is refused, with the reason.
    return [];
  }
  const named = words
    .flatMap(word => [word, word.slice(word.indexOf('=') + 1)])
    .map(word => throughProc(root, resolve(root, word)));
  const files = named.flatMap(path => {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return [];
    const real = realpathSync(path);
    return [path, real].filter(at => isWithin(root, at)).map(at => relative(root, at));
  });
  return [...new Set(files)].sort();
}

/** A line for each file: its name and the SHA-256 of what it holds. */
export function fileHashes(root: string, files: readonly string[]): string[] {
  return files.map(file => `${file} sha256 ${sha256(readFileSync(join(root, file)))}`);
}
