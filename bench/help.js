import { bin, once, ratio } from './measure.js';

/** `--help` and `--version`: as fast as bare Node. */
export default async () => [
  await ratio('--help', 1.5, () => once(process.execPath, [bin, '--help']).took, 21),
  await ratio('--version', 1.5, () => once(process.execPath, [bin, '--version']).took, 21),
];
