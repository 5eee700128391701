import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/base/package.ts';
import { outputs } from '../../src/generate/outputs/index.ts';
import { articlePage } from '../../src/safeguards/article.ts';
import { safeguardOf, safeguards } from '../../src/safeguards/catalogue.ts';
import { demands } from '../../src/safeguards/demands.ts';
import { pages } from '../../src/safeguards/pages.ts';
import { ATTEMPTS } from '../../src/selftest/types.ts';
import { steps } from '../../src/wizard/steps/index.ts';

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
});

describe('the catalogue and the wizard', () => {
  it.each(safeguards)('$id names questions that there are, or says why none', ({ question }) => {
    const known = steps.map(({ id }) => id);
    if ('steps' in question) {
      expect(question.steps.length).toBeGreaterThan(0);
      expect(question.steps.filter(id => !known.includes(id))).toEqual([]);
    } else expect(question.none.length).toBeGreaterThan(15);
  });

  it('no question is asked for nothing', () => {
    const named = new Set(safeguards.flatMap(({ question }) => ('steps' in question ? question.steps : [])));
    expect(steps.map(({ id }) => id).filter(id => !named.has(id))).toEqual([]);
  });
});

describe('the demands of the article', () => {
  // Some blanks of the article were lost where its links stood.
  const bare = (text: string) => text.replace(/\s+/g, '');
  const all = demands.flatMap(section => section.demands);
  it('are its own words, in its own order, under its own headings', () => {
    let at = -1;
    for (const { heading, demands: asked } of demands)
      for (const says of [heading, ...asked.map(demand => demand.says)]) {
        const next = bare(ARTICLE).indexOf(bare(says), at + 1);
        expect(next, says).toBeGreaterThan(at);
        at = next;
      }
  });
  it('leave out none of its lists', () => {
    const points = ARTICLE.split('\n').filter(line => line.startsWith('- '));
    expect(points).toHaveLength(25);
    const said = all.map(({ says }) => bare(says));
    expect(points.filter(point => !said.some(says => says.startsWith(bare(point.slice(2)))))).toEqual([]);
  });
  it('are answered by safeguards, and every safeguard answers one', () => {
    const answering = new Set(all.flatMap(({ safeguards: ids }) => ids));
    expect([...answering].sort()).toEqual(safeguards.map(({ id }) => id).sort());
  });
  it('quote what the safeguards quote', () => {
    for (const { id, article } of safeguards)
      expect(
        all.some(({ says, safeguards: ids }) => ids.includes(id) && bare(says).includes(bare(article))),
        id,
      ).toBe(true);
  });
  it('are walked in docs/article.md as `node scripts/docs.js` writes it', () => {
    const page = articlePage(outputs, steps);
    expect(readFileSync(join(packageRoot, 'docs', 'article.md'), 'utf8')).toBe(page);
    for (const { id } of safeguards)
      expect(page.match(new RegExp(`^\\*\\*\\[${id}\\].*\\*\\*$`, 'gm'))).toHaveLength(1);
    for (const { says } of all) expect(page).toContain(`\n> ${says}\n`);
    expect(page).not.toMatch(/undefined|\(\)/);
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
