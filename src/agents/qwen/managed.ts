import { asJson, everywhere, type Managed } from '../managed.ts';
import type { Source } from '../source.ts';
import { denyRules } from './settings.ts';

/**
 * Settings of the system go over all others, and they alone, with a person's own, can confine its tools on Linux.
 * Source: https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/ and its page on the sandbox.
 */
export const managed: Managed = {
  agent: 'qwen',
  files: [{ name: 'settings.json', place: '/etc/qwen-code/settings.json', content }],
};

function content(source: Source): string {
  const network = source.allow === undefined ? 'open' : 'closed';
  return asJson({
    permissions: { deny: everywhere(denyRules(source)) },
    context: { fileFiltering: { respectQwenIgnore: true } },
    ...(source.ownSandbox ? { tools: { executionSandbox: { filesystem: 'workspace-write', network } } } : {}),
  });
}
