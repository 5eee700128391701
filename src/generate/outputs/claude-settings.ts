import { denyRules, sandboxSettings } from '../../agents/claude-code/settings.ts';
import { SETTINGS, voids } from '../../agents/claude-code/voids.ts';
import { agentGuards } from '../../agents/guards.ts';
import { formats } from '../formats/index.ts';
import { FormatProblem } from '../formats/types.ts';
import type { Claim, Output } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { hiddenFiles, hiddenOf } from './hidden.ts';

const [GENERATED] = SETTINGS;

/** What cannot be read is not obeyed either. */
function parsed(text: string): unknown {
  try {
    return formats.json.parse(text).value;
  } catch (error) {
    if (error instanceof FormatProblem) return undefined;
    throw error;
  }
}

export const claudeSettings: Output = {
  id: 'claude-code-settings',
  title: 'Claude Code: rules for hidden files, guards and pushes, and its sandbox where it is the box',
  safeguards: ['ISO-1', 'SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  overrules({ posture }) {
    if (!posture.agents?.includes('claude-code')) return [];
    const ownSandbox = posture.isolation?.runtime === 'native';
    // What the generated file itself has to say of the sandbox is a claim of its own.
    return SETTINGS.map(path => ({
      path,
      weaker: text => {
        const found = voids(parsed(text), ownSandbox && path !== GENERATED);
        return found.length > 0 ? `${found.join('; ')}: take it out there` : undefined;
      },
    }));
  },
  render(context) {
    const { posture } = context;
    if (!posture.agents?.includes('claude-code')) return [];
    const hidden = hiddenOf(context);
    const source = {
      hidden: hidden.plain,
      hiddenInHome: hidden.home,
      guards: agentGuards(posture.agents),
      protectedBranches: protectedPatterns(posture),
      allow: posture.isolation?.network?.allow,
      ownSandbox: posture.isolation?.runtime === 'native',
    };
    const claims: Claim[] = [{ path: ['permissions', 'deny'], elements: denyRules(source), guard: true }];
    if (source.ownSandbox) {
      const sandbox = sandboxSettings({
        ...source,
        hidden: [...source.hidden, ...hiddenFiles(context).map(path => `/${path}`)],
      });
      claims.push(
        { path: ['sandbox', 'enabled'], value: sandbox.enabled, guard: true },
        { path: ['sandbox', 'failIfUnavailable'], value: sandbox.failIfUnavailable, guard: true },
        { path: ['sandbox', 'allowUnsandboxedCommands'], value: sandbox.allowUnsandboxedCommands, guard: true },
        { path: ['sandbox', 'filesystem', 'denyRead'], elements: [...new Set(sandbox.denyRead)], guard: true },
        { path: ['sandbox', 'filesystem', 'denyWrite'], elements: sandbox.denyWrite, guard: true },
      );
      if (sandbox.allowedDomains)
        claims.push({ path: ['sandbox', 'network', 'allowedDomains'], elements: sandbox.allowedDomains, guard: true });
    }
    return [{ mode: 'keys', path: GENERATED, format: 'json', claims }];
  },
};
