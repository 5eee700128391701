import { fc, test } from '@fast-check/vitest';
import { diffArrays } from 'diff';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { encodeBlock, encodeFlow, encodeScalar } from '../../src/posture/encode.ts';
import { spliceYaml } from '../../src/posture/splice.ts';
import { commentsOf, document, NASTY, type Path, pathsOf, scalar, value } from './random-yaml.ts';

function at(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)?.[key], data);
}

/** The model of an edit, on plain data. */
function model(data: unknown, path: Path, wanted: unknown): unknown {
  const copy = structuredClone(data);
  const parent = at(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  const last = path.at(-1) as string | number;
  if (wanted !== undefined) parent[last] = wanted;
  else if (Array.isArray(parent)) parent.splice(last as number, 1);
  else delete parent[last];
  return copy;
}

function checkEdit(text: string, root: unknown, path: Path, wanted: unknown): string {
  const out = spliceYaml(text, [{ path, value: wanted }]);
  expect(out, `${JSON.stringify(text)} ${JSON.stringify(path)} = ${JSON.stringify(wanted)}`).toBeDefined();
  const result = out as string;
  expect(parse(result)).toEqual(model(root, path, wanted));
  expect(commentsOf(result).sort()).toEqual(commentsOf(text).sort());
  return result;
}

const runs = { numRuns: 1500 };

describe('random documents', () => {
  test.prop([document], runs)('the generator writes what it was given', ({ root, text }) => {
    expect(parse(text)).toEqual(root);
  });

  test.prop([document], runs)('no edit, and setting what is there already, change no byte', ({ root, text }) => {
    expect(spliceYaml(text, [])).toBe(text);
    const same = pathsOf(root).map(path => ({ path, value: at(root, path) }));
    expect(spliceYaml(text, same)).toBe(text);
  });

  test.prop([document, fc.nat(), value], runs)('setting any value anywhere', ({ root, text }, pick, wanted) => {
    const paths = pathsOf(root);
    const path = paths[pick % paths.length] as Path;
    const out = checkEdit(text, root, path, wanted);
    for (const [key, other] of Object.entries(root)) if (key !== path[0]) expect(at(parse(out), [key])).toEqual(other);
  });

  test.prop([document, fc.nat(), scalar], runs)(
    'a value on one line is replaced without another byte changing',
    ({ root, text }, pick, wanted) => {
      const leaves = pathsOf(root).filter(path => typeof at(root, path) === 'number');
      const path = leaves[pick % (leaves.length || 1)];
      if (!path || wanted === at(root, path)) return;
      const out = checkEdit(text, root, path, wanted);
      const encoded = encodeScalar(wanted, true);
      const old = String(at(root, path));
      const places = [...text.matchAll(new RegExp(old.replace('-', '\\-'), 'g'))].map(({ index }) => index);
      const variants = [encoded, encodeScalar(wanted)];
      expect(
        places.some(place => variants.some(by => text.slice(0, place) + by + text.slice(place + old.length) === out)),
      ).toBe(true);
    },
  );

  test.prop([document, fc.nat(), value], runs)('adding a key to any mapping', ({ root, text }, pick, wanted) => {
    const maps = [[], ...pathsOf(root)].filter(path => {
      const node = at(root, path);
      return typeof node === 'object' && node !== null && !Array.isArray(node);
    });
    const path = [...(maps[pick % maps.length] as Path), 'added'];
    const out = checkEdit(text, root, path, wanted);
    // Every line that was there is still there, in its order, but for the one that had to take the addition (two, where
    // empty brackets stood on two lines).
    const [before = [], after = []] = [text, out].map(one => one.split(/\r?\n/));
    const changed = diffArrays(before, after).reduce((sum, part) => sum + (part.removed ? part.value.length : 0), 0);
    expect(changed).toBeLessThanOrEqual(/[[{][^\S\n]*(?:#.*)?\r?\n\s*[\]}]/.test(text) ? 2 : 1);
  });

  test.prop([document, fc.nat(), value], runs)('appending to any list', ({ root, text }, pick, wanted) => {
    const lists = pathsOf(root).filter(path => Array.isArray(at(root, path)));
    const list = lists[pick % (lists.length || 1)];
    if (!list) return;
    checkEdit(text, root, [...list, (at(root, list) as unknown[]).length], wanted);
  });

  test.prop([document, fc.nat()], runs)('removing anything', ({ root, text }, pick) => {
    const paths = pathsOf(root);
    const path = paths[pick % paths.length] as Path;
    checkEdit(text, root, path, undefined);
  });

  test.prop([document, fc.array(fc.tuple(fc.nat(), value), { minLength: 2, maxLength: 5 })], { numRuns: 500 })(
    'several edits one after another',
    ({ root, text }, edits) => {
      let data: unknown = root;
      const steps: { path: Path; value: unknown }[] = [];
      for (const [pick, wanted] of edits) {
        const paths = [...pathsOf(data), ['fresh']];
        const path = paths[pick % paths.length] as Path;
        steps.push({ path, value: wanted });
        data = model(data, path, wanted);
      }
      const out = spliceYaml(text, steps);
      expect(out && parse(out)).toEqual(data);
      expect(commentsOf(out ?? '').sort()).toEqual(commentsOf(text).sort());
    },
  );
});

describe('encoding', () => {
  test.prop([fc.oneof(scalar, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))], { numRuns: 5000 })(
    'text comes back as it was, in blocks and in brackets, in YAML 1.2 and 1.1',
    one => {
      for (const options of [{}, { version: '1.1' as const }]) {
        expect(parse(`a: ${encodeScalar(one)}\nb: 1`, options)).toEqual({ a: one, b: 1 });
        expect(parse(`a: [${encodeScalar(one, true)}, 2]`, options)).toEqual({ a: [one, 2] });
      }
    },
  );

  test.prop([value])('values come back as they were', one => {
    expect(parse(encodeBlock({ a: one }, 0).join('\n'))).toEqual({ a: one });
    expect(parse(encodeFlow([one]))).toEqual([one]);
  });

  it.each(NASTY)('%j is one line of plain characters', text => {
    expect(encodeScalar(text)).not.toMatch(/[\n\r\t]/);
  });

  it('hides nothing that a reader could not see', () => {
    expect(encodeScalar('a\u202eb\u0085\u200b\u{e0041}')).toBe('"a\\u202eb\\u0085\\u200b\\U000e0041"');
  });
});
