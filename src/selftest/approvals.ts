import { type Approvable, approvalHash, isApproved, shortHash } from '../base/approvals.ts';
import type { PlannedProbe } from './plan.ts';
import type { Probe } from './probes/types.ts';
import type { ApprovalRequest, Row, SelftestOptions } from './types.ts';

/** Why something was not done, with what would approve exactly that where nobody can answer. */
export function unapprovedReason(what: string, request: Approvable): string {
  return `${what}; run this on a terminal, or with --trust=${shortHash(approvalHash(request))}`;
}

export async function approved(
  options: Pick<SelftestOptions, 'root' | 'approve'>,
  request: ApprovalRequest,
): Promise<boolean> {
  return (await isApproved(options.root, request)) || (await options.approve(request));
}

/** Asks for what the posture wants run or contacted, one after the other, and gives the hashes of what may be; in a read-only try only what is approved already counts. */
export async function askFor(
  options: SelftestOptions,
  requests: readonly ApprovalRequest[],
): Promise<ReadonlySet<string>> {
  const known = await Promise.all(requests.map(request => isApproved(options.root, request)));
  const given = new Set(requests.filter((_, index) => known[index]).map(approvalHash));
  const open = requests.filter((_, index) => !known[index]);
  if (options.readOnly) return given;
  for (const [index, request] of open.entries()) {
    const place = open.length > 1 ? { number: index + 1, of: open.length } : undefined;
    if (await options.approve({ ...request, place })) given.add(approvalHash(request));
  }
  return given;
}

/** A probe whose approval is missing is not tried, and says so. */
export function withApproval({ needs, ...probe }: PlannedProbe, given: ReadonlySet<string>): Probe {
  if (needs === undefined || given.has(approvalHash(needs)) || probe.subject.kind === 'skip') return probe;
  const what =
    probe.subject.kind === 'command' || probe.subject.kind === 'push'
      ? 'you have not approved running it'
      : 'not contacted: you have not agreed to it';
  return { ...probe, subject: { kind: 'skip', why: unapprovedReason(what, needs) } };
}

/** Rows that were not tried for want of an approval say which. */
export function markUnapproved(
  rows: readonly Row[],
  probes: readonly PlannedProbe[],
  given: ReadonlySet<string>,
): Row[] {
  const missing = new Map(
    probes.flatMap(({ attempt, target, needs, subject }) =>
      needs === undefined || given.has(approvalHash(needs)) || subject.kind === 'skip'
        ? []
        : [[`${attempt}:${target}`, approvalHash(needs)] as const],
    ),
  );
  return rows.map(row => {
    const unapproved = missing.get(`${row.attempt}:${row.target}`);
    return row.verdict === 'skipped' && unapproved !== undefined ? { ...row, unapproved } : row;
  });
}
