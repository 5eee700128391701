import { readFile } from 'node:fs/promises';
import { fc, test } from '@fast-check/vitest';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { postureJsonSchema } from '../../src/posture/json-schema.ts';
import { parsePosture } from '../../src/posture/load.ts';
import { postureSchema, RUNTIMES, SYSTEM_KINDS } from '../../src/posture/schema.ts';
import { answersJsonSchema } from '../../src/wizard/answers.ts';

const file = (name: string) => readFile(new URL(`../../schema/${name}`, import.meta.url), 'utf8');
const ajv = new Ajv({ strict: true, allErrors: true });
const accepts = ajv.compile(postureJsonSchema());
const head = { version: 1, project: 'x' };

describe('schema/posture-1.json', () => {
  it('is up to date (npm run schema)', async () => {
    expect(JSON.parse(await file('posture-1.json'))).toEqual(postureJsonSchema());
    expect(JSON.parse(await file('answers-1.json'))).toEqual(answersJsonSchema());
  });

  it('takes the whole example of the design', async () => {
    const text = await readFile(new URL('../fixtures/posture/whole.yaml', import.meta.url), 'utf8');
    expect(accepts(parse(text)), JSON.stringify(accepts.errors)).toBe(true);
  });

  it.each([
    ['an unknown key', { ...head, enviroments: {} }],
    ['an unknown key further down', { ...head, isolation: { runtime: 'none', netwrok: {} } }],
    ['an unknown kind', { ...head, systems: [{ id: 'a', kind: 'postgress' }] }],
    ['an unknown runtime', { ...head, isolation: { runtime: 'dokcer' } }],
    ['an unknown class of review', { ...head, review: { netwrk: 'warn' } }],
    ['no version', { project: 'x' }],
    ['another version', { ...head, version: 2 }],
    ['an id that is none', { ...head, systems: [{ id: 'A B', kind: 'redis' }] }],
    ['a text for a list', { ...head, agents: 'codex' }],
  ])('refuses %s', (_, posture) => {
    expect(accepts(posture)).toBe(false);
  });

  const name = fc.constantFrom('a', 'b1', 'Bad', '', 'x.y');
  const posture = fc.record(
    {
      version: fc.constantFrom(1, 1, 1, 2, '1'),
      project: fc.constantFrom('x', '', 7),
      agents: fc.array(name, { maxLength: 3 }),
      environments: fc.dictionary(name, fc.record({ agentAccess: fc.constantFrom('none', 'write', 'all') }), {
        maxKeys: 2,
      }),
      systems: fc.array(fc.record({ id: name, kind: fc.constantFrom(...SYSTEM_KINDS, 'x') }), { maxLength: 2 }),
      isolation: fc.record({
        runtime: fc.constantFrom(...RUNTIMES, 'x'),
        network: fc.record({ allow: fc.array(fc.constantFrom('a.b', '*', 'a b', 'a:1')) }),
      }),
      repository: fc.record({ reviews: fc.constantFrom(0, 10, 11, -1, 1.5) }),
      review: fc.dictionary(fc.constantFrom('network', 'auth', 'oops'), fc.constantFrom('off', 'x'), { maxKeys: 2 }),
      monitoring: fc.record({
        commitsPerHour: fc.constantFrom(1, 0, -3, 2.5),
        exportPerHour: fc.constantFrom('1MB', '0MB', 'x'),
      }),
    },
    { requiredKeys: [] },
  );
  test.prop([posture], { numRuns: 2000 })('says the same as the schema that it was made from', value => {
    expect(accepts(JSON.parse(JSON.stringify(value)))).toBe(postureSchema.safeParse(value).success);
  });

  it('is what a fresh posture refers to where it is installed, and only there', async () => {
    const { newPosture } = await import('../../src/posture/save.ts');
    const text = newPosture('x', { installed: true });
    expect(text.split('\n')[0]).toBe(
      '# yaml-language-server: $schema=./node_modules/agent-posture/schema/posture-1.json',
    );
    expect(newPosture('x')).toBe(text.slice(text.indexOf('\n') + 1));
    const { exports, files } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(exports['./schema/posture-1.json']).toBe('./schema/posture-1.json');
    expect(files).toContain('schema');
    expect(parsePosture(text, 'p')).toEqual(head);
  });
});
