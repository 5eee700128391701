import fc from 'fast-check';
import { Lexer } from 'yaml';
import { encodeScalar } from '../../src/posture/encode.ts';

/** Text that tries to be structure, in every way we could think of. */
export const NASTY = [
  'it\'s "quoted"',
  'two\nlines\n',
  '$(id)',
  '`id`',
  `\${{ secrets.X }}`,
  "'; DROP TABLE users; --",
  '../../etc',
  ': #',
  ' # not a comment',
  'key: value',
  '- item',
  '* star',
  '&anchor',
  '!tag',
  '*',
  '%YAML',
  '@at',
  '---',
  '...',
  '| literal',
  '> folded',
  '{ a: b }',
  '[a, b]',
  'a, b',
  'null',
  '~',
  'true',
  'no',
  '1',
  '0x1f',
  '1e3',
  '.5',
  '12:30:45',
  '2027-01-31',
  '<<',
  '=',
  '?',
  'a:',
  ':a',
  'trailing ',
  ' leading',
  '\ttab',
  '\\',
  '"',
  "'",
  '\u00e9\u4e2d',
  '\u{1f600}',
  '~/.ssh',
  '.env*',
  '!.env*.example',
  '[::1]:5432',
  'db.example.com:5432',
  'src/pricing/**',
];

export const scalar: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: 'grapheme-ascii', minLength: 0, maxLength: 12 }),
  fc.integer({ min: -5, max: 1000 }),
  fc.boolean(),
  fc.constant(null),
);

const key = fc.oneof(
  fc.constantFrom(
    'id',
    'kind',
    'note',
    'files',
    'hide',
    'allow',
    'a',
    'b',
    'c',
    'owners',
    'src/**',
    '#x',
    'k: v',
    '- x',
  ),
  fc.stringMatching(/^[a-z]{1,6}$/),
);

export const value: fc.Arbitrary<unknown> = fc.letrec<{
  value: unknown;
  list: unknown[];
  map: Record<string, unknown>;
}>(tie => ({
  value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, scalar, tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  map: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
})).value;

const mapping: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(key, value, {
  minKeys: 1,
  maxKeys: 5,
  noNullPrototype: true,
});

/** Writes a value as a person might: blocks, brackets, quotes, comments and empty lines as `draw(n)` (0 … n-1) decides. */
function handwritten(root: Record<string, unknown>, draw: (n: number) => number): string {
  let count = 0;
  const comment = () => `# c${++count} ${['plain', "it's", '"x', '- y: z', '[', 'ü'][draw(6)]}`;
  const trailing = () => (draw(4) === 0 ? `${' '.repeat(1 + draw(3))}${comment()}` : ' '.repeat(draw(8) === 0 ? 2 : 0));
  const between = (indent: number) => {
    const lines: string[] = [];
    while (draw(4) === 0) lines.push(draw(2) === 0 ? '' : `${' '.repeat(draw(3) === 0 ? 0 : indent)}${comment()}`);
    return lines;
  };
  const isMap = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);
  const single = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const leaf = (v: unknown, flow: boolean): string => {
    if (typeof v !== 'string' || /[\n\t\\]/.test(v) || draw(3) > 0) return encodeScalar(v, flow);
    return draw(2) === 0 ? single(v) : JSON.stringify(v);
  };
  const flow = (v: unknown, indent: number): string => {
    if (!Array.isArray(v) && !isMap(v)) return leaf(v, true);
    const items = Array.isArray(v)
      ? v.map(item => flow(item, indent + 2))
      : Object.entries(v).map(([k, item]) => `${leaf(k, true)}: ${flow(item, indent + 2)}`);
    const [left, right] = Array.isArray(v) ? ['[', ']'] : ['{', '}'];
    const pad = ['', ' '][draw(2)] ?? '';
    const comma = items.length > 0 && draw(4) === 0 ? ',' : '';
    if (draw(4) > 0) return `${left}${pad}${items.join(draw(3) === 0 ? ',  ' : ', ')}${comma}${pad}${right}`;
    const inner = ' '.repeat(indent + 2);
    const body = items.map((item, i) => `${inner}${item}${i < items.length - 1 ? ',' : comma}${trailing()}\n`);
    const head = draw(3) === 0 ? ` ${comment()}` : '';
    return `${left}${head}\n${body.join('')}${' '.repeat(indent)}${right}`;
  };
  const block = (v: unknown, indent: number): string[] | undefined => {
    if (Array.isArray(v) ? v.length === 0 : !isMap(v) || Object.keys(v).length === 0) return undefined;
    if (draw(3) === 0) return undefined;
    const pad = ' '.repeat(indent);
    const step = [2, 4][draw(2)] ?? 2;
    const lines: string[] = [];
    const entries: [string, unknown][] = Array.isArray(v)
      ? v.map(item => ['-', item])
      : Object.entries(v as Record<string, unknown>).map(([k, item]) => [`${leaf(k, false)}:`, item]);
    for (const [sign, item] of entries) {
      lines.push(...between(indent));
      const inner = sign !== '-' && Array.isArray(item) && draw(3) === 0 ? indent : indent + step;
      const nested = block(item, sign === '-' ? indent + 2 : inner);
      const text = typeof item === 'string' && /^[a-z$(][^\n]*\n[^\n ]+\n$/.test(item) && draw(2) === 0;
      if (text)
        lines.push(
          `${pad}${sign} |${trailing()}`,
          ...item
            .trimEnd()
            .split('\n')
            .map(line => `${pad}  ${line}`),
        );
      else if (nested === undefined) {
        const space = ' '.repeat(1 + (draw(4) === 0 ? draw(5) : 0));
        const empty = item === null && draw(2) === 0;
        lines.push(empty ? `${pad}${sign}${trailing()}` : `${pad}${sign}${space}${flow(item, indent)}${trailing()}`);
      } else if (sign === '-' && draw(4) > 0 && !/^\s*(?:#|$)/.test(nested[0] ?? ''))
        lines.push(`${pad}- ${(nested[0] ?? '').slice(indent + 2)}`, ...nested.slice(1));
      else lines.push(`${pad}${sign}${trailing()}`, ...nested);
    }
    return lines;
  };
  const body = (() => {
    for (;;) {
      const lines = block(root, 0);
      if (lines) return lines;
      if (draw(3) === 1) return [flow(root, 0) + trailing()];
    }
  })();
  const all = [...between(0), ...(draw(4) === 0 ? ['---'] : []), ...body, ...between(0)];
  const text = all.join('\n') + (draw(4) === 0 ? '' : '\n');
  return draw(4) === 0 ? text.replaceAll('\n', '\r\n') : text;
}

/** Numbers for `handwritten`, from a seed, so that a failure shrinks over the value and is repeated exactly. */
function drawer(seed: number): (n: number) => number {
  let state = seed >>> 0 || 1;
  return n => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % n;
  };
}

export type Path = (string | number)[];

/** A random value, and a text of it. */
export const document = fc.tuple(mapping, fc.integer({ min: 1, max: 2 ** 31 })).map(([root, seed]) => ({
  root,
  text: handwritten(root, drawer(seed)),
}));

/** Every path of a value, the containers included. */
export function pathsOf(data: unknown, way: Path = []): Path[] {
  if (typeof data !== 'object' || data === null) return way.length ? [way] : [];
  const keys: (string | number)[] = Array.isArray(data) ? [...data.keys()] : Object.keys(data);
  return [...(way.length ? [way] : []), ...keys.flatMap(key => pathsOf((data as never)[key], [...way, key]))];
}

/** The comments of a YAML text, in order, without the space around them. */
export function commentsOf(text: string): string[] {
  let before = '';
  return [...new Lexer().lex(text)].flatMap(lexeme => {
    // What follows this mark is a scalar, whatever it begins with.
    const isComment = lexeme.startsWith('#') && before !== '\u001f';
    before = lexeme;
    return isComment ? [lexeme.trimEnd()] : [];
  });
}
