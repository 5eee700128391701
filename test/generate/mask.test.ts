import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diffText, planJson } from '../../src/cli/plan-text.ts';
import { MASK, shownSides } from '../../src/generate/mask.ts';
import { diffLines } from '../../src/ui/diff-lines.ts';
import { FULL, Repository } from './outputs/lab.ts';

const KEY = `sk-ant-api03-${'aB3'.repeat(12)}`;
const PEM = [
  '-----BEGIN OPENSSH PRIVATE KEY-----',
  'b3BlbnNzaC1rZXktdjEAAAAABG5vbmU',
  '-----END OPENSSH PRIVATE KEY-----',
];

/** The text as it is shown where a line is added behind it. */
const shown = (text: string) => shownSides(Buffer.from(text), Buffer.from(`${text}\nours = 1\n`)) as [string, string];

test.each<[string, string, string[]]>([
  ['a name in JSON', '{\n  "env": {\n    "ANTHROPIC_API_KEY": "hunter2"\n  }\n}', ['hunter2']],
  ['any value of an env table', '{"mcpServers":{"x":{"env":{"MY_SERVICE":"correct-horse"}}}}', ['correct-horse']],
  ['a header', '{"headers": {"X-Thing": "abcdef12"}}', ['abcdef12']],
  ['an argument', '{"args": [\n  "--api-key",\n  "short1",\n  "--port"]}', ['short1']],
  ['a known shape anywhere', `{"note": "was ${KEY}"}`, [KEY]],
  [
    'a table of TOML',
    '[mcp_servers.x.env]\nMINE = "hunter22"\nOTHER = \'hunter33\'\n\n[next]\n',
    ['hunter22', 'hunter33'],
  ],
  ['a table of TOML in a line', 'env = { GITHUB_TOKEN = "hunter2", B = "hunter33" }', ['hunter2', 'hunter33']],
  ['a string of TOML over lines', 'password = """\nhunter2\nhunter3\n"""\n', ['hunter2', 'hunter3']],
  ['a list', 'tokens = [\n  "hunter2",\n  "hunter3",\n]\n', ['hunter2', 'hunter3']],
  ['YAML', 'password: hunter2\nenv:\n  MINE: hunter33\nnext: 1\n', ['hunter2', 'hunter33']],
  ['a block of YAML', 'a:\n  secret: |\n    hunter2\n    hunter3\n  b: 1\n', ['hunter2', 'hunter3']],
  [
    'a script',
    `#!/bin/sh\nexport NPM_TOKEN=hunter2\ncurl -H "Authorization: Bearer abc123def456"\n`,
    ['hunter2', 'abc123def456'],
  ],
  ['an address', 'db = "postgres://me:hunter2@db.example.com/x"', ['hunter2']],
  ['a private key', `x\n${PEM.join('\n')}\ny`, [PEM[1] as string]],
  ['the same value in a comment', '# was hunter2hunter2 once\npassword = "hunter2hunter2"\n', ['hunter2hunter2']],
])('the value is not shown, what stands round it is: %s', (_what, text, secrets) => {
  for (const side of shown(text)) {
    for (const secret of secrets) expect(side).not.toContain(secret);
    expect(side).toContain(MASK);
    expect(side.split('\n').length).toBeGreaterThanOrEqual(text.split('\n').length);
  }
  expect(shown(text)[1]).toBe(`${shown(text)[0]}\nours = 1\n`);
});

test.each([
  '{"permissions": {"deny": ["Read(./.env)", "Bash(git push *)"], "allow": ["Bash(npm test)"]}}',
  'token_env_var = "GITHUB_TOKEN"\nmodel = "gpt-5"\nmax_tokens = 4096\n',
  '.env\n.env.*\n!.env.*.example\nsecrets/\n',
  'image: node@sha256:4c6b1b4f5d6a0e8f9a1b2c3d4e5f60718293a4b5c6d7e8f901234567890abcde\n',
  "tokens='-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----|gh[pousr]_[A-Za-z0-9]{36}'\n",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as it stands
  'password = "$PASSWORD"\nsecret: ${{ secrets.X }}\napiKey: <your key>\n',
])('what is no value is shown as it is: %j', text => {
  expect(shown(text)[0]).toBe(text);
});

test('a text that is made to take long does not', () => {
  for (const text of [
    'token="""'.repeat(100_000),
    'a=['.repeat(300_000),
    'token=['.repeat(150_000),
    `env:\n${'  \n'.repeat(300_000)}`,
    `env:\n${'   a'.repeat(200_000)}`,
    'env={'.repeat(200_000),
    '[env]\n'.repeat(100_000),
  ]) {
    // Of the processor, as others may be at work on it.
    const begin = process.cpuUsage();
    shown(text);
    expect(process.cpuUsage(begin).user / 1_000).toBeLessThan(5_000);
  }
});

test('no diff of a plan shows the secrets of settings files, on a screen, as text or as JSON; what is written has them', async () => {
  const repository = new Repository();
  try {
    repository.write(
      '.claude/settings.json',
      `{\n  "env": {\n    "ANTHROPIC_API_KEY": "${KEY}",\n    "MINE": "hunter22"\n  }\n}\n`,
    );
    repository.write('.codex/config.toml', '[mcp_servers.x.env]\nGITHUB_TOKEN = "hunter33"\n');
    repository.write('.husky/pre-commit', 'export NPM_TOKEN=hunter44\nnpm test\n');
    const git = { git: { hookManager: { id: 'husky', seen: { path: '.husky' } } } } as never;
    const plan = await repository.generate(FULL, git);
    const style = { color: false, unicode: true, width: 80, verbose: false } as never;
    const all = [
      diffText(plan, style),
      JSON.stringify(planJson(plan, true)),
      plan.changes.flatMap(change => diffLines(change).map(line => line.map(({ text }) => text).join(''))).join('\n'),
    ];
    for (const text of all) {
      expect(text).toContain('GITHUB_TOKEN');
      expect(text).toContain(MASK);
      for (const secret of [KEY, 'hunter22', 'hunter33', 'hunter44']) expect(text).not.toContain(secret);
    }
    expect(readFileSync(join(repository.root, '.claude/settings.json'), 'utf8')).toContain(`"${KEY}"`);
    expect(readFileSync(join(repository.root, '.codex/config.toml'), 'utf8')).toContain('"hunter33"');

    const fresh = await repository.plan({ ...FULL, project: 'another' }, git);
    expect(fresh.changes.some(({ state }) => state === 'update')).toBe(true);
    const ours = fresh.changes.filter(({ path }) => !/settings.json|config.toml|husky/.test(path));
    expect(diffText({ ...fresh, changes: ours }, style)).not.toContain(MASK);
  } finally {
    repository.remove();
  }
});
