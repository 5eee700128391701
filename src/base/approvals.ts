import { join } from 'node:path';
import { readBounded, writeAtomic } from './files.ts';
import { sha256 } from './hash.ts';
import { ensurePrivate, stateFolder } from './state.ts';

/** The hash by which a text (a command whole, a list of addresses) is approved: SHA-256 of its UTF-8 bytes, hex. */
export function approvalHash(text: string): string {
  return sha256(text);
}

const LIMIT = 1_000_000;
/** The approvals that are kept; the oldest go first. */
const KEPT = 1_000;

async function approvals(root: string): Promise<string[]> {
  const file = await readBounded(join(stateFolder(root), 'approvals'), LIMIT);
  return file.ok
    ? file.data
        .toString('utf8')
        .split('\n')
        .filter(line => /^[0-9a-f]{64}$/.test(line))
    : [];
}

/** Whether this user has approved exactly this text for this repository before. */
export async function isApproved(root: string, text: string): Promise<boolean> {
  return (await approvals(root)).includes(approvalHash(text));
}

/** Remembers an approval in the user's state folder, outside the repository (0600, whole or not at all). */
export async function recordApproval(root: string, text: string): Promise<void> {
  const hash = approvalHash(text);
  const known = await approvals(root);
  if (known.includes(hash)) return;
  const folder = await ensurePrivate(stateFolder(root));
  await writeAtomic(join(folder, 'approvals'), `${[...known, hash].slice(-KEPT).join('\n')}\n`, 0o600);
}
