import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { hasBox } from '../labs/box.ts';
import { POSTURE, program, world } from '../support/program.ts';

const DECLARED = POSTURE.replace(
  /^repository:$/m,
  'repository:\n  agentIdentity: { name: shop agent, email: agent@shop.invalid }',
);
const COMMIT = ['run', '--', 'sh', '-c', 'echo b > b && git add b && git commit -qm one'];

/** As whom a commit is made in the box, by real git. */
async function commits(posture: string, env: Record<string, string> = {}): Promise<string> {
  const given = world({ 'agent-posture.yaml': posture, a: 'a\n' });
  const { code, stderr } = await program({ ...given, env: { ...given.env, ...env } }, COMMIT);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const log = spawnSync('git', ['log', '-1', '--format=%an <%ae>, %cn <%ce>'], {
    cwd: given.root,
    env: given.env,
    encoding: 'utf8',
  });
  return log.stdout.trim();
}

describe.skipIf(!hasBox)('a commit in the box', () => {
  test("is the agent's, where one is declared", async () => {
    const agent = 'shop agent <agent@shop.invalid>';
    expect(await commits(DECLARED)).toBe(`${agent}, ${agent}`);
  });

  test("keeps to the user's own variables", async () => {
    expect(await commits(DECLARED, { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.com' })).toBe(
      'Ada <ada@example.com>, shop agent <agent@shop.invalid>',
    );
  });

  test('is nobody’s by half', async () => {
    expect(await commits(DECLARED, { GIT_AUTHOR_NAME: 'Ada' })).toMatch(
      /^Ada <(?!agent@)[^>]*>, shop agent <agent@shop\.invalid>$/,
    );
  });

  test("is the user's, where no identity is declared", async () => {
    expect(await commits(POSTURE)).not.toContain('agent');
  });
});
