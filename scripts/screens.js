// Draws docs/screens/*.png: the built program in a terminal, driven by keys, in a scene with planted credentials.
// Needs bubblewrap: the scene lies in namespaces of its own, so that nothing of this machine is in the pictures.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
execFileSync(process.execPath, [join(root, 'scripts/build.js'), '--quiet'], { stdio: 'inherit' });
// Within the project, so that its packages are found.
const folder = await mkdtemp(join(root, 'node_modules', '.screens-'));
const scene = await mkdtemp(join(tmpdir(), 'posture-scene-'));
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
  for (const path of await drawScreens(scene, root, join(root, 'docs/screens'))) console.log(path);
} finally {
  for (const made of [folder, scene]) await rm(made, { recursive: true, force: true });
}
