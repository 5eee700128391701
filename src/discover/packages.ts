import { posix } from 'node:path';
import type { Entry } from './walk.ts';

/** Files that a package of its own begins with, whatever it is written in. */
const MANIFESTS: ReadonlySet<string> = new Set([
  'package.json',
  'pyproject.toml',
  'go.mod',
  'Cargo.toml',
  'pom.xml',
  'build.gradle',
  'build.gradle.kts',
  'composer.json',
  'Gemfile',
]);
/** Where a manifest is material of tests, and nobody works. */
const MATERIAL = /(?:^|\/)(?:fixtures?|__fixtures__|testdata|test|tests|examples?|templates?)\//i;

/** Folders below the root with a package of their own, where somebody may well start an agent. */
export function packageFolders(entries: readonly Entry[]): string[] {
  const folders = entries.flatMap(({ path, name, link, ignored }) =>
    !link && !ignored && path !== name && MANIFESTS.has(name) && !MATERIAL.test(path) ? [posix.dirname(path)] : [],
  );
  return [...new Set(folders)].sort();
}
