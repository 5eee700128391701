import { claudeCode } from '../../agents/claude-code/detect.ts';
import { denyRules, rulePaths, sandboxSettings } from '../../agents/claude-code/settings.ts';
import { MISSHAPEN } from '../../agents/claude-code/shapes.ts';
import { SETTINGS, VOIDS } from '../../agents/claude-code/voids.ts';
import { patternOfPath } from '../../posture/patterns.ts';
import type { Claim } from '../types.ts';
import { agentOutput, rulesOf } from './agent-output.ts';
import { hiddenFiles, unsaidBy } from './hidden.ts';
import { overruledBy } from './overruled.ts';

const [GENERATED] = SETTINGS;

export const claudeSettings = agentOutput({
  agent: claudeCode,
  id: 'claude-code-settings',
  title: 'Claude Code: rules for hidden files, guards and pushes, and its sandbox where it is the box',
  safeguards: ['ISO-1', 'SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 1,
  overrules(context) {
    const { ownSandbox } = rulesOf(context);
    // What the generated file itself has to say of the sandbox is a claim of its own.
    return SETTINGS.map(path =>
      path === GENERATED ? overruledBy([...VOIDS, ...MISSHAPEN], path) : overruledBy(VOIDS, path, { ownSandbox }),
    );
  },
  notes: hidden => unsaidBy('A rule of Claude Code', hidden, rulePaths),
  render(context) {
    const rules = rulesOf(context);
    const claims: Claim[] = [{ path: ['permissions', 'deny'], elements: denyRules(rules), guard: true }];
    if (rules.ownSandbox) {
      const sandbox = sandboxSettings({
        ...rules,
        hidden: [...rules.hidden, ...hiddenFiles(context).map(path => `/${patternOfPath(path)}`)],
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
});
