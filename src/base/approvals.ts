import { join } from 'node:path';
import { readBounded, writeAtomic } from './files.ts';
import { sha256 } from './hash.ts';
import { ensurePrivate, stateFolder } from './state.ts';

/** What is approved: a text (a command whole, a list of addresses), and what is done with it. */
export interface Approvable {
  kind: string;
  text: string;
}

/**
 * The hash by which it is approved: SHA-256, hex. The kind is part of it: whoever lets a file be read has not let a
 * command of the same words be run.
 */
export function approvalHash({ kind, text }: Approvable): string {
  return sha256(`${kind}\0${text}`);
}

/** As many digits as are shown, and enough for `--trust=`: 128 bits, for which nobody finds a second text. */
const SHOWN = 32;

/** The hash as it is shown: it fits on a line with the flag that takes it. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHOWN);
}

/** Whether this is a hash that `--trust=` takes: whole, or as it was shown. */
export function isApprovalHash(text: string): boolean {
  return /^[0-9a-f]{32,64}$/.test(text);
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

/** Whether this user has approved exactly this for this repository before. */
export async function isApproved(root: string, what: Approvable): Promise<boolean> {
  return (await approvals(root)).includes(approvalHash(what));
}

/** Remembers an approval in the user's state folder, outside the repository (0600, whole or not at all). */
export async function recordApproval(root: string, what: Approvable): Promise<void> {
  const hash = approvalHash(what);
  const known = await approvals(root);
  if (known.includes(hash)) return;
  const folder = await ensurePrivate(stateFolder(root));
  await writeAtomic(join(folder, 'approvals'), `${[...known, hash].slice(-KEPT).join('\n')}\n`, 0o600);
}
