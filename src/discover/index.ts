import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { agents } from '../agents/index.ts';
import type { Facts } from './facts.ts';

export interface DiscoverOptions {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
}

/** What is on this machine and in this repository. Read only, bounded, offline; nothing of the repository is run. */
export async function discover(
  root: string,
  { home, env, platform = process.platform }: DiscoverOptions,
): Promise<Facts> {
  const real = await realpath(root);
  const found = await Promise.all(agents.map(agent => agent.detect({ root: real, home, env, platform })));
  return {
    root: real,
    home,
    project: basename(real),
    agents: found.filter(agent => agent !== undefined),
    systems: [],
    environments: [],
    secretFiles: [],
    runtimes: [],
    git: {
      present: false,
      defaultBranch: undefined,
      branches: [],
      remote: undefined,
      hookManager: undefined,
      hooksPath: undefined,
    },
    scanners: [],
    insideAgent: undefined,
    notes: [],
  };
}
