import { bin, once, ratio, world } from './measure.js';

/** `generate` of every output when nothing has changed. */
export default async () => {
  const { repository, env } = world({ '.env': 'API_TOKEN=x\n' });
  const run = (...args) => once(process.execPath, [bin, ...args], { cwd: repository, env }).took;
  run('init', '--yes', '--no-test', '--quiet');
  return [await ratio('generate, unchanged', 3, () => run('generate'), 11)];
};
