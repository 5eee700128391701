import { basename } from 'node:path';
import type { Named } from './ci.ts';
import { dependencyUses, isManifest } from './dependencies.ts';
import {
  composeProfiles,
  deploymentUses,
  isDeployment,
  isTerraform,
  terraformNames,
  terraformUses,
} from './infrastructure.ts';
import { clusterUses, isClusterFile } from './kubernetes.ts';
import type { Mention } from './mention.ts';
import { isTestData } from './secret-files.ts';
import { namesVariables, variableUses } from './variables.ts';

type Reader = (path: string, text: string) => Mention[];

/** Kinds of file that say that a system is used without saying where it is. A file may be of several. */
const READERS: readonly [matches: (path: string) => boolean, read: Reader][] = [
  [isManifest, dependencyUses],
  [isTerraform, terraformUses],
  [isDeployment, deploymentUses],
  [isClusterFile, clusterUses],
  [namesVariables, variableUses],
];

/** Files that name environments otherwise than by their own name. */
const NAMES: readonly [matches: (path: string) => boolean, read: (text: string) => Named[]][] = [
  [path => /^(docker-)?compose([._-][\w.-]+)?\.ya?ml$/i.test(basename(path)), composeProfiles],
  [isTerraform, terraformNames],
];

/** Whether a file is one of those. What tests, examples and documents use is not what the project uses. */
export function namesUses(path: string): boolean {
  if (isTestData(path.toLowerCase()) || /(^|\/)(docs?|samples?|templates\/(?!.*\.ya?ml$)|e2e|demo)\//i.test(path))
    return false;
  return [...READERS, ...NAMES].some(([matches]) => matches(path));
}

/** What a file says of systems by their kind and name alone, and of environments. */
export function usesIn(path: string, text: string): { mentions: Mention[]; named: { path: string; named: Named }[] } {
  return {
    mentions: READERS.flatMap(([matches, read]) => (matches(path) ? read(path, text) : [])),
    named: NAMES.flatMap(([matches, read]) => (matches(path) ? read(text) : [])).map(named => ({ path, named })),
  };
}
