import { startBare } from '../none.ts';
import type { Runtime } from '../types.ts';

export const native: Runtime = {
  id: 'native',
  title: 'the agent’s own sandbox',
  madeBy: 'agent',
  choice: { label: "the agent's own sandbox", hint: 'its rules: not tried' },
  limits:
    'Covers what the agent starts in its shell; the agent itself, its own file tools, hooks and MCP servers run outside it, under its rules. Only driving the agent proves it.',
  detect: async () => ({ id: 'native', available: true, detail: 'as far as the agent brings one on this system' }),
  approval: () => undefined,
  start: startBare,
};
