import { expect, it } from 'vitest';
import { belowNote } from '../../src/agents/below.ts';
import { agents } from '../../src/agents/index.ts';
import { managedSettings } from '../../src/generate/outputs/managed-settings.ts';
import type { Posture } from '../../src/posture/schema.ts';
import { contextOf } from '../generate/support/context.ts';

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

it('says of managed settings that are asked for that they have to be laid, and of a box of their own nothing', () => {
  const own = posture({ agents: ['qwen'], isolation: { runtime: 'command', command: 'docker exec -i dev' } });
  expect(belowNote({ packages }, own)).toContain('managedSettings: true');
  expect(belowNote({ packages }, own)).not.toContain('agent-posture run');
  const asked = posture({ agents: ['qwen'], managedSettings: true });
  expect(belowNote({ packages }, asked)).toMatch(/lay what is in \.agent-posture\/managed\.$/);
});

it('advises managed settings for no agent that has none', () => {
  const deaf = agents.filter(({ goesUp }) => goesUp === false).map(({ id }) => id);
  const context = contextOf('/nowhere', posture({ agents: deaf, managedSettings: true }));
  const laid = managedSettings.render(context).flatMap(one => ('path' in one ? [one.path] : []));
  expect(deaf.length).toBeGreaterThan(0);
  for (const id of deaf)
    expect(laid).toContainEqual(expect.stringMatching(new RegExp(`^\\.agent-posture/managed/${id}/`)));
});
