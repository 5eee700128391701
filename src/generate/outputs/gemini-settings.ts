import { stringify } from 'smol-toml';
import { inArgument } from '../../agents/expressions.ts';
import { policyRules, READER, VOIDS } from '../../agents/gemini/settings.ts';
import { agentGuards } from '../../agents/guards.ts';
import type { Claim, Output, Rendered } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { hiddenOf, unsaidNote } from './hidden.ts';
import { ignoreFile, takenOut } from './ignore-file.ts';
import { overruledBy } from './overruled.ts';

const SETTINGS = '.gemini/settings.json';
const IGNORE = '.geminiignore';
const POLICY = '.gemini/policies/agent-posture.toml';

export const geminiSettings: Output = {
  id: 'gemini-settings',
  title: 'Gemini CLI: hidden files, and a policy for guards and pushes (once you trust the folder in Gemini CLI)',
  safeguards: ['ISO-1', 'SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  overrules(context) {
    if (!context.posture.agents?.includes('gemini')) return [];
    return [takenOut(context, IGNORE), overruledBy(VOIDS, SETTINGS, false)];
  },
  notes(context) {
    if (!context.posture.agents?.includes('gemini')) return [];
    const { plain, home } = hiddenOf(context);
    return unsaidNote(
      'The policy of Gemini CLI',
      [...plain, ...home],
      line => inArgument('file_path', line) !== undefined,
    );
  },
  render(context) {
    const { posture } = context;
    if (!posture.agents?.includes('gemini')) return [];
    const hidden = hiddenOf(context);
    const rules = policyRules({
      hidden: hidden.plain,
      hiddenInHome: hidden.home,
      guards: agentGuards(posture.agents),
      protectedBranches: protectedPatterns(posture),
    });
    const claims: Claim[] = [
      { path: ['context', 'fileFiltering', 'respectGeminiIgnore'], value: true, guard: true },
      // Where any path is named, the user's own folder is read only if it is named too.
      { path: ['policyPaths'], elements: ['~/.gemini/policies', POLICY], guard: true },
    ];
    if (posture.isolation?.runtime === 'native') {
      claims.push({ path: ['security', 'toolSandboxing'], value: true, guard: true });
      if (posture.isolation.network?.allow.length === 0)
        claims.push({ path: ['tools', 'sandboxNetworkAccess'], value: false, guard: true });
    }
    const files: Rendered[] = [
      { mode: 'owned', path: POLICY, content: stringify({ rule: rules }) },
      { mode: 'keys', path: SETTINGS, format: 'json', claims, reader: READER },
    ];
    return [...ignoreFile(context, IGNORE), ...files];
  },
};
