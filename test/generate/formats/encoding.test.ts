import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { applyEdits, formats } from '../../../src/generate/formats/index.ts';
import { HOSTILE } from '../support/documents.ts';

/** Readers that have nothing to do with the libraries that write. PyYAML is a YAML 1.1 reader, the stricter test. */
const READERS = {
  json: 'import json,sys; d=json.loads(sys.stdin.buffer.read().decode("utf-8"))',
  toml: 'import tomllib,sys; d=tomllib.loads(sys.stdin.buffer.read().decode("utf-8"))',
  yaml: 'import yaml,sys; d=yaml.safe_load(sys.stdin.buffer.read().decode("utf-8"))',
} as const;

function readByPython(format: keyof typeof READERS, text: string): unknown {
  const result = spawnSync('python3', ['-c', `${READERS[format]}; import json; print(json.dumps(d))`], {
    input: text,
    encoding: 'utf8',
  });
  expect(result.stderr).toBe('');
  return JSON.parse(result.stdout);
}

const has = (module: string) => spawnSync('python3', ['-c', `import ${module}`]).status === 0;

for (const [format, module, empty, flow] of [
  ['json', 'json', '{}', '{"in": {"list": ["x"]}}'],
  ['toml', 'tomllib', '', 'in = { list = ["x"] }\n'],
  ['yaml', 'yaml', '', 'in: {list: ["x"]}\n'],
] as const)
  test.skipIf(!has(module))(`${format}: hostile values come out as themselves (needs python3 with ${module})`, () => {
    // As text, as key, in a list, in a table in a list; into an empty file and into one written on one line.
    const table = Object.fromEntries(
      HOSTILE.filter(value => value !== '__proto__').map((value, index) => [value, index]),
    );
    const text = applyEdits(formats[format], empty, [
      { kind: 'add', path: ['list'], elements: [...HOSTILE, HOSTILE, table] },
      ...HOSTILE.map((value, index) => ({ kind: 'set' as const, path: ['one', `k${index}`], value })),
      ...HOSTILE.map((value, index) => ({ kind: 'set' as const, path: ['keys', value], value: index })),
    ]);
    const read = readByPython(format, text) as Record<string, unknown>;
    expect(read.list).toEqual([...HOSTILE, HOSTILE, table]);
    expect(Object.values(read.one as object)).toEqual(HOSTILE);
    expect(new Map(Object.entries(read.keys as object))).toEqual(
      new Map(HOSTILE.map((value, index) => [value, index])),
    );
    // Format characters (Cf) reorder or hide text; controls (Cc) act on it.
    expect(text).not.toMatch(/[^\P{Cc}\t\n\r]|\p{Cf}|[\u2028\u2029]/u);
    const inline = applyEdits(formats[format], flow, [
      { kind: 'add', path: ['in', 'list'], elements: HOSTILE },
      { kind: 'set', path: ['in', 'table'], value: table },
    ]);
    expect(readByPython(format, inline)).toEqual({ in: { list: ['x', ...HOSTILE], table } });
  });

test('a key called __proto__ is a key', () => {
  for (const format of [formats.json, formats.toml, formats.yaml]) {
    const text = applyEdits(format, '', [{ kind: 'set', path: ['__proto__', 'polluted'], value: true }]);
    expect(text).toContain('__proto__');
    expect(format.parse(text).value).not.toHaveProperty('polluted');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  }
});
