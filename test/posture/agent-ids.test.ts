import { expect, it } from 'vitest';
import { agents } from '../../src/agents/index.ts';
import { parsePosture } from '../../src/posture/load.ts';
import { AGENT_IDS } from '../../src/posture/schema.ts';

it('knows the agents of the registry, and takes no other for one', () => {
  expect([...AGENT_IDS].sort()).toEqual(agents.map(({ id }) => id).sort());
  expect(() => parsePosture('version: 1\nproject: x\nagents: [claude-cod]\n', 'p.yaml')).toThrow(
    'p.yaml:3:10: entry 1 of "agents" is "claude-cod" (did you mean "claude-code"?)',
  );
});
