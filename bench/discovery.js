import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bin, median, once, paired, within, world } from './measure.js';

const FILES = 10_000;

/** Sources in folders of twenty, a package with what it depends on in every fiftieth, and some data. */
function fill(repository) {
  for (let folder = 0; folder < FILES / 20; folder++) {
    const path = join(repository, 'src', `m${folder % 25}`, `n${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 20; file++) writeFileSync(join(path, `file${file}.ts`), '');
    if (folder % 50 > 0) continue;
    writeFileSync(join(path, 'package.json'), '{"dependencies":{"stripe":"1"}}');
    writeFileSync(join(path, 'export.csv'), 'x'.repeat(20_000));
  }
}

/**
 * How much longer `doctor`, which looks for all there is to find, takes in a repository of 10,000 files than in an empty one:
 * half a second where `node -e 0` takes 42 ms.
 */
export default async () => {
  const [small, large] = [world(), world()];
  fill(large.repository);
  spawnSync('git', ['add', '-A'], { cwd: large.repository, env: large.env });
  const run = ({ repository, env }) => once(process.execPath, [bin, 'doctor'], { cwd: repository, env }).took;
  const bare = [];
  const { subject, baseline } = await paired(
    () => run(large),
    7,
    () => {
      bare.push(once(process.execPath, ['-e', '0']).took);
      return run(small);
    },
  );
  const more = subject - baseline;
  const detail = `${more.toFixed(0)} ms more than the ${baseline.toFixed(0)} ms of an empty one`;
  return [within('everything found among 10,000 files', more / median(bare), 12, '×', detail)];
};
