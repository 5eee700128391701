import { agentGuards } from '../../agents/guards.ts';
import { SETTINGS } from '../../agents/opencode/files.ts';
import { denied, loosens, rulePaths } from '../../agents/opencode/settings.ts';
import type { Claim, Output } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { hiddenOf, unsaidBy } from './hidden.ts';
import { parsedText } from './overruled.ts';

const [GENERATED] = SETTINGS;

/** The manifest names no longer keys. */
const LONGEST = 400;

export const opencodeSettings: Output = {
  id: 'opencode-settings',
  title: 'opencode: permissions for hidden files, guards and pushes (it has no sandbox)',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  overrules({ posture }) {
    if (!posture.agents?.includes('opencode')) return [];
    return SETTINGS.map(path => ({
      path,
      weaker: text => {
        const found = loosens(parsedText('json', text));
        return found.length > 0 ? found.join('; ') : undefined;
      },
    }));
  },
  notes(context) {
    if (!context.posture.agents?.includes('opencode')) return [];
    return unsaidBy('A permission of opencode', hiddenOf(context), pattern =>
      rulePaths(pattern)?.every(path => path.length <= LONGEST - 5) ? true : undefined,
    );
  },
  render(context) {
    const { posture } = context;
    if (!posture.agents?.includes('opencode')) return [];
    const hidden = hiddenOf(context);
    const rules = denied({
      hidden: hidden.plain,
      hiddenInHome: hidden.home,
      guards: agentGuards(posture.agents),
      protectedBranches: protectedPatterns(posture),
    });
    const claims = Object.entries(rules).flatMap(([tool, patterns]) =>
      [...new Set(patterns)]
        .filter(pattern => pattern.length <= LONGEST)
        .map((pattern): Claim => ({ path: ['permission', tool, pattern], value: 'deny', guard: true })),
    );
    // opencode itself asks before it reads these, which nobody answers where it runs alone.
    const examples: Claim = { path: ['permission', 'read', '*.env.*.example'], value: 'allow' };
    return [{ mode: 'keys', path: GENERATED, format: 'json', claims: [examples, ...claims] }];
  },
};
