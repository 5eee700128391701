import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this installed package: that of `dist` and `src` both, so that the bundle and the tests agree. */
export const packageRoot: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'bin', 'agent-posture.js'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the files of agent-posture are not where they were installed');
    folder = parent;
  }
  return folder;
})();
