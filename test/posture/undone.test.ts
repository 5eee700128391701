import { expect, it } from 'vitest';
import type { Posture } from '../../src/posture/schema.ts';
import { undoneNote, undoneParts } from '../../src/posture/undone.ts';

const bare: Posture = { version: 1, project: 'x' };

it('names all that is only declared', () => {
  const posture: Posture = {
    ...bare,
    environments: { dev: {}, live: {} },
    secrets: { managers: { dev: 'local', live: 'vault' } },
    credentials: [{ id: 'a', environment: 'dev', kind: 'k' }],
    review: { network: 'warn', auth: 'off' },
    monitoring: { commitsPerHour: 20 },
    scanning: { engines: ['trufflehog'], at: ['commit'] },
  };
  expect(undoneParts(posture)).toEqual([
    '1 credential, not made',
    'secrets in local and vault, not set up',
    'review rules, on the checklist and not searched for',
    'alarms, not raised',
    'scans, not run: trufflehog',
  ]);
  expect(undoneNote(posture)).toMatch(/^declared, and not covered by this version: 1 credential, not made; secrets/);
});

it('is silent where nothing is', () => {
  expect(undoneNote({ ...bare, review: { network: 'off' } })).toBeUndefined();
  expect(undoneNote({ ...bare, scanning: { engines: ['builtin'], at: ['commit'] } })).toBeUndefined();
});
