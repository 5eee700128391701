import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { decode } from '../../scripts/crash-stack.js';

const ROOT = resolve(import.meta.dirname, '../..');

test('a place in the build is told as the place in the source', () => {
  const text = readFileSync(resolve(ROOT, 'dist/cli.js'), 'utf8');
  const before = text.slice(0, text.indexOf('EPIPE')).split('\n');
  const place = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
  const line =
    readFileSync(resolve(ROOT, 'src/cli/main.ts'), 'utf8')
      .split('\n')
      .findIndex(row => row.includes('EPIPE')) + 1;
  const told = decode(`    at t (file:///home/ada/node_modules/agent-posture/dist/cli.js:${place})`);
  expect(told).toMatch(new RegExp(`^ {4}at t \\(src/cli/main\\.ts:${line}:\\d+\\)$`));
});

test('what no map knows stays as it is', () => {
  for (const line of ['Error: boom', '    at node:internal/process:12:3', '    at x (/a/dist/chunks/gone-AAAA.js:1:2)'])
    expect(decode(line)).toBe(line);
});
