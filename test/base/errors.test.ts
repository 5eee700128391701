import { expect, test } from 'vitest';
import { reasonOf, UserError } from '../../src/base/errors.ts';

test('an error that is the reason of something else is on one line, its parts apart', () => {
  const where = { path: 'a.yaml', line: 3 };
  const error = new UserError([
    { what: 'no box can be made', expected: 'a folder of its own', next: 'go there' },
    { what: 'odd', where },
  ]);
  expect(reasonOf(error)).toBe('no box can be made. Expected: a folder of its own. Next: go there. a.yaml:3: odd');
  expect(reasonOf(new Error('x'))).toBe('x');
  expect(reasonOf('y')).toBe('y');
});
