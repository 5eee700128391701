import { expect, it } from 'vitest';
import { belowNote } from '../../src/agents/below.ts';
import type { Posture } from '../../src/posture/schema.ts';

const packages = ['apps/web', 'packages/api'];
const posture = (more: Partial<Posture>): Posture => ({ version: 1, project: 'x', ...more });

it('says of agents that take no settings from above where to start them, and of others nothing', () => {
  const boxed = posture({ agents: ['claude-code', 'opencode', 'qwen'], isolation: { runtime: 'bubblewrap' } });
  expect(belowNote({ packages }, boxed)).toBe(
    "Started in a folder below, such as apps/web, Claude Code and Qwen Code take none of this repository's settings: start them in the root, or with agent-posture run, whose box holds in every folder.",
  );
  const bare = posture({ agents: ['gemini'] });
  expect(belowNote({ packages }, bare)).toContain('Gemini CLI takes none');
  expect(belowNote({ packages }, bare)).toContain('managedSettings: true');
  expect(belowNote({ packages }, posture({ agents: ['codex', 'opencode'] }))).toBeUndefined();
  expect(belowNote({ packages: [] }, boxed)).toBeUndefined();
  expect(belowNote({}, boxed)).toBeUndefined();
});
