import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const quiet = process.argv.includes('--quiet');
const dist = join(root, 'dist');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** Ink's optional developer tools are a hoisted import: a stub keeps them out of the bundle. */
const stubDevtools = {
  name: 'stub-devtools',
  setup(b) {
    b.onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'react-devtools-core', namespace: 'stub' }));
    b.onLoad({ filter: /.*/, namespace: 'stub' }, () => ({ contents: 'export default undefined;' }));
  },
};

/** yoga's loader asks for `fetch('data:…')`, which loads the whole of undici; without it, it decodes base64 itself. */
const yogaWithoutFetch = {
  name: 'yoga-without-fetch',
  setup(b) {
    b.onLoad({ filter: /yoga-layout[\\/]dist[\\/]binaries[\\/].*\.js$/ }, async ({ path }) => ({
      contents: `const fetch = undefined;\n${await readFile(path, 'utf8')}`,
      loader: 'js',
    }));
  },
};

const shared = {
  bundle: true,
  platform: 'node',
  legalComments: 'none',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: quiet ? 'error' : 'warning',
  metafile: true,
};

await rm(dist, { recursive: true, force: true });
const program = await build({
  ...shared,
  entryPoints: { cli: join(root, 'src/cli/main.ts') },
  outdir: dist,
  format: 'esm',
  splitting: true,
  target: 'node20',
  chunkNames: 'chunks/[name]-[hash]',
  mainFields: ['module', 'main'],
  define: {
    'process.env.NODE_ENV': '"production"',
    'process.env.DEV': '"false"',
    __VERSION__: JSON.stringify(version),
  },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  plugins: [stubDevtools, yogaWithoutFetch],
});

/** The pack runs inside a vantage, with whatever Node that has (18 or newer), so it is one plain CommonJS file. */
await build({
  ...shared,
  entryPoints: { node: join(root, 'src/selftest/pack/node.ts') },
  outdir: join(dist, 'pack'),
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  target: 'node18',
});
await mkdir(join(dist, 'pack'), { recursive: true });
await copyFile(join(root, 'src/selftest/pack/pack.sh'), join(dist, 'pack/pack.sh'));
await chmod(join(root, 'bin/agent-posture.js'), 0o755);
await writeFile(join(dist, 'meta.json'), JSON.stringify(program.metafile));
