import { stringify } from 'smol-toml';
import { asJson, type Managed } from '../managed.ts';
import type { Source } from '../source.ts';
import { policyRules } from './settings.ts';

/**
 * Settings of the system go over all others, and policies of the administrator over all rules; YOLO mode is off. Both have to be
 * root's. Source: https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/enterprise.md and docs/reference/policy-engine.md there.
 */
export const managed: Managed = {
  agent: 'gemini',
  files: [
    { name: 'settings.json', place: '/etc/gemini-cli/settings.json', content: settings },
    {
      name: 'policy.toml',
      place: '/etc/gemini-cli/policies/agent-posture.toml',
      content: source => stringify({ rule: policyRules(source) }),
    },
  ],
};

function settings({ ownSandbox, allow }: Source): string {
  return asJson({
    security: { disableYoloMode: true, ...(ownSandbox ? { toolSandboxing: true } : {}) },
    context: { fileFiltering: { respectGeminiIgnore: true } },
    ...(ownSandbox && allow?.length === 0 ? { tools: { sandboxNetworkAccess: false } } : {}),
  });
}
