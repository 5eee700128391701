import { describe, expect, it, test } from 'vitest';
import { applyEdits, formats } from '../../../src/generate/formats/index.ts';
import type { Edit } from '../../../src/generate/formats/types.ts';
import { applyToValue } from '../../../src/generate/formats/values.ts';

const set = (path: string[], value: unknown = 'deny'): Edit => ({ kind: 'set', path, value });
const FILLING: Edit[] = [
  set(['permission', 'read', 'b']),
  set(['permission', 'read', 'a']),
  { kind: 'add', path: ['permission', 'list'], elements: [1, 2] },
  set(['permission', 'bash', 'git push']),
  set(['other', '__proto__'], 1),
  set(['permission', 'read', 'c']),
];

describe('edits that fill a table which is not there yet', () => {
  test.each([
    ['nothing', ''],
    ['an empty file', '{}\n'],
    ['keys of its owner', '{\n  // mine\n  "model": "x"\n}\n'],
    ['a part of it', '{\n  "permission": {\n    "read": {\n      "mine": "ask",\n    },\n  },\n}\n'],
  ])('come out as one by one, where there was %s', (_what, text) => {
    const { json } = formats;
    const each = FILLING.reduce((result, edit) => json.parse(result).edit(edit), text);
    expect(applyEdits(json, text, FILLING)).toBe(each);
  });
});

describe('the model of an edit', () => {
  it('leaves the one before as it was, and shares what the edit is not about', () => {
    const before = formats.json.parse('{"a":{"x":{"y":1}},"b":{"c":[1]}}').value as Record<string, unknown>;
    const text = JSON.stringify(before);
    const after = applyToValue(before, set(['a', 'x', 'z'], 2)) as Record<string, unknown>;
    expect(JSON.stringify(before)).toBe(text);
    expect(JSON.stringify(after)).toBe('{"a":{"x":{"y":1,"z":2}},"b":{"c":[1]}}');
    expect(after.b).toBe(before.b);
  });
});
