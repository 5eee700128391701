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

/**
 * Programs that install packages, by the file that each leaves in the root. Of those that fetch from one place the first is
 * told. Where that is, is not said: whoever opens a box to it names it, and a repository's own settings may name another.
 */
const PACKAGE_MANAGERS: readonly { id: string; title: string; files: readonly string[]; of: string }[] = [
  { id: 'npm', title: 'npm', files: ['package-lock.json', 'npm-shrinkwrap.json'], of: 'npm' },
  { id: 'yarn', title: 'Yarn', files: ['yarn.lock'], of: 'yarn' },
  { id: 'pnpm', title: 'pnpm', files: ['pnpm-lock.yaml'], of: 'npm' },
  { id: 'bun', title: 'Bun', files: ['bun.lock', 'bun.lockb'], of: 'npm' },
  { id: 'uv', title: 'uv', files: ['uv.lock'], of: 'python' },
  { id: 'poetry', title: 'Poetry', files: ['poetry.lock'], of: 'python' },
  { id: 'pdm', title: 'PDM', files: ['pdm.lock'], of: 'python' },
  { id: 'pipenv', title: 'Pipenv', files: ['Pipfile.lock'], of: 'python' },
  { id: 'pip', title: 'pip', files: ['requirements.txt'], of: 'python' },
  { id: 'cargo', title: 'Cargo', files: ['Cargo.lock'], of: 'rust' },
  { id: 'go', title: 'Go', files: ['go.sum'], of: 'go' },
  { id: 'bundler', title: 'Bundler', files: ['Gemfile.lock'], of: 'ruby' },
  { id: 'composer', title: 'Composer', files: ['composer.lock'], of: 'php' },
];

/** What installs packages here; of several that fetch from one place, the first. */
function packageManagers(root: string): ToolFact[] {
  const told = new Set<string>();
  return PACKAGE_MANAGERS.flatMap(({ id, title, files, of }): ToolFact[] => {
    const path = files.find(file => isThere(join(root, file)));
    if (path === undefined || told.has(of)) return [];
    told.add(of);
    return [{ id, title, use: 'packages', version: undefined, seen: { path } }];
  });
}

/** What else is there to work with: tools for hooks and for packages in the repository, sandboxes on this machine. */
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
  return [...hooks, ...sandboxes.flat(), ...packageManagers(root)];
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
