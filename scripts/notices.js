// The licence texts of every package of which something stands in the bundle, from esbuild's metafile.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LICENCE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
/** Packages that ship no licence text of their own: where theirs stands. */
const BORROWED = {};

/** Folders of packages (relative to the root) that the bundle has bytes of. */
export function bundledPackages(metafile) {
  const used = new Set(
    Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    ),
  );
  const folders = [...used].flatMap(path => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(folders)].sort();
}

/** THIRD-PARTY-NOTICES. Throws for a package without a licence text: it must not be shipped like that. */
export async function notices(metafiles, root) {
  const folders = [...new Set(metafiles.flatMap(bundledPackages))].sort();
  const parts = await Promise.all(folders.map(folder => notice(folder, root)));
  const unique = [...new Map(parts.map(part => [part.id, part.text])).entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    'agent-posture bundles parts of the packages below. Their licences:\n',
    ...unique.map(([, text]) => text),
  ].join(`\n${'-'.repeat(100)}\n\n`);
}

async function notice(folder, root) {
  const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
  const files = (await readdir(join(root, folder))).filter(file => LICENCE.test(file)).sort();
  const texts = await Promise.all(files.map(file => readFile(join(root, folder, file), 'utf8')));
  if (texts.length === 0 && BORROWED[name]) texts.push(BORROWED[name]);
  if (texts.length === 0) throw new Error(`${name} is bundled and ships no licence text; add it to scripts/notices.js`);
  const text = texts.map(each => each.replace(/\r\n/g, '\n').trim()).join('\n\n');
  return { id: `${name}@${version}`, text: `${name} ${version} (${license})\n\n${text}\n` };
}
