import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { ensurePrivate } from '../../src/base/state.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'ap-state-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const mode = (path: string) => statSync(path).mode & 0o777;

test.skipIf(process.platform === 'win32')(
  'the state folder is for this user alone, also one that stood open before',
  async () => {
    const fresh = join(folder, 'a', 'b');
    expect(await ensurePrivate(fresh)).toBe(fresh);
    expect([join(folder, 'a'), fresh].map(mode)).toEqual([0o700, 0o700]);
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    await ensurePrivate(open);
    expect(mode(open)).toBe(0o700);
  },
);

test('a state folder that cannot be made is something to mend, not a fault', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(ensurePrivate(join(folder, 'file', 'state'))).rejects.toBeInstanceOf(UserError);
});
