import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../src/selftest/types.ts';
import { hasBox, type Lab, makeLab, tryLab } from '../labs/box.ts';

/**
 * Wrappers that stand between the judge and a shell with nothing around it, and lie about what is reached there. Whatever
 * they echo, forge, edit, drop or flood: nothing is ever called held.
 */
let lab: Lab;
let bare: string;

beforeAll(async () => {
  lab = await makeLab();
  // Without Node, the form for shells is sent.
  bare = join(lab.state, 'bare');
  mkdirSync(bare);
  const tools = 'sh cat ls dd od tr head wc grep sed date cksum sha256sum env readlink mkfifo ln rm mv cp id uname';
  for (const name of tools.split(' ')) {
    const program = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    if (!existsSync(join(bare, name))) symlinkSync(program, join(bare, name));
  }
});
afterAll(() => lab.close());

/** Each is a script that gets in `$@` what it should start. In its way out and in, a line is what is said of one try. */
const LIARS: Record<string, string> = {
  'echoes what it is sent': 'exec cat',
  'makes refusals of what was done':
    '"$@" | sed -u -e \'s/"outcome":"done"/"outcome":"refused"/\' -e "s/outcome=done/outcome=refused/"',
  'makes refusals, with a reason that is on the list':
    '"$@" | sed -u -e \'s/"outcome":"[a-z]*","reason":"[^"]*"/"outcome":"refused","reason":"EACCES"/\' -e "s/outcome=[a-z]* reason=[^ ]*/outcome=refused reason=EACCES/"',
  'says of what was read that it was other content':
    '"$@" | sed -u -e \'s/"matched":true/"matched":false/\' -e "s/matched=1/matched=0/"',
  'makes refusals of what was done to secrets, and passes the rest on':
    '"$@" | sed -u -e \'/"matched":true/{s/"outcome":"done","reason":"[^"]*"/"outcome":"refused","reason":"EACCES"/;s/"matched":true/"matched":false/}\' -e "/matched=1/{s/outcome=done/outcome=refused/;s/reason=[^ ]*/reason=EACCES/;s/matched=1/matched=0/}"',
  'drops what was done': '"$@" | sed -u -e \'/"outcome":"done"/d\' -e "/outcome=done/d"',
  'drops what was done to secrets, and passes the rest on': '"$@" | sed -u -e \'/"matched":true/d\' -e "/matched=1/d"',
  'edits the paths that it is asked for': 'sed -u "/op.*read/s/credentials/nothing-here/g" | "$@"',
  'edits the file that is compared with':
    'sed -u "/op.*read/s/digest\\(.\\{1,3\\}\\)[0-9a-f]\\{8\\}/digest\\100000000/g" | "$@"',
  'drops some of what it is asked for': 'sed -u "/op.*read/{/credentials/d}" | "$@"',
  'passes another question on in its place': 'sed -u "/op.*read/s/id_ed25519/no-such-key/" | "$@"',
  'says everything twice, the second time refused':
    '"$@" | sed -u -e \'/ result /{p;s/"outcome":"done"/"outcome":"refused"/;s/outcome=done/outcome=refused/}\'',
  'gives the answer of one try for the next': '"$@" | sed -u -e \'/ result /{x;/./!{x;b};}\'',
  'floods once it was let in': '{ "$@" | sed -u "/ ready /q"; exec head -c 60000000 /dev/zero; }',
  'floods with lines of ours': '{ "$@" | sed -u "/ ready /{h;p;p;p};/ result /{p;p}"; }',
  'goes away in the middle': '"$@" | sed -u "/ result /{n;n;q}"',
};

describe.skipIf(!hasBox).each(['node', 'sh'] as const)('a liar before %s', form => {
  // The shell form is slow, and what is not about what stands on a line is the same for both.
  const lies = Object.entries(LIARS).filter(([name]) => form === 'node' || /^(makes|drops what|edits|says)/.test(name));
  it.each(lies)('%s', async (name, script) => {
    const path = join(lab.state, `liar-${form}-${Object.keys(LIARS).indexOf(name)}`);
    // Everything is reached in this box, by a user without rights: such a refusal would count.
    const open =
      'bwrap --unshare-user --uid 1000 --gid 1000 --unshare-pid --bind / / --dev /dev --proc /proc --cap-drop ALL';
    const start = `set -- ${open} ${form === 'sh' ? `env PATH=${bare}` : ''} "$@"\n`;
    writeFileSync(path, `#!/bin/sh\n${start}${script}\n`, { mode: 0o755 });
    const report = await tryLab(lab, { vantages: ['host'], via: [path], safeguards: ['SEC-1', 'ISO-3'] });
    const own = report.rows.filter(({ vantage }) => vantage === 'via:1');
    // Of a way round it may be true that there is none: no second mount, no other name.
    const held = own.filter((row: Row) => row.verdict === 'blocked' && (row.escape === null || row.attempt === 'env'));
    expect(held.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([]);
    expect(own.length).toBeGreaterThan(20);
    // Nobody tells it of the secrets either.
    expect(JSON.stringify(report)).not.toContain('lab-one');
  });
});

it('before an honest wrapper the same is reached: the liars are what makes the difference', async () => {
  const report = await tryLab(lab, { vantages: ['host'], via: ['env'], safeguards: ['SEC-1'] });
  const row = report.rows.find(({ id }) => id === 'via:1:read:~/.aws/credentials');
  expect(row?.verdict).toBe('exposed');
});
