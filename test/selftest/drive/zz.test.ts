import { test } from 'vitest';
import { dirname, delimiter } from 'node:path';
import { writeFileSync, appendFileSync } from 'node:fs';
import { inLab } from './lab.ts';
import { part } from '../../support/parts.ts';
const [id='', setup=''] = (process.env.TRY ?? '').split(' ');
test(`${id} ${setup}`, async () => {
  if (id === 'qwen') process.env.PATH = [dirname(part('node-22')), process.env.PATH].join(delimiter);
  const t = Date.now();
  const r = await inLab(id as never, setup as never, id === 'cline' ? { families: [] } : {});
  const text = JSON.stringify({ id, setup, ms: Date.now() - t, available: r.available, reason: r.reason, notes: r.notes, rows: r.rows.map(x => `${r.verdicts[`${x.attempt} ${x.target}${x.escape ? '#'+x.escape : ''}`]} | ${x.attempt} ${x.target} ${x.escape ?? ''} | ${x.from?.closer} | ${x.reason} | ${x.spelling} | ${x.rule ?? ''}`) }, null, 1);
  writeFileSync(`/tmp/x/${id}-${setup}.json`, text);
}, 300000);
