import { qwen } from '../../agents/qwen/detect.ts';
import { denyRules, rulePaths, VOIDS } from '../../agents/qwen/settings.ts';
import type { Claim } from '../types.ts';
import { agentOutput, rulesOf } from './agent-output.ts';
import { unsaidBy } from './hidden.ts';
import { overruledBy } from './overruled.ts';

const SETTINGS = '.qwen/settings.json';

export const qwenSettings = agentOutput({
  agent: qwen,
  id: 'qwen-settings',
  title: 'Qwen Code: rules for hidden files, guards and pushes, and its sandbox where it is the box',
  safeguards: ['ISO-1', 'SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  overrules: () => [overruledBy(VOIDS, SETTINGS)],
  notes: hidden => unsaidBy('A rule of Qwen Code', hidden, rulePaths),
  render(context) {
    const rules = rulesOf(context);
    const claims: Claim[] = [
      { path: ['permissions', 'deny'], elements: denyRules(rules), guard: true },
      { path: ['context', 'fileFiltering', 'respectQwenIgnore'], value: true, guard: true },
    ];
    // On Linux it is a container: what confines its tools there is read from a person's or a machine's settings alone.
    if (rules.ownSandbox) claims.push({ path: ['tools', 'sandbox'], value: true, guard: true });
    return [{ mode: 'keys', path: SETTINGS, format: 'json', claims }];
  },
});
