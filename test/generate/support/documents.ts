import fc from 'fast-check';

/** Random documents as people write them: comments, blank lines, odd spacing, either line ending, sometimes a BOM. */

const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,6}$/);
const comment = fc.stringMatching(/^[ a-zA-Z0-9,:{}[\]"'=#*-]{0,20}$/).map(text => text.replaceAll('*/', ''));
const scalar = fc.oneof(
  fc.constantFrom('true', 'false', '0', '-1.5', '""', '"a b"', '"#, } ] // x"', '"\\u00e9\\n"'),
  fc.integer({ min: -1000, max: 1000 }).map(String),
);
const blank = fc.constantFrom('', ' ', '  ', '\t');

function finish(text: string, crlf: boolean, bom: boolean): string {
  return (bom ? '\ufeff' : '') + (crlf ? text.replaceAll('\n', '\r\n') : text);
}

const trivia = fc.oneof(
  { weight: 4, arbitrary: blank },
  comment.map(text => `/*${text.replaceAll('/', '')}*/`),
  comment.map(text => ` //${text}\n`),
  fc.constantFrom('\n', '\n\n  ', '\n\t'),
);

const jsonValue: fc.Memo<string> = fc.memo(depth =>
  depth <= 1 ? scalar : fc.oneof({ weight: 3, arbitrary: scalar }, jsonObject(depth - 1), jsonList(depth - 1)),
);

function joined(items: string[], seams: string[], trailing: boolean, open: string, close: string): string {
  const seam = (index: number) => seams[index % seams.length] ?? '';
  const inner = items
    .map(
      (item, index) =>
        `${seam(index)}${item}${seam(index + 1)}${index < items.length - 1 || trailing ? ',' : ''}${seam(index + 2)}`,
    )
    .join('');
  return `${open}${items.length === 0 ? seam(0) : inner}${close}`;
}

const jsonList: fc.Memo<string> = fc.memo(depth =>
  fc
    .tuple(fc.array(jsonValue(depth), { maxLength: 3 }), fc.array(trivia, { minLength: 4, maxLength: 7 }), fc.boolean())
    .map(([items, seams, trailing]) => joined(items, seams, trailing, '[', ']')),
);

const jsonObject: fc.Memo<string> = fc.memo(depth =>
  fc
    .tuple(
      fc.uniqueArray(fc.tuple(word, jsonValue(depth)), { maxLength: 4, selector: ([key]) => key }),
      fc.array(trivia, { minLength: 4, maxLength: 7 }),
      fc.boolean(),
    )
    .map(([pairs, seams, trailing]) =>
      joined(
        pairs.map(
          ([key, value], index) =>
            `"${key}"${seams[index % seams.length]}:${seams[(index + 1) % seams.length]}${value}`,
        ),
        seams,
        trailing,
        '{',
        '}',
      ),
    ),
);

export const jsonDocument = fc
  .tuple(trivia, jsonObject(3), trivia, fc.boolean(), fc.boolean())
  .map(([before, body, after, crlf, bom]) => finish(before + body + after, crlf, bom));

const tomlScalar = fc.oneof(
  scalar.filter(text => !text.includes('\\u')),
  fc.constantFrom(
    "'lit # [x]'",
    '"""\nlong # [a]\n"quoted" """',
    "'''\n[x]\n'''",
    '1979-05-27T07:32:00Z',
    '0x1f',
    'inf',
    '1_000',
  ),
);
const tomlValue: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: tomlScalar },
  fc
    .tuple(
      fc.array(tomlScalar, { maxLength: 3 }),
      fc.array(
        fc.oneof(
          blank,
          comment.map(text => ` #${text}\n`),
          fc.constant('\n  '),
        ),
        { minLength: 4, maxLength: 6 },
      ),
      fc.boolean(),
    )
    .map(([items, seams, trailing]) => joined(items, seams, trailing && items.length > 0, '[', ']')),
  fc
    .uniqueArray(
      fc.tuple(
        word,
        tomlScalar.filter(text => !text.includes('\n')),
      ),
      { maxLength: 3, selector: ([key]) => key },
    )
    .map(pairs => `{ ${pairs.map(([key, value]) => `${key} = ${value}`).join(' , ')} }`),
);
const tomlLines = fc
  .tuple(
    fc.uniqueArray(fc.tuple(word, tomlValue, blank, fc.option(comment)), { maxLength: 4, selector: ([key]) => key }),
    fc.array(
      fc.oneof(
        fc.constant(''),
        comment.map(text => `#${text}`),
      ),
      { maxLength: 2 },
    ),
  )
  .map(([pairs, extra]) =>
    [
      ...extra.slice(0, 1),
      ...pairs.map(
        ([key, value, space, note]) => `${space}${key}${space}=${space}${value}${note === null ? '' : ` #${note}`}`,
      ),
      ...extra.slice(1),
    ].join('\n'),
  );

export const tomlDocument = fc
  .tuple(
    tomlLines,
    fc.uniqueArray(fc.tuple(word, fc.boolean(), tomlLines), { maxLength: 3, selector: ([key]) => key }),
    fc.boolean(),
    fc.boolean(),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([top, tables, ending, crlf, bom, deep]) => {
    const sections = tables.map(([name, list, body]) =>
      list ? `[[S-${name}]]\n${body}` : `[ ${deep ? 'D.' : ''}T-${name} ] # x\n${body}`,
    );
    return finish([top, ...sections].join('\n\n') + (ending ? '\n' : ''), crlf, bom);
  });

const yamlScalar = fc.constantFrom(
  '1',
  'plain text',
  '"q # x"',
  "'it''s'",
  '~',
  'true',
  '- not a list'.slice(2),
  '[a, "b", ]',
  '{ x: 1 }',
  '[]',
  '2.50',
  '0o14',
);

function yamlMap(
  pairs: [string, string | [string, string][] | string[], string | null][],
  indent: string,
  gap: string,
): string {
  return pairs
    .map(([key, value, note]) => {
      const tail = note === null ? '' : `   #${note}`;
      if (typeof value === 'string') return `${indent}${key}:${gap}${value}${tail}\n`;
      const lines = value.map(item =>
        typeof item === 'string' ? `${indent}  - ${item}${tail}\n` : `${indent}    ${item[0]}:${gap}${item[1]}\n`,
      );
      return `${indent}${key}:${tail}\n${lines.join('')}`;
    })
    .join('');
}

export const yamlDocument = fc
  .tuple(
    fc.uniqueArray(
      fc.tuple(
        word,
        fc.oneof(
          yamlScalar,
          fc.array(yamlScalar, { minLength: 1, maxLength: 3 }),
          fc.uniqueArray(fc.tuple(word, yamlScalar), { minLength: 1, maxLength: 3, selector: ([key]) => key }),
          fc.constant('|\n    literal # text\n    more'),
          fc.constant('>-\n    folded\n\n    text'),
        ),
        fc.option(comment),
      ),
      { maxLength: 5, selector: ([key]) => key },
    ),
    fc.constantFrom(' ', '  '),
    fc.constantFrom('', '# head\n', '---\n', '\n'),
    fc.constantFrom('', '\n', '# end\n'),
    fc.boolean(),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([pairs, gap, head, foot, ending, crlf, bom]) => {
    const noted = pairs.map(([key, value, note]): [string, typeof value, string | null] => [
      key,
      value,
      typeof value === 'string' && /^[|>]/.test(value) ? null : note,
    ]);
    const text = head + yamlMap(noted, '', gap) + foot;
    return finish(ending ? text : text.replace(/\n+$/, ''), crlf, bom);
  });

/** Values that want out of the quotes they are put in. */
export const HOSTILE = [
  'a "quoted" \'text\' \\ back',
  'line\nbreak\r\nand\ttab',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as it stands
  '$(id) `id` ${HOME} $HOME',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as it stands
  '${{ secrets.X }}',
  "'; DROP TABLE users; --",
  '../../etc/passwd',
  '\u001b[31mred\u001b]0;title\u0007',
  '\u202eevil\u2066\u200f',
  '# END agent-posture x',
  '"""\'\'\'',
  ']]> --> */ // #',
  '- a: &b *b !!tag | > %YAML',
  'yes',
  'null',
  '0123',
  '1e3',
  '',
  ' ',
  '\u0000\u007f\u0085\u2028\ufeff',
  '\u{e0041}\u{1f600}',
  '__proto__',
  ': ',
  '@x',
  '~',
  '<<',
  '=',
];
