import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyEdits, formats } from '../../../src/generate/formats/index.ts';
import { extrasOf } from '../../../src/generate/formats/json.ts';
import type { Edit } from '../../../src/generate/formats/types.ts';
import { applyToValue, blockedAt, escapeOdd, isTable, same, valueAt } from '../../../src/generate/formats/values.ts';
import { HOSTILE, jsonDocument, tomlDocument, yamlDocument } from '../support/documents.ts';

const documents = { json: jsonDocument, toml: tomlDocument, yaml: yamlDocument };
const runs = { numRuns: Number(process.env.RUNS ?? 300) };

const key = fc.constantFrom('permissions', 'deny', 'sandbox', 'a', 'odd key', 'dotted.key', '__proto__', 'x"y');
const path = fc.array(key, { minLength: 1, maxLength: 3 });
const leaf = fc.oneof(fc.constantFrom(...HOSTILE), fc.boolean(), fc.integer());
const value = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 3 }),
  fc.dictionary(key, leaf, { maxKeys: 2, noNullPrototype: false }),
);

describe('what stands in JSON beside JSON', () => {
  test('is found exactly where JSON.parse stumbles over what the format reads', () => {
    fc.assert(
      fc.property(jsonDocument, fc.boolean(), (text, marked) => {
        const whole = (marked ? '\ufeff' : '') + text;
        const strict = (() => {
          try {
            return JSON.parse(whole) !== undefined;
          } catch {
            return false;
          }
        })();
        expect(extrasOf(whole).length === 0).toBe(strict);
      }),
      runs,
    );
  });

  test('is told by kind and place, and not taken from texts', () => {
    expect(extrasOf('{"a": "// no", "b": "/* no */,]"}')).toEqual([]);
    expect(extrasOf('\ufeff{\n  "a": [1, /* x */ ], // y\n}')).toEqual([
      { kind: 'a byte order mark', line: 1, column: 1 },
      { kind: 'a comment', line: 2, column: 12 },
      { kind: 'a trailing comma', line: 2, column: 10 },
    ]);
  });
});

const squeeze = (text: string) => text.replace(/\s/g, '');

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole) if (character === part[at]) at++;
  return at >= part.length;
}

describe.each(['json', 'toml', 'yaml'] as const)('%s', id => {
  const format = formats[id];
  const document = documents[id];

  test('the random documents are valid, so that the other tests mean something', () => {
    fc.assert(
      fc.property(document, text => {
        expect(isTable(format.parse(text).value)).toBe(true);
      }),
      runs,
    );
  });

  test('adding keys and elements leaves every character that was there, in its order', () => {
    fc.assert(
      fc.property(
        document,
        path,
        value,
        fc.array(leaf, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (text, at, put, elements, list) => {
          const before = format.parse(text).value;
          fc.pre(blockedAt(before, at) === undefined);
          // An empty value (`a: ~`) makes room for what goes below it.
          fc.pre(!at.some((_, depth) => valueAt(before, at.slice(0, depth + 1)) === null));
          const now = valueAt(before, at);
          fc.pre(list ? now === undefined || Array.isArray(now) : now === undefined);
          const edit: Edit = list ? { kind: 'add', path: at, elements } : { kind: 'set', path: at, value: put };
          const after = applyEdits(format, text, [edit]);
          expect(isSubsequence(squeeze(text), squeeze(after))).toBe(true);
          expect(same(format.parse(after).value, applyToValue(before, edit))).toBe(true);
        },
      ),
      runs,
    );
  });

  test('elements into a list of theirs and out again leave the file as it was, but for a line break at its end', () => {
    fc.assert(
      fc.property(document, fc.array(leaf, { minLength: 1, maxLength: 3 }), fc.nat(), (text, elements, pick) => {
        const { value: root } = format.parse(text);
        const lists = listPaths(root);
        fc.pre(lists.length > 0);
        const at = lists[pick % lists.length] ?? [];
        const now = valueAt(root, at) as unknown[];
        fc.pre(now.length > 0 && !elements.some(element => now.some(other => same(other, element))));
        const added = applyEdits(format, text, [{ kind: 'add', path: at, elements }]);
        const back = applyEdits(format, added, [{ kind: 'drop', path: at, elements }]);
        // A long addition gets lines of its own, and the list keeps its new line breaks.
        const compared =
          escapeOdd(JSON.stringify(elements), 'pair').length > 60
            ? squeeze
            : (all: string) => all.replace(/\r?\n$/, '');
        expect(compared(back)).toBe(compared(text));
      }),
      runs,
    );
  });

  test('a new key and its removal leave the file as it was, but for white space at its end', () => {
    fc.assert(
      fc.property(document, fc.constantFrom('odd key', 'zz', '__proto__'), leaf, (text, name, put) => {
        const { value: root } = format.parse(text);
        fc.pre(isTable(root) && Object.keys(root).length > 0 && !Object.hasOwn(root, name));
        const added = applyEdits(format, text, [{ kind: 'set', path: [name], value: put }]);
        const back = applyEdits(format, added, [{ kind: 'remove', path: [name] }]);
        expect(back.trimEnd()).toBe(text.trimEnd());
      }),
      runs,
    );
  });

  test('removing what is theirs keeps the rest of the meaning and every comment', () => {
    fc.assert(
      fc.property(document, fc.nat(), (text, pick) => {
        const { value: root } = format.parse(text);
        fc.pre(isTable(root) && Object.keys(root).length > 0);
        const keys = Object.keys(root as object).filter(name => !name.startsWith('S-'));
        fc.pre(keys.length > 0);
        const name = keys[pick % keys.length] ?? '';
        applyEdits(format, text, [{ kind: 'remove', path: [name] }]);
      }),
      runs,
    );
  });

  test('a value of theirs that is replaced changes nothing else', () => {
    fc.assert(
      fc.property(document, fc.nat(), value, (text, pick, put) => {
        const { value: root } = format.parse(text);
        const keys = Object.entries(root as object).filter(([, now]) => !isTable(now) && !Array.isArray(now));
        fc.pre(keys.length > 0);
        const [name] = keys[pick % keys.length] ?? [''];
        applyEdits(format, text, [{ kind: 'set', path: [name], value: put }]);
      }),
      runs,
    );
  });
});

function listPaths(value: unknown, at: string[] = []): string[][] {
  if (Array.isArray(value)) return value.some(isTable) ? [] : [at];
  if (!isTable(value)) return [];
  return Object.keys(value).flatMap(name => listPaths(value[name], [...at, name]));
}
