import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/base/package.ts';
import { outputs } from '../../src/generate/outputs/index.ts';
import { safeguardOf, safeguards } from '../../src/safeguards/catalogue.ts';
import { pages } from '../../src/safeguards/pages.ts';
import { ATTEMPTS } from '../../src/selftest/types.ts';

/** The article's lines that are quoted, one a line, word for word. */
const ARTICLE = readFileSync(join(packageRoot, 'test', 'fixtures', 'article.txt'), 'utf8');

const IDS = `ISO-1 ISO-2 ISO-3 SEC-1 SEC-2 SEC-3 SEC-4 AUD-1 AUD-2 AUD-3 AUD-4 AUD-5 AUD-6 PRV-1 PRV-2 PRV-3 PRV-4
  VCS-1 VCS-2 VCS-3 VCS-4 MON-1 MON-2 MON-3 MON-4 MON-5 CUL-1 CUL-2 CUL-3 CUL-4 GRD-1 GRD-2 START`.split(/\s+/);

describe('the catalogue', () => {
  it('has every demand once', () => {
    expect(safeguards.map(({ id }) => id)).toEqual(IDS);
    expect(safeguardOf('SEC-1')?.title).toBe('No secrets within reach');
    expect(safeguardOf('sec-1')).toBeUndefined();
  });
  it.each(safeguards)('$id quotes the article word for word', ({ article }) => {
    expect(article.length).toBeGreaterThan(20);
    expect(ARTICLE).toContain(article);
  });
  it.each(safeguards)('$id explains itself in two or three sentences', ({ why, title }) => {
    expect(why.match(/[.?!](\s|$)/g)?.length ?? 0).toBeGreaterThanOrEqual(2);
    expect(why.length).toBeLessThan(420);
    expect(title.length).toBeLessThan(60);
    expect(`${title} ${why}`).not.toMatch(/\bsecure\b/i);
  });
  it.each(safeguards)('$id has an output or says why none, and a try or says why none', ({ generated, proven }) => {
    if ('outputs' in generated) {
      expect(generated.outputs.length).toBeGreaterThan(0);
      expect(new Set(generated.outputs).size).toBe(generated.outputs.length);
      if (generated.planned !== undefined) expect(generated.planned.length).toBeGreaterThan(15);
    } else expect(String(Object.values(generated)[0]).length).toBeGreaterThan(15);
    if ('attempts' in proven) {
      expect(proven.attempts.length).toBeGreaterThan(0);
      expect(proven.attempts.filter(attempt => !(ATTEMPTS as readonly string[]).includes(attempt))).toEqual([]);
      expect(proven.how.length).toBeGreaterThan(40);
    } else expect(String(Object.values(proven)[0]).length).toBeGreaterThan(15);
  });
  it('names places in standards in one way', () => {
    const forms =
      /^(NIST SP 800-53 [A-Z]{2}-\d{1,2}|NIST SP 800-218 P[OSW]\.\d|CIS Controls v8 \d{1,2}\.\d{1,2}|OWASP LLM(0\d|10):2025|OWASP ASI(0\d|10):2026|SLSA v1\.2 Source track)$/;
    expect(safeguards.flatMap(({ standards }) => standards).filter(place => !forms.test(place))).toEqual([]);
    for (const { id, standards } of safeguards) {
      expect(new Set(standards).size, id).toBe(standards.length);
      if (id !== 'START') expect(standards.length, id).toBeGreaterThan(0);
    }
  });
});

describe('the catalogue and the outputs', () => {
  const pairs = (list: readonly { id: string; safeguards: readonly string[] }[]) =>
    list.flatMap(({ id, safeguards: served }) => served.map(safeguard => `${safeguard} ${id}`)).sort();
  it('agree on what serves what', () => {
    const promised = safeguards.flatMap(({ id, generated }) =>
      'outputs' in generated ? generated.outputs.map(output => `${id} ${output}`) : [],
    );
    expect(promised.sort()).toEqual(pairs(outputs));
  });
  it('know each other by their ids: no safeguard names an output that is none, no output one that is none', () => {
    const known = new Set(outputs.map(({ id }) => id));
    const promised = safeguards.flatMap(({ generated }) => ('outputs' in generated ? generated.outputs : []));
    expect(promised.filter(id => !known.has(id))).toEqual([]);
    expect(outputs.flatMap(output => output.safeguards).filter(id => safeguardOf(id) === undefined)).toEqual([]);
    for (const output of outputs) expect(output.safeguards.length, output.id).toBeGreaterThan(0);
  });
});

describe('docs/safeguards', () => {
  it('is what `node scripts/docs.js` writes', () => {
    const folder = join(packageRoot, 'docs', 'safeguards');
    const written = Object.fromEntries(
      readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'utf8')]),
    );
    expect(written).toEqual(Object.fromEntries(pages(outputs)));
  });
});
