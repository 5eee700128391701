import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { notices } from './notices.js';
import { latePromises, lazySegmenter, stubs, withoutDevtools, withoutLazy, yogaWithoutFetch } from './plugins.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const quiet = process.argv.includes('--quiet');
const dist = join(root, 'dist');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/**
 * Short names too: Node 20 reads and compiles all of it at each start. Stacks of crash reports are read with the maps, which
 * are not packed (crash-stack.js). Licence texts are not lost with the comments: they stand whole in THIRD-PARTY-NOTICES.
 */
const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  legalComments: 'none',
  minify: true,
  sourcemap: 'external',
  logLevel: quiet ? 'error' : 'warning',
  metafile: true,
  write: false,
};

/** The pack runs inside a vantage, with whatever Node that has (18 or newer), so it is one plain CommonJS file. */
const pack = await build({
  ...shared,
  entryPoints: { node: join(root, 'src/selftest/pack/node.ts') },
  outdir: join(dist, 'pack'),
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  target: 'node18',
});

const packFiles = new Map([
  ...pack.outputFiles.map(({ path, contents }) => [relative(dist, path), contents]),
  [join('pack', 'pack.sh'), await readFile(join(root, 'src/selftest/pack/pack.sh'))],
]);
// Tests of the source need this much of what is built, and no more.
if (process.argv.includes('--pack')) {
  for (const [path, contents] of packFiles) await writeIfOther(join(dist, path), contents);
  process.exit();
}

const constants = {
  'process.env.NODE_ENV': '"production"',
  __VERSION__: JSON.stringify(version),
  __BUILD__: JSON.stringify(await hashOf(['package.json', 'package-lock.json', 'scripts', 'src', 'templates'])),
};

/** Help and version: one plain CommonJS file, which Node starts in less time than any module. */
const boot = await build({
  ...shared,
  entryPoints: { boot: join(root, 'src/cli/boot.ts') },
  outdir: dist,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  target: 'node20',
  define: constants,
});

/** `generate` where nothing has changed: the same, for the same reason. */
const unchanged = await build({
  ...shared,
  entryPoints: { unchanged: join(root, 'src/cli/unchanged.ts') },
  outdir: dist,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  target: 'node20',
  mainFields: ['module', 'main'],
  define: { ...constants, 'import.meta.url': '__url' },
  banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
  plugins: [withoutLazy, latePromises],
});

const program = await build({
  ...shared,
  entryPoints: { cli: join(root, 'src/cli/main.ts') },
  outdir: dist,
  format: 'esm',
  splitting: true,
  target: 'node20',
  chunkNames: 'chunks/[name]-[hash]',
  mainFields: ['module', 'main'],
  alias: { 'string-width': join(root, 'src/ui/string-width.ts') },
  define: constants,
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  plugins: [stubs, withoutDevtools, yogaWithoutFetch, lazySegmenter],
});

const files = new Map([
  ...[...boot.outputFiles, ...unchanged.outputFiles, ...program.outputFiles].map(({ path, contents }) => [
    relative(dist, path),
    contents,
  ]),
  ...packFiles,
]);
const metafiles = {
  boot: boot.metafile,
  unchanged: unchanged.metafile,
  program: program.metafile,
  pack: pack.metafile,
};
files.set('meta.json', Buffer.from(JSON.stringify(metafiles)));
await replace(dist, files);
await writeIfOther(join(root, 'THIRD-PARTY-NOTICES'), Buffer.from(await notices(Object.values(metafiles), root)));
await chmod(join(root, 'bin/agent-posture.js'), 0o755);

/** One hash of all files of these files and folders. */
async function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const folder = (await stat(join(root, path))).isDirectory();
    const entries = folder ? await readdir(join(root, path), { recursive: true, withFileTypes: true }) : [];
    const inside = entries
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath ?? entry.path, entry.name));
    for (const file of folder ? inside.sort() : [join(root, path)])
      hash
        .update(`${relative(root, file)}\0`)
        .update(await readFile(file))
        .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Each file whole or not at all, and only where it differs: a program that is being started reads from here. One that runs
 * may lack a chunk that it has not loaded yet: kept, old chunks would be packed with the new ones, so it is told to start
 * again (failure.ts).
 */
async function replace(folder, wanted) {
  for (const [path, contents] of wanted) await writeIfOther(join(folder, path), contents);
  const present = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of present) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && !wanted.has(relative(folder, path))) await rm(path, { force: true });
  }
}

async function writeIfOther(path, contents) {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(contents)) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}
