import { join } from 'node:path';
import { bin, once, ratio, world } from './measure.js';

/** The generated hooks with nothing to find: what every commit and every push waits for. */
export default async () => {
  const { repository, env } = world({ '.env': 'API_TOKEN=x\n' });
  const run = (program, ...args) => once(program, args, { cwd: repository, env }).took;
  run(process.execPath, bin, 'init', '--yes', '--quick', '--no-test', '--quiet');
  const hook = name => join(repository, '.githooks', name);
  return [
    await ratio('pre-push, nothing to find', 1.5, () => run(hook('pre-push'), 'origin', '/nowhere'), 15),
    await ratio('pre-commit, nothing to find', 2, () => run(hook('pre-commit')), 15),
  ];
};
