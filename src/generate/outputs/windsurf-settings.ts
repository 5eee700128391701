import { windsurf } from '../../agents/windsurf/detect.ts';
import { ASKED, hookEntry } from '../../agents/windsurf/settings.ts';
import type { Claim } from '../types.ts';
import { agentOutput } from './agent-output.ts';

export const windsurfSettings = agentOutput({
  agent: windsurf,
  id: 'windsurf-settings',
  title: 'Windsurf: an ignore file, and hooks that keep it from hidden files, guards and pushes',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 2,
  render() {
    const claims = ASKED.map((event): Claim => ({ path: ['hooks', event], elements: [hookEntry], guard: true }));
    return [{ mode: 'keys', path: '.windsurf/hooks.json', format: 'json', claims }];
  },
});
