import { ASKED, denyRules, hookEntry, rulePaths, SANDBOX_VOIDS } from '../../agents/cursor/settings.ts';
import { agentGuards } from '../../agents/guards.ts';
import type { Claim, Output, Rendered } from '../types.ts';
import { hiddenOf, unsaidBy } from './hidden.ts';
import { ignoreFile, takenOut } from './ignore-file.ts';
import { overruledBy } from './overruled.ts';

const IGNORE = '.cursorignore';
const SANDBOX = '.cursor/sandbox.json';

export const cursorSettings: Output = {
  id: 'cursor-settings',
  title:
    'Cursor: an ignore file, rules and hooks for hidden files, guards and pushes, and its sandbox where it is the box',
  safeguards: ['ISO-1', 'SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  overrules(context) {
    const { posture } = context;
    if (!posture.agents?.includes('cursor')) return [];
    return [takenOut(context, IGNORE), overruledBy(SANDBOX_VOIDS, SANDBOX, posture.isolation?.runtime === 'native')];
  },
  notes(context) {
    if (!context.posture.agents?.includes('cursor')) return [];
    return unsaidBy('A rule of Cursor', hiddenOf(context), rulePaths);
  },
  render(context) {
    const { posture } = context;
    if (!posture.agents?.includes('cursor')) return [];
    const hidden = hiddenOf(context);
    const deny = denyRules({
      hidden: hidden.plain,
      hiddenInHome: hidden.home,
      guards: agentGuards(posture.agents),
    });
    const files: Rendered[] = [
      {
        mode: 'keys',
        path: '.cursor/cli.json',
        format: 'json',
        // Both lists have to be there: https://cursor.com/docs/cli/reference/configuration.
        claims: [
          { path: ['permissions', 'allow'], value: [], guard: false },
          { path: ['permissions', 'deny'], elements: deny, guard: true },
        ],
      },
      {
        mode: 'keys',
        path: '.cursor/hooks.json',
        format: 'json',
        claims: [
          { path: ['version'], value: 1, guard: true },
          ...ASKED.map((event): Claim => ({ path: ['hooks', event], elements: [hookEntry], guard: true })),
        ],
      },
    ];
    const { isolation } = posture;
    if (isolation?.runtime === 'native') {
      const claims: Claim[] = [{ path: ['type'], value: 'workspace_readwrite', guard: true }];
      if (isolation.network)
        claims.push(
          { path: ['networkPolicy', 'default'], value: 'deny', guard: true },
          {
            path: ['networkPolicy', 'allow'],
            elements: isolation.network.allow.map(host => host.replace(/:\d+$/, '')),
            guard: true,
          },
        );
      files.push({ mode: 'keys', path: SANDBOX, format: 'json', claims });
    }
    return [...ignoreFile(context, IGNORE), ...files];
  },
};
