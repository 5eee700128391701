import { readFile } from 'node:fs/promises';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { parsePosture } from '../../src/posture/load.ts';
import { editPosture, newPosture } from '../../src/posture/save.ts';
import { postureSchema } from '../../src/posture/schema.ts';
import { spliceYaml } from '../../src/posture/splice.ts';
import { document, NASTY, pathsOf, value } from './random-yaml.ts';

const whole = await readFile(new URL('../fixtures/posture/whole.yaml', import.meta.url), 'utf8');
const set = (text: string, path: (string | number)[], value: unknown) => editPosture(text, [{ path, value }]);

/** The lines that went and came, as a reader of a diff sees them. */
function changes(before: string, after: string): string[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  let head = 0;
  while (head < a.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  return [
    ...a.slice(head, a.length - tail).map(line => `-${line}`),
    ...b.slice(head, b.length - tail).map(line => `+${line}`),
  ];
}

describe('editPosture', () => {
  it('changes no byte without an edit, whatever the text is', () => {
    for (const text of [whole, whole.replaceAll('\n', '\r\n'), `\ufeff${whole}`, '', 'not: [valid'])
      expect(editPosture(text, [])).toBe(text);
    expect(set(whole, ['project'], 'shop-api')).toBe(whole);
  });

  it.each([
    [
      ['project'],
      'new',
      ['-project: shop-api                       # free text', '+project: new                       # free text'],
    ],
    [
      ['isolation', 'network', 'allow', 2],
      'npm.example.com',
      [
        '-  network: { allow: [api.anthropic.com, github.com] }',
        '+  network: { allow: [api.anthropic.com, github.com, npm.example.com] }',
      ],
    ],
    [
      ['isolation', 'files', 'hide', 0],
      undefined,
      [
        '-  files: { write: ["."], hide: [~/.ssh, ~/.aws, ".env*", "!.env*.example"] }',
        '+  files: { write: ["."], hide: [~/.aws, ".env*", "!.env*.example"] }',
      ],
    ],
    [['environments', 'testing'], { agentAccess: 'read' }, ['+  testing: { agentAccess: read }']],
    [
      ['systems', 2],
      { id: 'cache', kind: 'redis', address: '127.0.0.1:6379' },
      ['+  - id: cache', '+    kind: redis', '+    address: 127.0.0.1:6379'],
    ],
    [
      ['systems', 1],
      undefined,
      [
        '-  - id: dev-orders-db',
        '-    kind: postgres',
        '-    environment: development',
        '-    address: 127.0.0.1:5432',
      ],
    ],
    [['systems', 0, 'address'], 'db:1', ['-    address: db.prod.example.com:5432', '+    address: db:1']],
    [
      ['scanning', 'at'],
      ['commit'],
      [
        '-scanning: { engines: [builtin, gitleaks], at: [commit, push, ci, history] }',
        '+scanning: { engines: [builtin, gitleaks], at: [commit] }',
      ],
    ],
  ])('setting %j to %j touches these lines only', (path, value, expected) => {
    expect(changes(whole, set(whole, path, value))).toEqual(expected);
  });

  it('makes missing parents, in the order of the schema', () => {
    const text = `${newPosture('x')}\nselftest:\n  commands: [npm test]\n`;
    const out = editPosture(text, [
      { path: ['repository', 'protected'], value: ['main'] },
      { path: ['environments', 'production', 'agentAccess'], value: 'none' },
      {
        path: ['accepted', 0],
        value: { safeguard: 'SEC-1', target: 'x', reason: 'y', owner: 'z', until: '2027-01-31' },
      },
    ]);
    expect(
      out
        .split('\n')
        .filter(line => /^\w/.test(line))
        .map(line => line.split(':')[0]),
    ).toEqual(['version', 'project', 'environments', 'repository', 'selftest', 'accepted']);
    expect(parsePosture(out, 'p').accepted?.[0]?.until).toBe('2027-01-31');
  });

  it('keeps line ends and the byte order mark', () => {
    const text = `\ufeff${whole.replaceAll('\n', '\r\n')}`;
    const out = editPosture(text, [
      { path: ['project'], value: 'new' },
      { path: ['systems', 2], value: { id: 'cache', kind: 'redis' } },
      { path: ['review'], value: undefined },
    ]);
    expect(out.startsWith('\ufeff# yaml-language-server')).toBe(true);
    expect(out).not.toMatch(/[^\r]\n/);
    expect(parsePosture(out, 'p').systems).toHaveLength(3);
  });

  it('keeps the comments of what is removed', () => {
    const text = 'version: 1\nproject: x\nagents:\n  # the one we pay for\n  - claude-code # until 2027\n  - codex\n';
    expect(set(text, ['agents', 0], undefined)).toBe(
      'version: 1\nproject: x\nagents:\n  # the one we pay for\n  # until 2027\n  - codex\n',
    );
    expect(set(text, ['agents'], ['codex', 'opencode'])).toContain('  # the one we pay for\n');
  });

  it.each(NASTY)('writes %j as text and nothing else', value => {
    const out = editPosture(whole, [
      { path: ['project'], value },
      { path: ['systems', 0, 'normally', 'note'], value },
      { path: ['accepted', 0, 'reason'], value },
      { path: ['data', 1, 'files', 0], value: `x${value.replace(/[\n\t]|\.\./g, '')}` },
    ]);
    const posture = parsePosture(out, 'p');
    expect([posture.project, posture.systems?.[0]?.normally?.note, posture.accepted?.[0]?.reason]).toEqual([
      value,
      value,
      value,
    ]);
    expect(
      parsePosture(
        editPosture(out, [
          { path: ['project'], value: 'shop-api' },
          { path: ['systems', 0, 'normally', 'note'], value: 'read replicas at night' },
          { path: ['accepted', 0, 'reason'], value: 'read-only token' },
          { path: ['data', 1, 'files', 0], value: 'src/pricing/**' },
        ]),
        'p',
      ),
    ).toEqual(parsePosture(whole, 'p'));
  });

  test.prop([fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 50 }))])(
    'a project of any name makes a valid posture',
    project => {
      expect(parsePosture(newPosture(project), 'p').project.length).toBeGreaterThan(0);
      expect(newPosture(project).split('\n')).toHaveLength(5);
    },
  );

  it.each(['shop', "it's $(x) \u4f60", 'a: b # c'])('the project %j keeps its name', project => {
    expect(parsePosture(newPosture(project), 'p').project).toBe(project);
  });

  it('brings an unreadable text to the reader, with its place', () => {
    expect(() => set('version: 1\nproject: [x\n', ['agents'], ['codex'])).toThrow(UserError);
    expect(() => set('version: 1\nproject: [x\n', ['agents'], ['codex'])).toThrow(
      /agent-posture\.yaml:3:1: not valid YAML/,
    );
  });

  it('says so where it cannot edit in place, and changes nothing', () => {
    expect(() => set('? version\n: 1\n? project\n: x\n', ['agents'], ['codex'])).toThrow(
      /changed in place[\s\S]*by hand: agents/,
    );
  });

  it('a path that leads through a text is a fault of ours', () => {
    expect(() => set(whole, ['project', 'x'], 1)).toThrow(TypeError);
    expect(() => set(whole, ['agents', 9], 'x')).toThrow(TypeError);
  });

  const choice = fc.array(fc.tuple(fc.nat(), value), { minLength: 1, maxLength: 3 });
  test.prop([document, choice], { numRuns: 400 })(
    'edits a text with its other parts left aside as it edits the whole text',
    ({ root, text }, picks) => {
      const paths = [...pathsOf(root), ['systems'], ['agents'], ['fresh']];
      const edits = picks.map(([pick, wanted]) => ({ path: paths[pick % paths.length] ?? [], value: wanted }));
      // Whether a new key gets an empty line before it hangs on what is seen of the file.
      const attempt = (edit: () => string | undefined) => {
        try {
          return edit()?.replace(/(^|\n)(?:[ \t]*\r?\n)+/g, '$1');
        } catch {
          return undefined;
        }
      };
      const expected = attempt(() => spliceYaml(text, edits, Object.keys(postureSchema.shape)));
      expect(attempt(() => editPosture(text, edits))).toBe(expected);
    },
  );

  it('keeps the line ends of a file whose only other part is left aside', () => {
    expect(editPosture('data:\r\n- {}\r\n- id: x', [{ path: ['systems'], value: {} }])).toBe(
      'data:\r\n- {}\r\n- id: x\r\nsystems: {}',
    );
  });

  it('edits a posture of ten thousand credentials without reading them again for each edit', () => {
    const credentials = Array.from({ length: 10_000 }, (_, i) => `  - { id: c${i}, environment: dev, kind: role }`);
    const text = `version: 1\nproject: x\nenvironments:\n  dev: {}\ncredentials:\n${credentials.join('\n')}\n# end\n`;
    const edits = ['a', 'b', 'c', 'd', 'e'].map(id => ({ path: ['environments', id], value: { agentAccess: 'none' } }));
    const begun = performance.now();
    const out = editPosture(text, [...edits, { path: ['scanning'], value: { engines: ['builtin'] } }]);
    expect(performance.now() - begun).toBeLessThan(4_000);
    const added = ['a', 'b', 'c', 'd', 'e'].map(id => `+  ${id}: { agentAccess: none }`);
    const head = (whole: string) => whole.slice(0, whole.indexOf('credentials:'));
    expect(changes(head(text), head(out)).filter(line => line.startsWith('+'))).toEqual(added);
    expect(out.endsWith(`${credentials.at(-1)}\nscanning:\n  engines: [builtin]\n# end\n`)).toBe(true);
  });
});
