import { cline } from '../../agents/cline/detect.ts';
import { HOOK_PATH, hookScript } from '../../agents/cline/settings.ts';
import { agentOutput } from './agent-output.ts';

export const clineSettings = agentOutput({
  agent: cline,
  id: 'cline-settings',
  title:
    'Cline: an ignore file for its editor extension, and a hook that keeps it from hidden files, guards and pushes',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 2,
  render: () => [{ mode: 'owned', path: HOOK_PATH, content: hookScript(), executable: true }],
});
