import { expect, test } from 'vitest';
import { nextOf } from '../../src/cli/init.ts';
import { fix, report, row } from '../report/sample.ts';

test('init ends with the one command that goes on from there', () => {
  const rows = [row({ target: '~/.netrc' })];
  const [id = ''] = rows.map(each => each.id);
  expect(nextOf(undefined)).toContain('agent-posture test tries what is reached now');
  expect(nextOf(report(rows, { fixes: [fix(1, 'hide', [id])] }))).toContain('agent-posture fix shows what closes');
  expect(nextOf(report(rows, { fixes: [{ ...fix(1, 'rotate', [id]), command: null }] }))).toContain(
    'agent-posture test, after every update of an agent',
  );
});
