import { expect, it } from 'vitest';
import { count, things } from '../../src/report/things.ts';
import { advance, NOTHING_YET } from '../../src/ui/progress.ts';
import { report, row, shop } from '../report/sample.ts';

it('counts as the report does: things, however many ways round each has, and never more than there are', () => {
  const given = report([
    ...shop().rows,
    row({ target: '~/.ssh/id_rsa', escape: 'proc-root', verdict: 'blocked' }),
    row({ target: '~/held-0', escape: 'mounts' }),
    row({ target: '~/held-1', escape: 'mounts', verdict: 'inconclusive' }),
    row({ target: 'FOUND_TOKEN', attempt: 'env' }),
  ]);
  let progress = advance(NOTHING_YET, { type: 'planned', tries: 3, vantages: [] });
  for (const each of given.rows) progress = advance(progress, { type: 'row', row: each });
  const { reached, held, works, tooTight, notProven, accepted } = count(things(given));
  expect(progress).toMatchObject({ reached, held, works, tight: tooTight, unproven: notProven });
  expect(progress.judged).toBe(reached + held + works + tooTight + notProven + accepted);
  expect(progress.tries).toBe(progress.judged);
});
