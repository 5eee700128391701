import { expect, it } from 'vitest';
import { packageFolders } from '../../src/discover/packages.ts';
import type { Entry } from '../../src/discover/walk.ts';

const entry = (path: string, more: Partial<Entry> = {}): Entry => ({
  path,
  name: path.split('/').at(-1) as string,
  link: false,
  ignored: false,
  ...more,
});

it('names folders with a package of their own, each once, and neither the root nor material of tests', () => {
  const entries = [
    entry('package.json'),
    entry('packages/api/package.json'),
    entry('packages/api/go.mod'),
    entry('apps/web/pyproject.toml'),
    entry('test/fixtures/a/package.json'),
    entry('node_modules/x/package.json', { ignored: true }),
    entry('linked/package.json', { link: true }),
    entry('docs/package.json.md'),
  ];
  expect(packageFolders(entries)).toEqual(['apps/web', 'packages/api']);
});
