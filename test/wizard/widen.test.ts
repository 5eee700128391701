import { expect, it } from 'vitest';
import { parsePosture } from '../../src/posture/load.ts';
import { newPosture } from '../../src/posture/save.ts';
import { widened } from '../../src/wizard/widen.ts';
import { FACTS } from './facts.ts';

const context = { facts: FACTS, posture: parsePosture(newPosture('shop'), 'agent-posture.yaml') };

it('what was typed on the quick path stands in the list of the whole', () => {
  const quick = { 'never-touch': ['OTHER'], address: 'db.example.com:5432', private: ['db'], box: 'none', guards: [] };
  expect(widened(context, quick)).toEqual({
    systems: [
      { id: 'production-postgres', kind: 'postgres', environment: 'production', address: 'db.example.com:5432' },
    ],
    private: ['production-postgres'],
    box: 'none',
    guards: [],
  });
});

it('and what was not answered there is asked', () => {
  expect(widened(context, {})).toEqual({});
});
