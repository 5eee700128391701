// What esbuild is told to take instead of what packages have, and why.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * What Ink imports and we have no use for: its optional developer tools, and a parser for the stacks of components that
 * throw, which builds an expression for each of Node's modules when it is loaded; we report such faults ourselves.
 */
const STUBS = {
  'react-devtools-core': 'export default undefined;',
  'stack-utils':
    'export default class StackUtils { static nodeInternals() { return []; } parseLine() { return null; } }',
};
export const stubs = {
  name: 'stubs',
  setup(b) {
    b.onResolve({ filter: /^(react-devtools-core|stack-utils)$/ }, ({ path }) => ({ path, namespace: 'stub' }));
    b.onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({ contents: STUBS[path] }));
  },
};

/** yoga's loader asks for `fetch('data:…')`, which loads the whole of undici; without it, it decodes base64 itself. */
export const yogaWithoutFetch = {
  name: 'yoga-without-fetch',
  setup(b) {
    b.onLoad({ filter: /yoga-layout[\\/]dist[\\/]binaries[\\/].*\.js$/ }, async ({ path }) => ({
      contents: `const fetch = undefined;\n${await readFile(path, 'utf8')}`,
      loader: 'js',
    }));
  },
};

/** Packages of the screens that make a segmenter when they are loaded: they get ours, which loads the real one when it is needed. */
export const lazySegmenter = {
  name: 'lazy-segmenter',
  setup(b) {
    b.onLoad(
      { filter: /node_modules[\\/](slice-ansi|wrap-ansi|cli-truncate|@alcalzone[\\/]ansi-tokenize|ink)[\\/].*\.js$/ },
      async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!text.includes('new Intl.Segmenter(')) return { contents: text, loader: 'js' };
        const ours = JSON.stringify(join(root, 'src/ui/segmenter.ts'));
        return {
          contents: `import { Segmenter as __Segmenter } from ${ours};\n${text.replaceAll('new Intl.Segmenter(', 'new __Segmenter(')}`,
          loader: 'js',
        };
      },
    );
  },
};

/**
 * Ink looks for its developer tools where DEV is set, as it may be for other reasons: it would read a package.json that is
 * not here, and load what the repository under test has installed.
 */
export const withoutDevtools = {
  name: 'without-devtools',
  setup(b) {
    b.onLoad({ filter: /node_modules[\\/]ink[\\/]build[\\/](reconciler|ink)\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const asked = "process.env['DEV'] === 'true'";
      if (!text.includes(asked)) throw new Error(`${path} no longer asks for ${asked}: see what it does instead`);
      return { contents: text.replaceAll(asked, 'false'), loader: 'js' };
    });
  },
};

/** The part of Node that answers by promises is loaded by the first call: what is only read is read at once. */
const PROMISES = ['chmod', 'lstat', 'mkdir', 'open', 'readFile', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'unlink'];
export const latePromises = {
  name: 'late-promises',
  setup(b) {
    b.onResolve({ filter: /^node:fs\/promises$/ }, ({ path }) => ({ path, namespace: 'late' }));
    b.onLoad({ filter: /.*/, namespace: 'late' }, () => ({
      contents: PROMISES.map(
        name => `export const ${name} = (...given) => require('node:fs').promises.${name}(...given);`,
      ).join('\n'),
    }));
  },
};

/** Nothing that is loaded only when it is needed is needed there. */
export const withoutLazy = {
  name: 'without-lazy',
  setup(b) {
    b.onResolve({ filter: /.*/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, namespace: 'absent' } : undefined,
    );
    b.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not in this bundle`)});`,
    }));
  },
};
