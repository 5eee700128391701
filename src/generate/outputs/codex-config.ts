import { codex } from '../../agents/codex/detect.ts';
import { filesystemRules, PROFILE, rulePaths } from '../../agents/codex/settings.ts';
import type { Claim } from '../types.ts';
import { agentOutput, rulesOf } from './agent-output.ts';
import { guardsLaid } from './guards.ts';
import { unsaidBy } from './hidden.ts';

export const codexConfig = agentOutput({
  agent: codex,
  id: 'codex-config',
  title:
    'Codex: a permission profile that hides files and keeps guards read-only (once you trust the project in Codex)',
  safeguards: ['ISO-1', 'SEC-1', 'GRD-1'],
  templateVersion: 1,
  notes: hidden => unsaidBy('The profile of Codex', hidden, rulePaths),
  render(context) {
    const { home, workspace } = filesystemRules({ ...rulesOf(context), guards: guardsLaid(context) });
    const profile = ['permissions', PROFILE];
    const claims: Claim[] = [
      { path: ['default_permissions'], value: PROFILE, guard: true },
      { path: [...profile, 'extends'], value: ':workspace', guard: true },
      // Folders deep that a pattern is looked for where the kernel knows no patterns.
      { path: [...profile, 'filesystem', 'glob_scan_max_depth'], value: 16, guard: true },
      ...Object.entries(home).map(
        ([path, value]): Claim => ({ path: [...profile, 'filesystem', path], value, guard: true }),
      ),
      ...Object.entries(workspace).map(
        ([path, value]): Claim => ({ path: [...profile, 'filesystem', ':workspace_roots', path], value, guard: true }),
      ),
    ];
    return [{ mode: 'keys', path: '.codex/config.toml', format: 'toml', claims }];
  },
});
