import { SETTINGS as CLAUDE_SETTINGS } from '../../agents/claude-code/voids.ts';
import { copilot } from '../../agents/copilot/detect.ts';
import { SETTINGS } from '../../agents/copilot/files.ts';
import { hooksFile, VOIDS } from '../../agents/copilot/settings.ts';
import { agentOutput } from './agent-output.ts';
import { overruledBy } from './overruled.ts';

export const copilotSettings = agentOutput({
  agent: copilot,
  id: 'copilot-settings',
  title:
    'GitHub Copilot CLI: a hook that keeps it from hidden files, guards and pushes (once you trust the folder in it)',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 2,
  overrules: () => [...SETTINGS, ...CLAUDE_SETTINGS].map(path => overruledBy(VOIDS, path)),
  render() {
    const content = `${JSON.stringify(hooksFile(), null, 2)}\n`;
    return [{ mode: 'owned', path: '.github/hooks/agent-posture.json', content }];
  },
});
