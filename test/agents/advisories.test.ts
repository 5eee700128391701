import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it, test } from 'vitest';
import { advisories, advisoriesFor } from '../../src/agents/advisories/index.ts';
import { compareVersions } from '../../src/agents/advisories/versions.ts';
import { packageRoot } from '../../src/base/package.ts';
import { AGENT_IDS } from '../../src/posture/schema.ts';

describe('the table of published weaknesses', () => {
  const unique = <T>(all: readonly T[]) => expect([...new Set(all)]).toEqual(all);

  it('says each once', () => {
    unique(advisories.map(({ id }) => id));
    unique(advisories.map(({ agent, title }) => `${agent}: ${title}`));
    unique(advisories.map(({ source }) => source));
  });

  it('has a line for each file', () => {
    const files = readdirSync(join(packageRoot, 'src/agents/advisories'));
    const agents = files.flatMap(file => AGENT_IDS.filter(id => file === `${id}.ts`));
    expect([...new Set(advisories.map(({ agent }) => agent))].sort()).toEqual(agents.sort());
    expect(files).toHaveLength(agents.length + ['index', 'types', 'versions'].length);
  });

  test.each(advisories)('$id of $agent', ({ id, since, fixedIn, title, source }) => {
    expect(id).toMatch(/^(CVE-20\d\d-\d{4,6}|GHSA(-[\da-z]{4}){3})$/);
    for (const version of [since ?? fixedIn, fixedIn]) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    if (since !== undefined) expect(compareVersions(since, fixedIn)).toBeLessThan(0);
    expect(title).toMatch(/^\S.{10,110}[^.\s]$/);
    // A page that says just this one.
    expect(source).toMatch(
      id.startsWith('GHSA')
        ? new RegExp(`/security/advisories/${id}$`)
        : new RegExp(
            `^https://(github\\.com/[\\w-]+/[\\w-]+/security/advisories/GHSA(-[\\da-z]{4}){3}|www\\.cve\\.org/CVERecord\\?id=${id})$`,
          ),
    );
  });
});

describe('what is published of a version', () => {
  const ids = (...given: Parameters<typeof advisoriesFor>) => advisoriesFor(...given).map(({ id }) => id);

  test.each([
    ['codex', '0.38.0', ['CVE-2025-59532']],
    ['codex', '0.39.0', []],
    ['codex', '0.101.0', []],
    ['codex', '0.102.0', ['CVE-2026-19592']],
    ['codex', '0.131.0', []],
    ['codex', '0.1.2505172129', ['CVE-2025-61260', 'CVE-2025-55345']],
    ['gemini', '0.39.0', ['CVE-2026-12537']],
    ['gemini', '0.39.1-nightly.20260420', ['CVE-2026-12537']],
    ['gemini', '0.40.0-preview.1', []],
    ['copilot', '0.0.423-0', ['CVE-2026-45033', 'CVE-2026-29783']],
    ['copilot', '0.0.423', ['CVE-2026-45033']],
    ['cline', '2.3.0', ['CVE-2026-59723', 'GHSA-9ppg-jx86-fqw7']],
    ['cline', '2.2.3', ['CVE-2026-59723']],
    ['claude-code', '2.1.127', ['CVE-2026-55607', 'CVE-2026-54316', 'CVE-2026-46406']],
    ['claude-code', '2.1.163', []],
    // Its program for the command line is numbered by days.
    ['cursor', '2025.09.18-7ae6800', []],
    // A Debian package of the release that has the fix.
    ['cursor', '3.1.2-1775000000', []],
    ['aider', '0.1.0', []],
    ['no-agent', '0.0.1', []],
    ['claude-code', undefined, []],
    ['claude-code', '', []],
    ['claude-code', 'latest', []],
    ['claude-code', '2', []],
    ['claude-code', '2.0.0 (old)', []],
  ])('%s %s', (agent, version, expected) => {
    expect(ids(agent, version, 'linux')).toEqual(expected);
  });

  it('is of the system where it has that weakness', () => {
    expect(ids('claude-code', '2.1.74', 'win32')).toContain('CVE-2026-35603');
    expect(ids('claude-code', '2.1.74', 'linux')).not.toContain('CVE-2026-35603');
  });

  test.each(advisories)('has $id up to $fixedIn', ({ id, agent, since, fixedIn, platform = 'linux' }) => {
    expect(ids(agent, fixedIn, platform)).not.toContain(id);
    expect(ids(agent, `${fixedIn}-rc.1`, platform)).toContain(id);
    expect(ids(agent, since ?? '0.0.1', platform)).toContain(id);
  });

  property.prop([fc.constantFrom(...AGENT_IDS), fc.string()])(
    'is nothing for words, and never an error',
    (agent, text) => {
      expect(ids(agent, `x${text}`)).toEqual([]);
      expect(() => ids(agent, text)).not.toThrow();
    },
  );
});

describe('the order of versions', () => {
  const numbers = fc.array(fc.nat(), { minLength: 2, maxLength: 4 });
  const version = fc
    .tuple(numbers, fc.constantFrom('', '-rc.1', '-0', '~beta', '+build', 'rc1', '-1731513102'))
    .map(([parts, tag]) => `${parts.join('.')}${tag}`);
  const sign = (a: string, b: string) => Math.sign(compareVersions(a, b) ?? Number.NaN);

  property.prop([version, version])('turns round with its sides', (a, b) => {
    expect(sign(a, b) + sign(b, a)).toBe(0);
    expect(sign(a, a)).toBe(0);
  });

  property.prop([version, version, version])('goes on from one to the next', (a, b, c) => {
    const [low, middle, high] = [a, b, c].sort(sign) as [string, string, string];
    expect(sign(low, middle)).toBeLessThanOrEqual(0);
    expect(sign(middle, high)).toBeLessThanOrEqual(0);
    expect(sign(low, high)).toBeLessThanOrEqual(0);
  });

  property.prop([numbers, fc.nat(3), fc.integer({ min: 1, max: 1000 })])(
    'goes by the first number that differs',
    (parts, at, by) => {
      const place = at % parts.length;
      const later = parts.map((part, index) => (index === place ? part + by : index > place ? 0 : part));
      expect(sign(parts.join('.'), later.join('.'))).toBe(-1);
      expect(sign(parts.join('.'), `${later.join('.')}-rc.1`)).toBe(-1);
    },
  );

  property.prop([numbers])('puts what is made before a release before it, and after the one before', parts => {
    const release = parts.join('.');
    for (const tag of ['-0', '-rc.1', '~rc1', 'b2', '-nightly.20260420+abc'])
      expect(sign(release + tag, release)).toBe(-1);
    for (const tag of ['', '+build.7', '-1731513102']) expect(sign(release + tag, release)).toBe(0);
    expect(sign(`v${release}`, release)).toBe(0);
    if (parts.length < 4) expect(sign(release, `${release}.0`)).toBe(0);
  });
});
