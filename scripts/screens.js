// Draws docs/screens/*.png: the screens as they stand in a terminal of 80 columns, driven by keys.
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Within the project, so that its packages are found.
const folder = await mkdtemp(join(root, 'node_modules', '.screens-'));
try {
  const outfile = join(folder, 'screens.mjs');
  await build({
    entryPoints: [join(root, 'test/support/screens.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  const { drawScreens } = await import(pathToFileURL(outfile).href);
  for (const path of await drawScreens(folder, join(root, 'docs/screens'))) console.log(path);
} finally {
  await rm(folder, { recursive: true, force: true });
}
