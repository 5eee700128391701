// Writes docs/safeguards/*.md from the catalogue and the titles of the outputs; with --check, says whether they are up to date.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'docs', 'safeguards');

const { outputFiles } = await build({
  absWorkingDir: root,
  stdin: {
    resolveDir: root,
    contents: `
      import { outputs } from './src/generate/outputs/index.ts';
      import { pages } from './src/safeguards/pages.ts';
      export const written = pages(outputs);
    `,
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  mainFields: ['module', 'main'],
  write: false,
  logLevel: 'error',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(process.cwd() + '/');",
  },
});
// Written beside the sources for a moment, because modules of a data: address cannot tell where the package is.
const bundle = join(root, 'scripts', `.docs-${process.pid}.mjs`);
await writeFile(bundle, outputFiles[0].contents);
const { written } = await import(bundle).finally(() => rm(bundle, { force: true }));

if (process.argv.includes('--check')) {
  for (const [name, text] of written)
    if ((await readFile(join(folder, name), 'utf8').catch(() => '')) !== text) {
      console.error(`docs/safeguards/${name} is not up to date: node scripts/docs.js`);
      process.exitCode = 1;
    }
} else {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (!written.has(name)) await rm(join(folder, name));
  for (const [name, text] of written) await writeFile(join(folder, name), text);
}
