import { expect, test } from 'vitest';
import { parseMounts } from '../../src/base/mounts.ts';

test('a mount table is read, escaped names and optional fields included', () => {
  const text = [
    '36 35 98:0 /mnt1 /mnt\\0402/\\134x rw,noatime master:1 - ext3 /dev/root rw,errors=continue',
    '37 36 0:5 / /caf\\303\\251/é ro,nosuid - tmpfs none rw',
    '38 36 0:5',
    '',
  ].join('\n');
  expect(parseMounts(text)).toEqual([
    { id: 36, device: '98:0', root: '/mnt1', point: '/mnt 2/\\x', readOnly: false, type: 'ext3' },
    { id: 37, device: '0:5', root: '/', point: '/café/é', readOnly: true, type: 'tmpfs' },
  ]);
});
