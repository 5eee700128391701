import { cursor } from '../../agents/cursor/detect.ts';
import { ASKED, denyRules, hookEntry, rulePaths, SANDBOX_VOIDS } from '../../agents/cursor/settings.ts';
import { withoutPort } from '../../posture/address.ts';
import type { Claim, Rendered } from '../types.ts';
import { agentOutput, rulesOf } from './agent-output.ts';
import { unsaidBy } from './hidden.ts';
import { overruledBy } from './overruled.ts';

const SANDBOX = '.cursor/sandbox.json';

export const cursorSettings = agentOutput({
  agent: cursor,
  id: 'cursor-settings',
  title:
    'Cursor: an ignore file, rules and hooks for hidden files, guards and pushes, and its sandbox where it is the box',
  safeguards: ['ISO-1', 'SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 2,
  overrules: context => [overruledBy(SANDBOX_VOIDS, SANDBOX, { ownSandbox: rulesOf(context).ownSandbox })],
  notes: hidden => unsaidBy('A rule of Cursor', hidden, rulePaths),
  render(context) {
    const rules = rulesOf(context);
    const files: Rendered[] = [
      {
        mode: 'keys',
        path: '.cursor/cli.json',
        format: 'json',
        // Both lists have to be there: https://cursor.com/docs/cli/reference/configuration.
        claims: [
          { path: ['permissions', 'allow'], value: [], guard: false },
          { path: ['permissions', 'deny'], elements: denyRules(rules), guard: true },
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
    if (rules.ownSandbox) {
      const claims: Claim[] = [{ path: ['type'], value: 'workspace_readwrite', guard: true }];
      if (rules.allow)
        claims.push(
          { path: ['networkPolicy', 'default'], value: 'deny', guard: true },
          {
            path: ['networkPolicy', 'allow'],
            elements: rules.allow.map(withoutPort),
            guard: true,
          },
        );
      files.push({ mode: 'keys', path: SANDBOX, format: 'json', claims });
    }
    return files;
  },
});
