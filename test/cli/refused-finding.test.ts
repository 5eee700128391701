import { describe, expect, it, test } from 'vitest';
import { refusedReads } from '../../src/agents/claude-code/refused.ts';
import { denyRules } from '../../src/agents/claude-code/settings.ts';
import { refusedToOne } from '../../src/cli/refused-finding.ts';

const settings = (...deny: unknown[]) => JSON.stringify({ permissions: { deny } });

describe('what Claude Code is refused to read', () => {
  test.each([
    ['Read(./.env)', ['/.env']],
    ['Read(.env)', ['.env']],
    ['Read(/src/keys/**)', ['src/keys/**']],
    ['Read(./secrets/**)', ['secrets/**']],
    ['Read(/**/.env*)', ['.env*']],
    ['Read(~/.ssh/**)', ['~/.ssh/**']],
    // Taken out of their place they would mean the opposite, or something of the home.
    ['Read(**/!.env)', []],
    ['Read(./!**/.env)', []],
    ['Read(./~/.ssh/**)', []],
    // The whole disk, what lies beside the repository, and what is no path at all.
    ['Read(//etc/shadow)', []],
    ['Read(../other/**)', []],
    ['Read', []],
    ['Bash(cat .env)', []],
    ['Edit(./.env)', []],
    [7, []],
  ])('%s is %j', (rule, patterns) => {
    expect(refusedReads(settings(rule))).toEqual(patterns);
  });

  test.each(['', '{', '[]', '{"permissions":{"deny":"Read(x)"}}'])('is nothing in %j', text => {
    expect(refusedReads(text)).toEqual([]);
  });
});

describe('what only one agent is refused', () => {
  const agent = (...patterns: string[]) => ({
    id: 'claude-code',
    title: 'Claude Code',
    version: undefined,
    binary: undefined,
    settings: [],
    ownSandbox: false,
    seen: { path: '.claude' },
    refused: patterns.map(pattern => ({ pattern, seen: { path: '.claude/settings.json' } })),
  });

  it('is told with its file, and what to do about it', () => {
    expect(refusedToOne([agent('a', 'b', 'c', 'd\u202e\n', '.env')], ['.env*'])).toEqual([
      {
        name: 'refused to one',
        state: 'attention',
        detail:
          '.claude/settings.json refuses Claude Code 4 paths that the posture hides from nobody: a, b, c and 1 more',
        next: expect.stringContaining('isolation.files.hide of agent-posture.yaml'),
      },
    ]);
  });

  test.each([
    ['secrets/**', ['secrets/']],
    ['secrets/a.pem', ['*.pem']],
    ['~/.ssh/**', ['~/.ssh']],
    ['~/.ssh/id', ['~/.ssh/**']],
    ['**/*.key', ['*.key']],
  ])('%s is hidden by %j', (pattern, hide) => {
    expect(refusedToOne([agent(pattern)], hide)).toEqual([]);
    expect(refusedToOne([agent(pattern)], ['other'])).toHaveLength(1);
  });

  it('is never what this program wrote itself', () => {
    const hidden = ['.env*', 'keys/', '/one.pem', 'a/b', '*.key'];
    const hiddenInHome = ['~/.ssh', '~/.docker/config.json'];
    const source = { hidden, hiddenInHome, guards: ['.claude/'], protectedBranches: ['main'] };
    const rules = denyRules(source);
    expect(refusedToOne([agent(...refusedReads(settings(...rules)))], [...hidden, ...hiddenInHome])).toEqual([]);
  });

  it.each(['*', '/**', '**/*', '~/**', '~/', '/[', 'a\\'])(
    'is nothing for %j, which hides all there is, or nothing',
    pattern => {
      expect(refusedToOne([agent(pattern)], [])).toEqual([]);
    },
  );

  it('is nothing where nothing is refused', () => {
    expect(refusedToOne([agent()], [])).toEqual([]);
  });
});
