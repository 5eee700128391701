import { ASKED, hookEntry } from '../../agents/windsurf/settings.ts';
import type { Claim, Output } from '../types.ts';
import { ignoreFile, takenOut } from './ignore-file.ts';

const IGNORE = '.codeiumignore';

export const windsurfSettings: Output = {
  id: 'windsurf-settings',
  title: 'Windsurf: an ignore file, and hooks that keep it from hidden files, guards and pushes',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  overrules: context => (context.posture.agents?.includes('windsurf') ? [takenOut(context, IGNORE)] : []),
  render(context) {
    if (!context.posture.agents?.includes('windsurf')) return [];
    const claims = ASKED.map((event): Claim => ({ path: ['hooks', event], elements: [hookEntry], guard: true }));
    return [...ignoreFile(context, IGNORE), { mode: 'keys', path: '.windsurf/hooks.json', format: 'json', claims }];
  },
};
