import type { Output, Rendered } from '../../../src/generate/types.ts';

/** An output that always renders the same. */
export function output(id: string, rendered: readonly Rendered[], more: Partial<Output> = {}): Output {
  return { id, title: id, safeguards: [], templateVersion: 1, guard: false, render: () => [...rendered], ...more };
}

/** One output of every mode, with a new version of each for `turn` 2. */
export function everyMode(turn: 1 | 2): Output[] {
  const extra = turn === 2 ? ['second'] : [];
  return [
    output('json', [
      {
        mode: 'keys',
        path: 'a/b/settings.json',
        format: 'json',
        claims: [{ path: ['permissions', 'deny'], elements: ['one', ...extra], guard: true }],
      },
    ]),
    output('toml', [
      { mode: 'keys', path: 'config.toml', format: 'toml', claims: [{ path: ['sandbox', 'mode'], value: `m${turn}` }] },
    ]),
    output('yaml', [
      {
        mode: 'keys',
        path: 'hooks.yml',
        format: 'yaml',
        claims: [{ path: ['repos'], elements: [{ id: 'x' }, ...extra] }],
      },
    ]),
    output('ignore', [{ mode: 'block', path: '.gitignore', comment: '#', lines: ['.env', ...extra] }]),
    output('hook', [
      { mode: 'owned', path: '.githooks/pre-commit', content: `#!/bin/sh\necho ${turn}\n`, executable: true },
    ]),
    ...(turn === 1 ? [output('gone', [{ mode: 'owned', path: 'only/once.txt', content: 'one\n' }])] : []),
  ];
}
