import { aider } from '../../agents/aider/detect.ts';
import { ENFORCED, IGNORE, SETTINGS, VOIDS } from '../../agents/aider/settings.ts';
import type { Claim } from '../types.ts';
import { agentOutput, rulesOf } from './agent-output.ts';
import { ignoreLines, takenOut } from './ignore-file.ts';
import { overruledBy } from './overruled.ts';

export const aiderSettings = agentOutput({
  agent: aider,
  id: 'aider-settings',
  title: 'Aider: an ignore file for hidden files and guards, and commits that go through the hooks',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  overrules: context => [takenOut(context, IGNORE), overruledBy(VOIDS, SETTINGS, { format: 'yaml' })],
  render(context) {
    const claims = Object.entries(ENFORCED).map(([key, value]): Claim => ({ path: [key], value, guard: true }));
    // It has no other rules, so that the guards stand in its ignore file as well, whatever is hidden.
    const lines = [...ignoreLines(context), ...rulesOf(context).guards.map(guard => `/${guard}`)];
    return [
      { mode: 'block', path: IGNORE, comment: '#', lines },
      { mode: 'keys', path: SETTINGS, format: 'yaml', claims },
    ];
  },
});
