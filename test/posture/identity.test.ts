import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressProblem, nameProblem } from '../../src/posture/identity.ts';

/** What git makes of a name and an address: the author of a commit, or undefined where it makes none. */
function committedAs(name: string, email: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'identity-'));
  try {
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_COMMITTER_NAME: 'x',
      GIT_COMMITTER_EMAIL: 'x@y',
    };
    const git = (...args: string[]) => spawnSync('git', args, { cwd: folder, env, encoding: 'utf8' });
    git('init', '-q');
    if (git('commit', '-q', '--allow-empty', '-m', 'x').status !== 0) return undefined;
    return git('log', '--format=%an <%ae>').stdout.trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the identity of an agent', () => {
  it.each(['shop-api agent', 'Größe', "O'Neill, Bot", '7'])('takes the name %j, under which git commits', name => {
    expect(nameProblem(name)).toBeUndefined();
    expect(committedAs(name, 'a@b.c')).toBe(`${name} <a@b.c>`);
  });

  it.each(['.', '. ,;', '"', ' ', "'"])('refuses the name %j, under which git does not commit', name => {
    expect(nameProblem(name)).toBeDefined();
    expect(committedAs(name, 'a@b.c')).toBeUndefined();
  });

  it.each(['"...@..."', '.@.', 'a@...', '@b', 'a b@c', 'a@b@c'])('refuses the address %j', email => {
    expect(addressProblem(email)).toBeDefined();
  });

  it.each(['agent@example.com', 'a@b', 'agent@shop-api.invalid'])('takes the address %j', email => {
    expect(addressProblem(email)).toBeUndefined();
    expect(committedAs('x', email)).toBe(`x <${email}>`);
  });
});
