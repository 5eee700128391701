import { ENFORCED, IGNORE, SETTINGS, VOIDS } from '../../agents/aider/settings.ts';
import { agentGuards } from '../../agents/guards.ts';
import type { Claim, Output, Rendered } from '../types.ts';
import { ignoreLines, takenOut } from './ignore-file.ts';
import { overruledBy } from './overruled.ts';

export const aiderSettings: Output = {
  id: 'aider-settings',
  title: 'Aider: an ignore file for hidden files and guards, and commits that go through the hooks',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  overrules(context) {
    if (!context.posture.agents?.includes('aider')) return [];
    return [takenOut(context, IGNORE), overruledBy(VOIDS, SETTINGS, false, 'yaml')];
  },
  render(context) {
    const { agents } = context.posture;
    if (!agents?.includes('aider')) return [];
    const claims = Object.entries(ENFORCED).map(([key, value]): Claim => ({ path: [key], value, guard: true }));
    const lines = [...ignoreLines(context), ...agentGuards(agents).map(guard => `/${guard}`)];
    const files: Rendered[] = [
      { mode: 'block', path: IGNORE, comment: '#', lines },
      { mode: 'keys', path: SETTINGS, format: 'yaml', claims },
    ];
    return files;
  },
};
