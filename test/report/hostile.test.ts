import fc from 'fast-check';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { describe, expect, test } from 'vitest';
import { oneLine, sanitize } from '../../src/base/text.ts';
import { jsonText } from '../../src/cli/json.ts';
import { htmlReport } from '../../src/report/html.ts';
import { junitReport } from '../../src/report/junit.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { sarifLog } from '../../src/report/sarif.ts';
import { maskReport } from '../../src/report/share.ts';
import { things } from '../../src/report/things.ts';
import { ATTEMPTS, GROUPS, type Report, type Row, SEVERITIES } from '../../src/selftest/types.ts';
import { HOSTILE } from '../generate/outputs/lab.ts';
import { type Element, parseHtml, parseXml, sarifSchema } from './parsed.ts';
import { fix, host, report, row } from './sample.ts';

const PIECES = [
  ...HOSTILE,
  ...[']]>', '-->', '<!--', '<![CDATA[', '</failure>', '</li></body>', '</style><script>', '&#0;', '&amp;', '"', "'"],
  ...[
    'https://example.com/x',
    'www.example.com',
    'mailto:a@example.com',
    '@alice',
    '- ',
    '1. ',
    '---',
    '&copy;',
    '\n\n    x',
    ' | ',
  ],
  ...['::error::x', '\n::set-output name=x::y', '##[error]x', '##vso[task.setvariable]x', '##teamcity[x]', '###'],
  ...['\u0000', '\u001b]8;;http://x\u0007', '\u009b31m', '\u007f', '\ufffe', '\uffff', '\ud800', '\udc00', '\u{1fffe}'],
  ...[
    '\u202e',
    '\u2028',
    '\u200b',
    '\ufeff',
    '\u{e0041}',
    '\r\n',
    '\t',
    'é',
    '漢字',
    '😀',
    ' ',
    'x',
    '(',
    '[a](1)',
    '{0}',
  ],
];
const hostile = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ unit: 'binary', maxLength: 8 })), {
    minLength: 1,
    maxLength: 5,
  })
  .map(parts => parts.join(''));

const rows = fc.array(
  fc.record({
    target: hostile,
    reason: hostile,
    escape: fc.option(hostile),
    opens: fc.option(hostile, { nil: undefined }),
    attempt: fc.constantFrom(...ATTEMPTS),
    verdict: fc.constantFrom<Row['verdict']>('exposed', 'blocked', 'works', 'broken', 'inconclusive', 'skipped'),
    severity: fc.constantFrom(...SEVERITIES),
    group: fc.constantFrom(...GROUPS),
    vantage: fc.constantFrom('host', 'via:1'),
    accepted: fc.option(
      fc.record({
        safeguard: fc.constant('SEC-1'),
        target: hostile,
        reason: hostile,
        owner: hostile,
        until: fc.constant('2027-01-31'),
      }),
      { nil: undefined },
    ),
    change: fc.option(fc.constant({ from: 'blocked', isNew: false } as const), { nil: undefined }),
  }),
  { maxLength: 6 },
);

/** Reports in which every text that came from outside is hostile. */
const reports = fc
  .record({
    rows,
    project: hostile,
    title: hostile,
    reason: hostile,
    note: hostile,
    command: hostile,
    posture: fc.boolean(),
  })
  .map(({ rows, project, title, reason, note, command, posture }): Report => {
    const all = rows.map(part => row(part));
    return report(all, {
      project,
      root: `/home/${project}`,
      vantages: [
        host,
        { ...host, id: 'via:1', kind: 'sandbox', title },
        { ...host, id: 'agent:x', kind: 'agent', title, available: false, reason },
      ],
      notes: ['a note', note],
      fixes: [
        {
          ...fix(
            1,
            'x',
            all.slice(0, 2).map(({ id }) => id),
          ),
          title,
          text: note,
          command,
        },
      ],
      ...(posture ? {} : { posture: null }),
      baseline: { takenAt: '2026-11-21T08:00:00.000Z', unknown: [] },
    });
  });

/** What a terminal, a CI or a reader of text would obey, or be misled by, in a text that is printed as it is. */
function expectInert(text: string): void {
  expect(sanitize(text)).toBe(text);
  expect(text).not.toMatch(/^\s*::|##[a-z]*\[/im);
}

/** XML has no such characters, and for HTML they are errors. */
function expectCharacters(text: string): void {
  expect(text).not.toMatch(/[\p{Surrogate}\p{Noncharacter_Code_Point}]/u);
}

const flat = (element: Element): Element[] => [element, ...element.children.flatMap(flat)];

test('SARIF: the schema takes it, the text is inert, and ids are exact', () => {
  const valid = sarifSchema();
  fc.assert(
    fc.property(reports, given => {
      const text = jsonText(sarifLog(given));
      const log = JSON.parse(text);
      expect(valid(log), JSON.stringify(valid.errors?.slice(0, 3))).toBe(true);
      expectInert(text);
      const results = log.runs[0].results as { message: { text: string }; properties: { id: string } }[];
      const told = given.rows.filter(({ verdict }) => ['exposed', 'broken', 'inconclusive'].includes(verdict));
      expect(results.map(({ properties }) => properties.id)).toEqual(told.map(({ id }) => id));
      for (const { message } of results) {
        expectInert(message.text.replace(/\\/g, '').replace(/##|::/g, ''));
        expect(message.text.replace(/\{\{|\}\}/g, '')).not.toMatch(/[{}]/);
        // An embedded link is `](` after an even number of backslashes.
        expect(message.text).not.toMatch(/(?<!\\)(?:\\\\)*\]\(/);
      }
    }),
    { numRuns: 200 },
  );
});

test('JUnit: it is well-formed, holds nothing but our elements, and every row', () => {
  fc.assert(
    fc.property(reports, given => {
      const text = junitReport(given);
      expectInert(text);
      expectCharacters(text);
      const elements = flat(parseXml(text));
      const names = new Set(elements.map(({ name }) => name));
      for (const known of [
        'testsuites',
        'testsuite',
        'properties',
        'property',
        'testcase',
        'failure',
        'error',
        'skipped',
      ])
        names.delete(known);
      expect([...names].filter(name => name !== 'system-out' && name !== 'system-err')).toEqual([]);
      const cases = elements.filter(({ name, attributes }) => name === 'testcase' && attributes.name !== 'answers');
      expect(cases).toHaveLength(given.rows.length);
    }),
    { numRuns: 200 },
  );
});

test('HTML: a browser reads our elements and attributes alone, without an error', () => {
  const plain = parseHtml(htmlReport(report([row({ target: 'x' })], { fixes: [fix(1, 'x', ['host:read:x'])] })));
  const shape = new Set(['ul', 'details', 'summary', 'main', 'footer', ...plain.map(({ name }) => name)]);
  fc.assert(
    fc.property(reports, given => {
      const text = htmlReport(given);
      expectInert(text);
      expectCharacters(text);
      for (const { name, attributes } of parseHtml(text)) {
        expect(shape).toContain(name);
        for (const attribute of Object.keys(attributes))
          expect(['class', 'id', 'href', 'lang', 'charset', 'content', 'name', 'http-equiv', 'datetime']).toContain(
            attribute,
          );
        if (attributes.href !== undefined) expect(attributes.href).toMatch(/^#fix-\d+$/);
        if (attributes.class !== undefined) expect(attributes.class).toMatch(/^[a-z ]+$/);
      }
    }),
    { numRuns: 200 },
  );
});

test('Markdown: GitHub reads our headings, tables and lists alone, and names as they are', () => {
  const read = (given: Report) => {
    const options = { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true };
    const page = micromark(Buffer.from(markdownReport(given)).toString(), options);
    return parseHtml(`<!DOCTYPE html><html><head></head><body>${page}</body></html>`, { strict: false });
  };
  const known = [
    'html',
    'head',
    'body',
    'h2',
    'h3',
    'p',
    'strong',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
    'code',
    'ol',
    'li',
  ];
  fc.assert(
    fc.property(reports, given => {
      const elements = read(given);
      expect(elements.map(({ name }) => name).filter(name => !known.includes(name))).toEqual([]);
      expect(elements.filter(({ name }) => name === 'h2')).toHaveLength(1);
      for (const { text } of elements.filter(({ name }) => name === 'strong')) expect(['!', 'NEW']).toContain(text);
      const cells = elements.filter(({ name }) => name === 'td').map(({ text }) => plain(text));
      const shown = things(given).filter(({ state }) => state === 'reached' || state === 'too tight');
      for (const { target } of shown)
        expect(cells.some(cell => cell.startsWith(plain(oneLine(target))) || / and \d+ more$/.test(cell))).toBe(true);
    }),
    { numRuns: 200 },
  );
});

/** As a file has it, without what Markdown and HTML do to blanks, and without the joiner that keeps a mention from being one. */
const plain = (text: string) =>
  Buffer.from(text)
    .toString()
    .replace(/[\s\u2060\ufffd]+|\p{Noncharacter_Code_Point}/gu, '');

test('masked, none of them holds a name of the machine', () => {
  fc.assert(
    fc.property(reports, given => {
      const secret = (text: string) => `${text}acme-corp`;
      const masked = maskReport({
        ...given,
        project: secret(given.project),
        root: secret(given.root),
        rows: given.rows.map(one => ({ ...one, target: secret(one.target), reason: secret(one.reason) })),
        notes: given.notes.map(secret),
      });
      const all = jsonText(sarifLog(masked)) + junitReport(masked) + htmlReport(masked);
      expect(all).not.toContain('acme-corp');
    }),
    { numRuns: 50 },
  );
});

describe('5,000 rows', () => {
  const many = report(
    Array.from({ length: 5000 }, (_, index) =>
      row({
        target: `src/${index}/</b>]]>`,
        reason: `reason ${index % 50}`,
        group: GROUPS[index % GROUPS.length] as Row['group'],
      }),
    ),
    {
      fixes: [
        fix(
          1,
          'x',
          Array.from({ length: 5000 }, (_, index) => `host:read:src/${index}/</b>]]>`),
        ),
      ],
    },
  );
  test.each([
    ['SARIF', () => JSON.parse(jsonText(sarifLog(many))).runs[0].results.length],
    ['JUnit', () => flat(parseXml(junitReport(many))).filter(({ name }) => name === 'testcase').length],
    [
      'HTML',
      () =>
        new Set(
          parseHtml(htmlReport(many)).flatMap(({ name, text }) =>
            name === 'code' && text.startsWith('src/') ? [text] : [],
          ),
        ).size,
    ],
  ])('%s has them all', (_, count) => {
    const start = performance.now();
    expect(count()).toBe(5000);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
