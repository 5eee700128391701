import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { isAlias, isNode, parseDocument, visit } from 'yaml';
import { readPlainYaml } from '../../src/posture/plain-yaml.ts';
import { drawer, handwritten, mapping } from './random-yaml.ts';

const read = (text: string) => readPlainYaml(text, () => true)?.data;

/** What YAML says of a text, or undefined where it is none, or has something in it that a posture may not have. */
function whole(text: string): { data: unknown } | undefined {
  const document = parseDocument(text, { version: '1.2', schema: 'core', prettyErrors: false, logLevel: 'silent' });
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined;
  let odd = false;
  visit(document, (_key, node) => {
    if (isNode(node) && (isAlias(node) || node.tag !== undefined || ('anchor' in node && node.anchor !== undefined)))
      odd = true;
  });
  return odd ? undefined : { data: document.toJS() };
}

/** Read in the plain way, it is what the whole reader reads, or it is left to that one. */
function agrees(text: string): boolean {
  const plain = read(text);
  if (plain === undefined) return false;
  expect(whole(text), JSON.stringify(text)).toEqual({ data: plain });
  return true;
}

const FRAGMENTS = [
  ...['a', 'b:', ' ', '  ', '\n', '\n  ', '\n- ', '\n  - ', ': ', ':', ', ', ',', '[', ']', '{ ', ' }', '{', '}'],
  ...[
    '"',
    "'",
    '#',
    ' # c',
    '- ',
    '-',
    '?',
    '? ',
    '&x ',
    '*x',
    '!',
    '|',
    '>',
    '|\n',
    '%',
    '@',
    '`',
    '\\',
    '\t',
    '\r',
    '\r\n',
  ],
  ...['~', 'null', 'true', 'yes', '1', '0x1', '1e3', '.5', '1.2.3', '2027-01-31', '8h', '<<', '---', '...', '---\n'],
  ...[
    'key: v\n',
    'k: [a, b]\n',
    'm: { a: b }\n',
    'n:\n  o: p\n',
    'l:\n  - { id: a, b: "c d" }\n',
    '"q": \'r\'\n',
    'é',
    '=',
    '$',
  ],
];

describe('the plain reader', () => {
  const fragments = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 14 }).map(parts => parts.join(''));
  test.prop([fragments], { numRuns: 20_000 })('agrees with YAML on pieces of it', text => {
    agrees(text);
  });

  test.prop([mapping, fc.integer({ min: 1, max: 2 ** 31 })], { numRuns: 2_000 })(
    'agrees with YAML on what people write',
    (root, seed) => {
      agrees(handwritten(root, drawer(seed)));
    },
  );

  const edit = fc.tuple(fc.nat(), fc.nat({ max: 4 }), fc.constantFrom('', ...FRAGMENTS));
  test.prop([fc.array(edit, { minLength: 1, maxLength: 3 })], { numRuns: 5_000 })(
    'agrees with YAML on a posture with slips in it',
    edits => {
      let text = POSTURE;
      for (const [place, length, put] of edits) {
        const at = place % (text.length + 1);
        text = text.slice(0, at) + put + text.slice(at + length);
      }
      agrees(text);
    },
  );

  it('reads a posture as it is usually written', () => {
    expect(agrees(POSTURE)).toBe(true);
    expect(agrees(POSTURE.replaceAll('\n', '\r\n'))).toBe(true);
  });

  it.each([
    ['an escape', 'a: "b\\n"'],
    ['a text over lines', 'a: b\n  c'],
    ['a block of text', 'a: |\n  b'],
    ['an alias', 'a: *b'],
    ['a tag', 'a: !!str b'],
    ['a key twice', 'a: 1\na: 2'],
    ['a key of every object', '__proto__: 1'],
    ['a merge key', '"<<": { a: 1 }'],
    ['a tab', 'a:\tb'],
    ['a carriage return alone', 'a: b\rc: d'],
    ['two documents', 'a: 1\n---\nb: 1'],
    ['a number that is not whole', 'a: 1.5'],
    ['a line without end', `a: ${'b'.repeat(6_000)}`],
    ['nothing', ''],
  ])('leaves %s to the whole reader', (_what, text) => {
    expect(read(text)).toBeUndefined();
  });

  it('leaves a text in which something is not harmless to the whole reader', () => {
    expect(readPlainYaml('a: b\nc: [d, e]\n', word => word !== 'e')).toBeUndefined();
    expect(readPlainYaml('a: b\nc: [d, e]\n', word => word !== 'a')).toBeUndefined();
  });
});

const POSTURE = `# yaml-language-server: $schema=./node_modules/agent-posture/schema/posture-1.json
version: 1
project: shop-api                       # free text
agents: [claude-code, codex]
environments:                           # access: none | read | write
  development: { agentAccess: write }

  production: { agentAccess: none }
systems:
- id: orders-db
  kind: postgres
  environment: production
  address: db.prod.example.com:5432
  holds: [customer-pii]
  normally: { by: app servers, rowsPerQuery: 200, note: "read replicas, at night" }
- { id: dev-orders-db, kind: postgres, environment: development, address: '127.0.0.1:5432' }
data:
  - id: customer-pii
    tables: [public.customers]
    files: ["exports/**"]
isolation:
  runtime: bubblewrap
  network: { allow: [] }
  files:
    write: ["."]
    hide:
      - ~/.ssh
      - .env*
repository:
  owners: { "src/auth/**": ["@alice"] }
selftest:
  metadata: on
accepted:
  - { safeguard: SEC-1, target: ~/.npmrc, reason: read-only token, owner: alice, until: 2027-01-31 }
`;
