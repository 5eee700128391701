import { createHash } from 'node:crypto';
import { HtmlValidate } from 'html-validate';
import { describe, expect, test } from 'vitest';
import { htmlReport } from '../../src/report/html.ts';
import type { Report } from '../../src/selftest/types.ts';
import { parseHtml } from './parsed.ts';
import { host, report, row, shop } from './sample.ts';

/** What a reader sees, from top to bottom. */
const body = (given: Report) => parseHtml(htmlReport(given)).find(({ name }) => name === 'body')?.text ?? '';

/** How far down each of `parts` stands; fails where one is missing. */
function order(text: string, parts: readonly string[]): number[] {
  return parts.map(part => {
    const at = text.indexOf(part);
    expect(at, part).toBeGreaterThanOrEqual(0);
    return at;
  });
}

test('is ordered as the text report is', () => {
  const places = order(body({ ...shop(), notes: ['a note'] }), [
    'shop-api',
    'REACHED 8 things. 2 open production.',
    'NEW since 21 November 2026',
    'PRODUCTION',
    '~/.aws/credentials',
    'db.prod.example.com:5432',
    'ITS OWN GUARD',
    'OTHER SECRETS',
    'and 4 more',
    'TOO TIGHT',
    'Held41',
    'FIXES',
    'agent-posture fix sandbox',
    'a note',
    'compared with the run of',
  ]);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test('commands are not broken over lines, and are marked whole', () => {
  const unapproved = row({ target: 'db:5432', attempt: 'connect', verdict: 'skipped', unapproved: 'a'.repeat(64) });
  expect(htmlReport(report([unapproved]))).toMatch(
    /not approved; <span class="whole">agent-posture<\/span> test <span class="whole">--trust=a+<\/span> or answer/,
  );
  const page = htmlReport(shop());
  expect(page).toContain('<code class="command">agent-posture fix sandbox</code>');
  expect(/\.command \{([^}]*)\}/.exec(page)?.[1]).toMatch(/white-space: pre;.*user-select: all/);
});

test('says first what nobody approved, then what is not proven and what could not be tried', () => {
  const text = body(
    report(
      [
        row({ target: 'db:5432', attempt: 'connect', verdict: 'skipped', unapproved: 'a'.repeat(64) }),
        row({ target: 'x', verdict: 'inconclusive', reason: 'VPN off?' }),
      ],
      { vantages: [host, { ...host, id: 'agent:codex', title: 'Codex', available: false, reason: 'not driven' }] },
    ),
  );
  const places = order(text, [
    'NOTHING PROVEN.',
    'not tried: db:5432, not approved',
    'Codex could not be tried: not driven',
    'not proven: x (VPN off?)',
    'Held0',
  ]);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

describe('the page needs nothing beside it', () => {
  const elements = parseHtml(htmlReport(shop()));

  test('no script, no picture, no frame, no form, no address', () => {
    const kinds = new Set(elements.map(({ name }) => name));
    for (const name of ['script', 'img', 'iframe', 'object', 'embed', 'form', 'link', 'base', 'svg', 'video'])
      expect(kinds).not.toContain(name);
    const attributes = elements.flatMap(each => Object.entries(each.attributes));
    expect(attributes.filter(([name]) => name.startsWith('on') || name === 'style' || name === 'src')).toEqual([]);
    const targets = attributes.filter(([name]) => name === 'href').map(([, value]) => value);
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.filter(value => !elements.some(({ attributes: { id } }) => `#${id}` === value))).toEqual([]);
  });

  test('its policy allows its own style sheet, and nothing else', () => {
    const policy = elements.find(each => each.attributes['http-equiv'] === 'Content-Security-Policy')?.attributes
      .content;
    const style = elements.find(({ name }) => name === 'style')?.text ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(policy).toBe(`default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`);
    expect(style).not.toMatch(/url\(|@import|</);
  });
});

describe('html-validate', () => {
  const validator = new HtmlValidate({
    extends: ['html-validate:standard', 'html-validate:a11y', 'html-validate:document'],
  });
  const problems = async (text: string) =>
    (await validator.validateString(text)).results.flatMap(({ messages }) =>
      messages.map(({ ruleId, message, line }) => `${line}: ${ruleId}: ${message}`),
    );

  test.each([
    ['everything', { ...shop(), notes: ['a note'] }],
    ['nothing', report([], { vantages: [], exitCode: 3 })],
    ['nothing reached', report([row({ target: 'a', verdict: 'blocked' })], { posture: null, exitCode: 0 })],
    ['markup', report([row({ target: '"><img src=x onerror=y>', reason: '</li></body>' })])],
  ])('finds nothing wrong: %s', async (_, given) => {
    expect(await problems(htmlReport(given))).toEqual([]);
  });

  test('finds what is wrong', async () => {
    expect(await problems(htmlReport(shop()).replace('</main>', '</section>'))).not.toEqual([]);
  });
});
