import { stringify } from 'smol-toml';
import { inArgument } from '../../agents/expressions.ts';
import { gemini } from '../../agents/gemini/detect.ts';
import { policyRules, VOIDS } from '../../agents/gemini/settings.ts';
import type { Claim } from '../types.ts';
import { agentOutput, rulesOf } from './agent-output.ts';
import { unsaidNote } from './hidden.ts';
import { overruledBy } from './overruled.ts';

const SETTINGS = '.gemini/settings.json';
const POLICY = '.gemini/policies/agent-posture.toml';

export const geminiSettings = agentOutput({
  agent: gemini,
  id: 'gemini-settings',
  title: 'Gemini CLI: hidden files, and a policy for guards and pushes (once you trust the folder in Gemini CLI)',
  safeguards: ['ISO-1', 'SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  overrules: () => [overruledBy(VOIDS, SETTINGS)],
  notes: ({ plain, home }) =>
    unsaidNote('The policy of Gemini CLI', [...plain, ...home], line => inArgument('file_path', line) !== undefined),
  render(context) {
    const rules = rulesOf(context);
    const claims: Claim[] = [
      { path: ['context', 'fileFiltering', 'respectGeminiIgnore'], value: true, guard: true },
      // Where any path is named, the user's own folder is read only if it is named too.
      { path: ['policyPaths'], elements: ['~/.gemini/policies', POLICY], guard: true },
    ];
    if (rules.ownSandbox) {
      claims.push({ path: ['security', 'toolSandboxing'], value: true, guard: true });
      if (rules.allow?.length === 0)
        claims.push({ path: ['tools', 'sandboxNetworkAccess'], value: false, guard: true });
    }
    return [
      { mode: 'owned', path: POLICY, content: stringify({ rule: policyRules(rules) }) },
      { mode: 'keys', path: SETTINGS, format: 'json', claims },
    ];
  },
});
