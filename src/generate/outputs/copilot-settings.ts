import { SETTINGS } from '../../agents/copilot/files.ts';
import { hooksFile, VOIDS } from '../../agents/copilot/settings.ts';
import type { Output } from '../types.ts';
import { overruledBy } from './overruled.ts';

export const copilotSettings: Output = {
  id: 'copilot-settings',
  title:
    'GitHub Copilot CLI: a hook that keeps it from hidden files, guards and pushes (once you trust the folder in it)',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  overrules({ posture }) {
    if (!posture.agents?.includes('copilot')) return [];
    return [...SETTINGS, '.claude/settings.json', '.claude/settings.local.json'].map(path =>
      overruledBy(VOIDS, path, false),
    );
  },
  render({ posture }) {
    if (!posture.agents?.includes('copilot')) return [];
    const content = `${JSON.stringify(hooksFile(), null, 2)}\n`;
    return [{ mode: 'owned', path: '.github/hooks/agent-posture.json', content }];
  },
};
