import { denyRules, READER, rulePaths, sandboxSettings } from '../../agents/claude-code/settings.ts';
import { SETTINGS, VOIDS } from '../../agents/claude-code/voids.ts';
import { agentGuards } from '../../agents/guards.ts';
import { patternOfPath } from '../../posture/patterns.ts';
import type { Claim, Output } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { hiddenFiles, hiddenOf, unsaidBy } from './hidden.ts';
import { overruledBy } from './overruled.ts';

const [GENERATED] = SETTINGS;

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
    return SETTINGS.map(path => overruledBy(VOIDS, path, ownSandbox && path !== GENERATED));
  },
  notes(context) {
    if (!context.posture.agents?.includes('claude-code')) return [];
    return unsaidBy('A rule of Claude Code', hiddenOf(context), rulePaths);
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
        hidden: [...source.hidden, ...hiddenFiles(context).map(path => `/${patternOfPath(path)}`)],
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
    return [{ mode: 'keys', path: GENERATED, format: 'json', claims, reader: READER }];
  },
};
