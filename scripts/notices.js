// The licence texts of every package of which something stands in the bundle, from esbuild's metafile.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LICENCE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
/** Packages whose npm form ships no licence text, though their sources name it: that text. */
const NAMED_IN_SOURCES = {
  'yoga-layout': `MIT License

Copyright (c) Meta Platforms, Inc. and affiliates.

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,
};

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
  if (texts.length === 0 && NAMED_IN_SOURCES[name]) texts.push(NAMED_IN_SOURCES[name]);
  if (texts.length === 0) throw new Error(`${name} is bundled and ships no licence text; add it to scripts/notices.js`);
  const text = texts.map(each => each.replace(/\r\n/g, '\n').trim()).join('\n\n');
  return { id: `${name}@${version}`, text: `${name} ${version} (${license})\n\n${text}\n` };
}
