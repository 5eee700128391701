import { join } from 'node:path';
import { findProgram } from '../base/exec.ts';
import { displayPath, isThere, placeWithin, readBounded } from '../base/files.ts';
import { installedVersion, type PackageNames, readJson } from '../base/installed.ts';
import type { Facts, ToolFact } from './facts.ts';

interface Program extends PackageNames {
  id: string;
  title: string;
}

/** Programs that put walls round others, beside the runtimes (src/isolation). */
export const SANDBOXES: readonly Program[] = [
  { id: 'podman', title: 'Podman', debian: 'podman' },
  { id: 'devcontainer', title: 'Dev Container CLI', npm: ['@devcontainers/cli'] },
  { id: 'firejail', title: 'Firejail', debian: 'firejail' },
  { id: 'nsjail', title: 'nsjail', debian: 'nsjail' },
];

const SCANNERS: Readonly<Record<Facts['scanners'][number]['id'], PackageNames>> = {
  gitleaks: { debian: 'gitleaks' },
  trufflehog: {},
  'git-secrets': { debian: 'git-secrets' },
};

/** Programs for hooks that are seen beside the managers whose files we edit: by a file, or as a dependency. */
const HOOK_TOOLS: readonly { id: string; title: string; files: readonly string[] }[] = [
  {
    id: 'lint-staged',
    title: 'lint-staged',
    files: ['.lintstagedrc', '.lintstagedrc.json', '.lintstagedrc.js', '.lintstagedrc.yml', 'lint-staged.config.js'],
  },
  { id: 'simple-git-hooks', title: 'simple-git-hooks', files: ['.simple-git-hooks.json', '.simple-git-hooks.js'] },
  { id: 'overcommit', title: 'Overcommit', files: ['.overcommit.yml'] },
  { id: 'captainhook', title: 'CaptainHook', files: ['captainhook.json'] },
  { id: 'grumphp', title: 'GrumPHP', files: ['grumphp.yml', 'grumphp.yml.dist'] },
];

/** What else is there to work with: tools for hooks in the repository, sandboxes on this machine. */
export async function toolFacts(root: string, home: string): Promise<ToolFact[]> {
  const place = await placeWithin(root, 'package.json').catch(() => undefined);
  const manifest = place === undefined ? undefined : await readBounded(place, 500_000);
  const declared = dependencies(manifest?.ok ? readJson(manifest.data.toString('utf8')) : undefined);
  const hooks = HOOK_TOOLS.flatMap(({ id, title, files }): ToolFact[] => {
    const path = files.find(file => isThere(join(root, file))) ?? (declared.has(id) ? 'package.json' : undefined);
    return path === undefined ? [] : [{ id, title, use: 'hooks', version: undefined, seen: { path } }];
  });
  const sandboxes = await Promise.all(
    SANDBOXES.map(async ({ id, title, ...names }): Promise<ToolFact[]> => {
      const program = findProgram(id, [root]);
      if (program === undefined) return [];
      const version = await installedVersion(program, names, true);
      return [{ id, title, use: 'sandbox', version, seen: { path: displayPath(program, { root, home }) } }];
    }),
  );
  return [...hooks, ...sandboxes.flat()];
}

function dependencies(manifest: unknown): Set<string> {
  const { dependencies: run, devDependencies: build } = (manifest ?? {}) as Record<string, unknown>;
  return new Set([run, build].flatMap(part => (typeof part === 'object' && part !== null ? Object.keys(part) : [])));
}

/** The scanners with their versions, where what installed them tells these. */
export function withVersions(root: string, scanners: Facts['scanners']): Promise<Facts['scanners']> {
  return Promise.all(
    scanners.map(async scanner => {
      const program = findProgram(scanner.id, [root]);
      const version = program === undefined ? undefined : await installedVersion(program, SCANNERS[scanner.id], true);
      return { ...scanner, version };
    }),
  );
}
