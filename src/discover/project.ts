import { basename, join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { readBounded } from '../base/files.ts';
import { oneLine } from '../base/text.ts';

const LIMIT = 500_000;

/** Where a project's name is written, in the order in which they are asked. */
const MANIFESTS: readonly [path: string, name: (text: string) => unknown][] = [
  ['package.json', text => (JSON.parse(text) as { name?: unknown }).name],
  ['pyproject.toml', pythonName],
  ['Cargo.toml', text => (parseToml(text).package as { name?: unknown } | undefined)?.name],
  ['composer.json', text => (JSON.parse(text) as { name?: unknown }).name],
  ['go.mod', text => /^module\s+(\S{1,300})/m.exec(text)?.[1]?.replace(/\/v\d+$/, '')],
];

function pythonName(text: string): unknown {
  const manifest = parseToml(text) as { project?: { name?: unknown }; tool?: { poetry?: { name?: unknown } } };
  return manifest.project?.name ?? manifest.tool?.poetry?.name;
}

/** The project's name: from its manifest, without a scope or a path, or that of its folder. */
export async function projectName(root: string): Promise<string> {
  for (const [path, nameIn] of MANIFESTS) {
    const file = await readBounded(join(root, path), LIMIT);
    if (!file.ok || file.truncated) continue;
    const name = plainName(file.data.toString('utf8'), nameIn);
    if (name) return name;
  }
  return oneLine(basename(root)).slice(0, 100) || 'project';
}

function plainName(text: string, nameIn: (text: string) => unknown): string | undefined {
  let found: unknown;
  try {
    found = nameIn(text);
  } catch {
    // Not what its name says: the next manifest is asked.
    return undefined;
  }
  if (typeof found !== 'string') return undefined;
  const parts = found.split('/');
  const last = parts.at(-1) ?? '';
  // `@acme/root` names its workspace by the scope.
  const telling =
    parts.length > 1 && /^(root|monorepo|workspace|repo)$/.test(last) ? (parts[0] ?? '').replace('@', '') : last;
  return oneLine(telling).slice(0, 100) || undefined;
}
