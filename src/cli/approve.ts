import { approvalHash, isApproved, recordApproval } from '../base/approvals.ts';
import { UserError } from '../base/errors.ts';
import type { ApprovalRequest } from '../selftest/types.ts';
import type { Context } from './command.ts';

export type Approve = (request: ApprovalRequest) => Promise<boolean>;

/** Everything but printable characters, spelled out: what is approved is seen whole, with nothing hidden in it. */
function visible(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu,
    found => `\\u{${found.codePointAt(0)?.toString(16)}}`,
  );
}

const KINDS: Record<ApprovalRequest['kind'], string> = {
  command: 'run this command',
  contact: 'connect to these addresses',
  box: 'start this as the box',
  push: 'try this push',
};

/**
 * Law 11: what the posture asks to run or to contact happens only if this user has approved exactly that text: earlier
 * (kept by hash in the state folder), with `--trust` or `--trust=HASH` for this run, or now, on a terminal. Off a
 * terminal the answer is no, and the line says with which flag it would be yes. Questions come one after the other.
 */
export function approver({ root, flags, terminal, signal }: Context, insideAgent?: string): Approve {
  const trusted = flags.values('trust');
  const wrong = trusted.find(hash => hash !== '' && !/^[0-9a-f]{64}$/.test(hash));
  if (wrong !== undefined) throw new UserError({ what: '--trust= takes the 64 hex digits that were printed' });
  if (trusted.includes('')) warnOfBareTrust({ terminal }, insideAgent);
  let queue: Promise<unknown> = Promise.resolve();
  const asked = new Map<string, Promise<boolean>>();

  const decide = async ({ kind, text, purpose }: ApprovalRequest): Promise<boolean> => {
    const hash = approvalHash(text);
    if (trusted.includes('') || trusted.includes(hash) || (await isApproved(root, text))) return true;
    const whole = visible(text)
      .split('\n')
      .map(line => `    ${line}`)
      .join('\n');
    if (!terminal.interactive) {
      terminal.show(
        `not approved, so not done (${purpose}):\n${whole}\n  to approve exactly this: --trust=${hash}${insideAgent ? `\n  this is a ${insideAgent} session: let a person decide` : ''}`,
      );
      return false;
    }
    terminal.show(
      `\nThe posture of this repository asks to ${KINDS[kind]}\n(${purpose}):\n\n${whole}\n${insideAgent ? `\nThis is a ${insideAgent} session: a person should answer, not the agent.\n` : ''}`,
    );
    const yes = await terminal.confirm('Approve exactly this, and remember it?', signal);
    if (yes) await recordApproval(root, text);
    return yes;
  };

  return request => {
    const key = `${request.kind}\0${request.text}`;
    const known = asked.get(key);
    if (known) return known;
    const answer = queue.then(() => decide(request));
    queue = answer.catch(() => {});
    asked.set(key, answer);
    return answer;
  };
}

function warnOfBareTrust({ terminal }: Pick<Context, 'terminal'>, insideAgent: string | undefined): void {
  const { env } = terminal.streams;
  const request = /^pull_request/.test(env.GITHUB_EVENT_NAME ?? '') || Boolean(env.CI_MERGE_REQUEST_IID);
  if (request)
    terminal.show(
      'warning: --trust without a hash on a pull request: the pull request wrote what it approves. Use --trust=HASH.',
    );
  if (insideAgent) terminal.show(`warning: --trust inside a ${insideAgent} session: the agent approves for you.`);
}
