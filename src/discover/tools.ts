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

const PYPI = ['pypi.org', 'files.pythonhosted.org'];

/**
 * Programs that install packages, by the file that each leaves in the root, with the registry that it has where nobody sets
 * another. A registry that a repository's own settings name is not read: whoever names a host has to be asked for it.
 * https://docs.npmjs.com/cli/v11/using-npm/registry, https://yarnpkg.com/configuration/yarnrc#npmRegistryServer,
 * https://pnpm.io/settings#registry, https://bun.sh/docs/install/registries, https://docs.pypi.org/api/index-api/,
 * https://doc.rust-lang.org/cargo/reference/registries.html, https://go.dev/ref/mod#environment-variables,
 * https://guides.rubygems.org/rubygems-org-api-v2/, https://getcomposer.org/doc/05-repositories.md.
 */
const PACKAGE_MANAGERS: readonly { id: string; title: string; files: readonly string[]; hosts: readonly string[] }[] = [
  { id: 'npm', title: 'npm', files: ['package-lock.json', 'npm-shrinkwrap.json'], hosts: ['registry.npmjs.org'] },
  { id: 'yarn', title: 'Yarn', files: ['yarn.lock'], hosts: ['registry.yarnpkg.com'] },
  { id: 'pnpm', title: 'pnpm', files: ['pnpm-lock.yaml'], hosts: ['registry.npmjs.org'] },
  { id: 'bun', title: 'Bun', files: ['bun.lock', 'bun.lockb'], hosts: ['registry.npmjs.org'] },
  { id: 'uv', title: 'uv', files: ['uv.lock'], hosts: PYPI },
  { id: 'poetry', title: 'Poetry', files: ['poetry.lock'], hosts: PYPI },
  { id: 'pdm', title: 'PDM', files: ['pdm.lock'], hosts: PYPI },
  { id: 'pipenv', title: 'Pipenv', files: ['Pipfile.lock'], hosts: PYPI },
  { id: 'pip', title: 'pip', files: ['requirements.txt'], hosts: PYPI },
  { id: 'cargo', title: 'Cargo', files: ['Cargo.lock'], hosts: ['index.crates.io', 'static.crates.io'] },
  { id: 'go', title: 'Go', files: ['go.sum'], hosts: ['proxy.golang.org', 'sum.golang.org'] },
  { id: 'bundler', title: 'Bundler', files: ['Gemfile.lock'], hosts: ['rubygems.org', 'index.rubygems.org'] },
  { id: 'composer', title: 'Composer', files: ['composer.lock'], hosts: ['repo.packagist.org', 'api.github.com'] },
];

/** What installs packages here; of several with the same registry, the first. */
function packageManagers(root: string): ToolFact[] {
  const told = new Set<string>();
  return PACKAGE_MANAGERS.flatMap(({ id, title, files, hosts }): ToolFact[] => {
    const path = files.find(file => isThere(join(root, file)));
    if (path === undefined || hosts.every(host => told.has(host))) return [];
    for (const host of hosts) told.add(host);
    return [{ id, title, use: 'packages', version: undefined, hosts, seen: { path } }];
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
