import { HOOK_PATH, hookScript } from '../../agents/cline/settings.ts';
import type { Output } from '../types.ts';
import { ignoreFile, takenOut } from './ignore-file.ts';

const IGNORE = '.clineignore';

export const clineSettings: Output = {
  id: 'cline-settings',
  title:
    'Cline: an ignore file for its editor extension, and a hook that keeps it from hidden files, guards and pushes',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  overrules: context => (context.posture.agents?.includes('cline') ? [takenOut(context, IGNORE)] : []),
  render(context) {
    if (!context.posture.agents?.includes('cline')) return [];
    return [
      ...ignoreFile(context, IGNORE),
      { mode: 'owned', path: HOOK_PATH, content: hookScript(), executable: true },
    ];
  },
};
