import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { approvalHash, recordApproval, shortHash } from '../../src/base/approvals.ts';
import { askFor, withApproval } from '../../src/selftest/approvals.ts';
import type { PlannedProbe } from '../../src/selftest/plan.ts';
import type { ApprovalRequest, SelftestOptions } from '../../src/selftest/types.ts';

const command = (text: string): ApprovalRequest => ({ kind: 'command', text, purpose: 'the test command' });

test('counts what is still to be asked, and asks nothing of what was approved or where only is looked', async () => {
  const root = mkdtempSync(join(tmpdir(), 'approvals-'));
  vi.stubEnv('XDG_STATE_HOME', join(root, 'state'));
  const requests = ['npm test', 'make', 'make lint'].map(command);
  const [known, yes, no] = requests as [ApprovalRequest, ApprovalRequest, ApprovalRequest];
  await recordApproval(root, known);
  const approve = vi.fn(async ({ text }: ApprovalRequest) => text === yes.text);
  const options = { root, approve, readOnly: false } as unknown as SelftestOptions;
  expect(await askFor(options, requests)).toEqual(new Set([known, yes].map(approvalHash)));
  expect(approve.mock.calls.map(([{ text, place }]) => [text, place])).toEqual([
    [yes.text, { number: 1, of: 2 }],
    [no.text, { number: 2, of: 2 }],
  ]);
  approve.mockClear();
  await askFor(options, [no]);
  expect(approve.mock.calls[0]?.[0].place).toBeUndefined();
  approve.mockClear();
  expect(await askFor({ ...options, readOnly: true }, requests)).toEqual(new Set([approvalHash(known)]));
  expect(approve).not.toHaveBeenCalled();
});

test('what was not approved says with which very hash it would be', () => {
  const needs = command('npm test');
  const probe = { subject: { kind: 'command', argv: ['npm', 'test'] }, needs } as unknown as PlannedProbe;
  const { subject } = withApproval(probe, new Set());
  expect(subject).toMatchObject({
    kind: 'skip',
    why: expect.stringMatching(new RegExp(`, or with --trust=${shortHash(approvalHash(needs))}$`)),
  });
});
