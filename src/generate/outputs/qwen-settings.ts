import { agentGuards } from '../../agents/guards.ts';
import { denyRules, READER, rulePaths, VOIDS } from '../../agents/qwen/settings.ts';
import type { Claim, Output } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { hiddenOf, unsaidBy } from './hidden.ts';
import { ignoreFile, takenOut } from './ignore-file.ts';
import { overruledBy } from './overruled.ts';

const SETTINGS = '.qwen/settings.json';
const IGNORE = '.qwenignore';

export const qwenSettings: Output = {
  id: 'qwen-settings',
  title: 'Qwen Code: rules for hidden files, guards and pushes, and its sandbox where it is the box',
  safeguards: ['ISO-1', 'SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  overrules(context) {
    if (!context.posture.agents?.includes('qwen')) return [];
    return [takenOut(context, IGNORE), overruledBy(VOIDS, SETTINGS, false)];
  },
  notes(context) {
    if (!context.posture.agents?.includes('qwen')) return [];
    return unsaidBy('A rule of Qwen Code', hiddenOf(context), rulePaths);
  },
  render(context) {
    const { posture } = context;
    if (!posture.agents?.includes('qwen')) return [];
    const hidden = hiddenOf(context);
    const deny = denyRules({
      hidden: hidden.plain,
      hiddenInHome: hidden.home,
      guards: agentGuards(posture.agents),
      protectedBranches: protectedPatterns(posture),
    });
    const claims: Claim[] = [
      { path: ['permissions', 'deny'], elements: deny, guard: true },
      { path: ['context', 'fileFiltering', 'respectQwenIgnore'], value: true, guard: true },
    ];
    // On Linux it is a container: what confines its tools there is read from a person's or a machine's settings alone.
    if (posture.isolation?.runtime === 'native') claims.push({ path: ['tools', 'sandbox'], value: true, guard: true });
    return [...ignoreFile(context, IGNORE), { mode: 'keys', path: SETTINGS, format: 'json', claims, reader: READER }];
  },
};
