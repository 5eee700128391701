import { filesystemRules, PROFILE, rulePaths } from '../../agents/codex/settings.ts';
import type { Claim, Output } from '../types.ts';
import { guardsThere } from './guards.ts';
import { hiddenOf, unsaidBy } from './hidden.ts';

export const codexConfig: Output = {
  id: 'codex-config',
  title:
    'Codex: a permission profile that hides files and keeps guards read-only (once you trust the project in Codex)',
  safeguards: ['ISO-1', 'SEC-1', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  notes(context) {
    if (!context.posture.agents?.includes('codex')) return [];
    return unsaidBy('The profile of Codex', hiddenOf(context), rulePaths);
  },
  render(context) {
    const { posture } = context;
    if (!posture.agents?.includes('codex')) return [];
    const hidden = hiddenOf(context);
    const { home, workspace } = filesystemRules({
      hidden: hidden.plain,
      hiddenInHome: hidden.home,
      guards: guardsThere(context),
    });
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
};
