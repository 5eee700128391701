import { dirname, join, sep } from 'node:path';
import { parse as parseJson } from 'jsonc-parser';
import { isThere, namesIn, readBounded, realPathOf } from './files.ts';

/** By which names package managers know a program. */
export interface PackageNames {
  /** npm packages that carry it. */
  npm?: readonly string[];
  /** Its distribution on PyPI. */
  python?: string;
  /** Its Debian package. */
  debian?: string;
}

/** Folders below which installers keep each version in a folder or file of its name: `versions/1.2.3`, `installs/gitleaks/8.1.0`. */
const VERSIONED =
  /[/\\](?:versions|(?:Cellar|Caskroom|installs)[/\\][^/\\]+)[/\\](\d{1,4}\.\d+\.\d+[\w.-]*)(?:[/\\]|$)/;

/**
 * The version of a program by what its installer left beside it; it is never run. `thorough` also asks Debian's list of
 * packages, which is some megabytes long.
 */
export async function installedVersion(
  program: string,
  names: PackageNames,
  thorough = false,
): Promise<string | undefined> {
  const real = realPathOf(program);
  return (
    (await npmVersion(real, names.npm ?? [])) ??
    VERSIONED.exec(real)?.[1] ??
    pythonVersion(real, names.python) ??
    (await bundleVersion(real)) ??
    (thorough ? await debianVersion(real, names.debian) : undefined)
  );
}

async function npmVersion(real: string, packages: readonly string[]): Promise<string | undefined> {
  let folder = dirname(real);
  for (let level = 0; level < 6 && folder !== dirname(folder); level++, folder = dirname(folder)) {
    const file = await readBounded(join(folder, 'package.json'), 200_000);
    const found = file.ok ? readJson(file.data.toString('utf8')) : undefined;
    const { name, version } = (typeof found === 'object' && found !== null ? found : {}) as Record<string, unknown>;
    if (typeof name === 'string' && packages.includes(name) && typeof version === 'string') return version.slice(0, 60);
    if (folder.endsWith(`${sep}node_modules`)) break;
  }
  return undefined;
}

/**
 * The name of the folder of metadata that every installer for Python leaves beside what it installed, pipx, uv and venv alike:
 * https://packaging.python.org/en/latest/specifications/recording-installed-packages/
 */
function pythonVersion(real: string, distribution: string | undefined): string | undefined {
  if (distribution === undefined) return undefined;
  const wanted = `${distribution.replace(/[-_.]+/g, '_').toLowerCase()}-`;
  const libraries = join(dirname(dirname(real)), 'lib');
  const folders = namesIn(libraries).filter(name => /^python3(\.\d+)?$/.test(name));
  for (const folder of folders)
    for (const name of namesIn(join(libraries, folder, 'site-packages')))
      if (name.toLowerCase().startsWith(wanted) && name.endsWith('.dist-info'))
        return plain(name.slice(wanted.length, -'.dist-info'.length));
  return undefined;
}

/** https://developer.apple.com/documentation/bundleresources/information-property-list/cfbundleshortversionstring */
async function bundleVersion(real: string): Promise<string | undefined> {
  const bundle = /^(.*\.app\/Contents)\//.exec(real)?.[1];
  const file = bundle === undefined ? undefined : await readBounded(join(bundle, 'Info.plist'), 200_000);
  const text = file?.ok ? file.data.toString('utf8') : '';
  return plain(/<key>CFBundleShortVersionString<\/key>\s{0,20}<string>([^<]{1,60})<\/string>/.exec(text)?.[1]);
}

/** https://manpages.debian.org/bookworm/dpkg/dpkg-query.1.en.html: what is installed stands in `status`. */
async function debianVersion(real: string, name: string | undefined): Promise<string | undefined> {
  if (name === undefined || !real.startsWith('/usr/') || real.startsWith('/usr/local/')) return undefined;
  if (!isThere(`/var/lib/dpkg/info/${name}.list`)) return undefined;
  const file = await readBounded('/var/lib/dpkg/status', 32_000_000);
  const text = file.ok ? file.data.toString('utf8') : '';
  const start = text.indexOf(`\nPackage: ${name}\n`);
  const paragraph = start < 0 ? '' : text.slice(start, text.indexOf('\n\n', start));
  return plain(/^Version: (\S{1,60})$/m.exec(paragraph)?.[1]?.replace(/^\d+:/, ''));
}

const plain = (version: string | undefined): string | undefined =>
  version !== undefined && /^\d[\w.+~!-]{0,59}$/.test(version) ? version : undefined;

/**
 * JSON with comments: by Node itself where it is plain, as it mostly is, which loads no parser. Undefined where it is nested
 * deeper than it can be read.
 */
export function readJson(text: string): unknown {
  const plain = text.replace(/^\uFEFF/, '');
  for (const parse of [JSON.parse, parseJson])
    try {
      return parse(plain) as unknown;
    } catch {}
  return undefined;
}
