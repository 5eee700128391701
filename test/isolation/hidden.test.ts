import fs, { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hiddenFiles } from '../../src/generate/outputs/hidden.ts';
import { expandHidden, expandWritable } from '../../src/isolation/hidden.ts';
import { patternRules } from '../../src/posture/patterns.ts';
import { matchFiles } from '../../src/selftest/probes/files.ts';
import { labFacts } from '../labs/box.ts';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'hidden-')));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('what isolation.files.hide matches', () => {
  it.each([
    ['linux', false],
    ['darwin', true],
    ['win32', true],
  ] as const)('on %s, with the other case: %s', (platform, ignored) => {
    expect(patternRules(['.env*'], platform).ignores('.ENV.local')).toBe(ignored);
    expect(patternRules(['.env*'], platform).ignores('.env.local')).toBe(true);
  });

  it('is the same for the box, the outputs and the self-test', async () => {
    const names = ['.env', '.ENV.local', 'Key.pem', 'key.PEM', '.env.example'];
    for (const name of names) writeFileSync(join(root, name), 'x');
    const hide = ['.env*', '!.env*.example', '*.pem'];
    const hidden = names.filter(name => patternRules(hide).ignores(name)).sort();
    if (process.platform === 'linux') expect(hidden).toEqual(['.env', 'Key.pem']);
    const facts = { ...labFacts(root, '/home/a'), secretFiles: names.map(path => ({ path })) };
    const posture = {
      version: 1 as const,
      project: 'x',
      isolation: { runtime: 'bubblewrap' as const, files: { hide } },
    };
    const box = await expandHidden({ root, home: '/home/a', shown: [] }, hide);
    expect(box.hidden.map(path => relative(root, path))).toEqual(hidden);
    expect((await matchFiles(root, hide)).files.map(path => relative(root, path))).toEqual(hidden);
    expect(hiddenFiles({ posture, facts }).sort()).toEqual(hidden);
  });

  it('is less by what goes away between two looks', async () => {
    for (const name of ['.env', '.env.local']) writeFileSync(join(root, name), 'x');
    const { realpathSync: plain } = fs;
    fs.realpathSync = ((path: string) => {
      const real = plain(path);
      if (real.endsWith('.local')) rmSync(real);
      return real;
    }) as typeof plain;
    syncBuiltinESMExports();
    try {
      const { hidden } = await expandHidden({ root, home: '/home/a', shown: [] }, ['.env*']);
      expect(hidden.map(path => relative(root, path))).toContain('.env');
    } finally {
      fs.realpathSync = plain;
      syncBuiltinESMExports();
    }
  });

  it('and what may be written, too', () => {
    writeFileSync(join(root, 'out'), 'x');
    const { readdirSync: plain } = fs;
    fs.readdirSync = ((...words: Parameters<typeof plain>) => {
      const entries = plain(...words);
      rmSync(join(root, 'out'), { force: true });
      return entries;
    }) as typeof plain;
    syncBuiltinESMExports();
    try {
      expect(expandWritable(root, ['out'])).toEqual([]);
    } finally {
      fs.readdirSync = plain;
      syncBuiltinESMExports();
    }
  });
});
