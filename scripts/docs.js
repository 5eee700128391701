// Writes docs/safeguards/*.md and docs/article.md from the catalogue and the titles of the outputs and of the wizard's steps;
// with --check, says whether they are up to date.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const docs = join(root, 'docs');
const folder = 'safeguards';

const { outputFiles } = await build({
  absWorkingDir: root,
  stdin: {
    resolveDir: root,
    contents: `
      import { outputs } from './src/generate/outputs/index.ts';
      import { articlePage } from './src/safeguards/article.ts';
      import { pages } from './src/safeguards/pages.ts';
      import { steps } from './src/wizard/steps/index.ts';
      export const safeguards = pages(outputs);
      export const article = articlePage(outputs, steps);
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
const { safeguards, article } = await import(bundle).finally(() => rm(bundle, { force: true }));
const written = new Map([
  ...[...safeguards].map(([name, text]) => [join(folder, name), text]),
  ['article.md', article],
]);

if (process.argv.includes('--check')) {
  for (const [name, text] of written)
    if ((await readFile(join(docs, name), 'utf8').catch(() => '')) !== text) {
      console.error(`docs/${name} is not up to date: node scripts/docs.js`);
      process.exitCode = 1;
    }
} else {
  await mkdir(join(docs, folder), { recursive: true });
  for (const name of await readdir(join(docs, folder))) if (!safeguards.has(name)) await rm(join(docs, folder, name));
  for (const [name, text] of written) await writeFile(join(docs, name), text);
}
