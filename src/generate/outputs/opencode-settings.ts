import { opencode } from '../../agents/opencode/detect.ts';
import { SETTINGS } from '../../agents/opencode/files.ts';
import { denied, loosens, rulePaths } from '../../agents/opencode/settings.ts';
import type { Claim } from '../types.ts';
import { agentOutput, rulesOf } from './agent-output.ts';
import { unsaidBy } from './hidden.ts';
import { parsedText } from './overruled.ts';

const [GENERATED] = SETTINGS;

/** The manifest names no longer keys. */
const LONGEST = 400;

export const opencodeSettings = agentOutput({
  agent: opencode,
  id: 'opencode-settings',
  title: 'opencode: permissions for hidden files, guards and pushes (it has no sandbox)',
  safeguards: ['SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  overrules: () =>
    SETTINGS.map(path => ({
      path,
      weaker: text => {
        const found = loosens(parsedText('json', text));
        return found.length > 0 ? found.join('; ') : undefined;
      },
    })),
  notes: hidden =>
    unsaidBy('A permission of opencode', hidden, pattern =>
      rulePaths(pattern)?.every(path => path.length <= LONGEST - 5) ? true : undefined,
    ),
  render(context) {
    const claims = Object.entries(denied(rulesOf(context))).flatMap(([tool, patterns]) =>
      [...new Set(patterns)]
        .filter(pattern => pattern.length <= LONGEST)
        .map((pattern): Claim => ({ path: ['permission', tool, pattern], value: 'deny', guard: true })),
    );
    // opencode itself asks before it reads these, which nobody answers where it runs alone.
    const examples: Claim = { path: ['permission', 'read', '*.env.*.example'], value: 'allow' };
    return [{ mode: 'keys', path: GENERATED, format: 'json', claims: [examples, ...claims] }];
  },
});
