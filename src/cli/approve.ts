import { approvalHash, isApprovalHash, isApproved, recordApproval, shortHash } from '../base/approvals.ts';
import { UserError } from '../base/errors.ts';
import { stateFolder } from '../base/state.ts';
import { list } from '../base/text.ts';
import { pinned } from '../generate/pin.ts';
import { painter, type Style } from '../report/style.ts';
import { displayWidth, wrap } from '../report/width.ts';
import { fileIn } from '../selftest/drive/file-line.ts';
import type { ApprovalRequest } from '../selftest/types.ts';
import type { Context } from './command.ts';

export type Approve = (request: ApprovalRequest) => Promise<boolean>;

/**
 * Everything but printable characters, plain spaces and line ends, spelled out, and long runs of spaces counted: what is
 * approved is seen whole, with nothing hidden in it or pushed out of sight.
 */
export function visible(text: string): string {
  return text
    .replace(
      /(?![ \n])[\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Variation_Selector}\u2800]/gu,
      found => `\\u{${found.codePointAt(0)?.toString(16)}}`,
    )
    .replace(/ {9,}/g, spaces => `⟨${spaces.length} spaces⟩`)
    .replace(/\n{4,}/g, ends => `\n⟨${ends.length - 1} empty lines⟩\n`);
}

const KINDS: Record<Exclude<ApprovalRequest['kind'], 'contact' | 'agent'>, string> = {
  command: 'run this command',
  box: 'start this as the box',
  push: 'try this push',
};

/** Who asks for what. */
const asks = (request: ApprovalRequest): string =>
  request.kind === 'agent'
    ? 'Once it is started, this agent runs by itself what is named here, as its settings say'
    : `The posture of this repository asks to ${deed(request.kind, request.text)}`;

/** What exactly is done with the lines: addresses are connected to, files that it names outside of itself are read. */
function deed(kind: Exclude<ApprovalRequest['kind'], 'agent'>, text: string): string {
  if (kind !== 'contact') return KINDS[kind];
  const lines = text.split('\n');
  const files = lines.filter(line => line.startsWith('read ')).length;
  const addresses = lines.length - files;
  return [
    ...(addresses > 0 ? [`connect to ${addresses === 1 ? 'this address' : 'these addresses'}`] : []),
    ...(files > 0 ? [`read ${files === 1 ? 'this file' : 'these files'}`] : []),
  ].join(' and ');
}

/** What a No costs, where the request does not say it. */
const WITHOUT = 'the rows that need it stay not proven';

/** All of `line` in rows of at most `width` columns, broken between words where there are any: no character goes. */
function rows(line: string, width: number): string[] {
  const found: string[] = [];
  let row = '';
  for (const word of line.match(/[^ ]+| /g) ?? ['']) {
    if (row !== '' && displayWidth(row + word) > width) {
      found.push(row);
      row = '';
    }
    row += word;
    while (displayWidth(row) > width) {
      const characters = [...row];
      let at = 1;
      while (at < characters.length && displayWidth(characters.slice(0, at + 1).join('')) <= width) at++;
      found.push(characters.slice(0, at).join(''));
      row = characters.slice(at).join('');
    }
  }
  return [...found, row];
}

/** Which of the files that an agent runs are as `generate` left them: by what it noted for this user, not by what lies in the repository. */
export async function ownFiles(root: string, { kind, text }: ApprovalRequest): Promise<string | undefined> {
  if (kind !== 'agent') return undefined;
  const known = new Map<string, string>();
  for (const entry of (await pinned(root, stateFolder(root)))?.files ?? [])
    if (entry.mode === 'owned') known.set(entry.path, entry.sha256);
  const lines = text.split('\n');
  const own = lines.flatMap(line => {
    const file = fileIn(line);
    return file && known.get(file.path) === file.hash ? [file.path] : [];
  });
  if (own.length === 0) return undefined;
  const which =
    own.length === lines.length ? 'All of this is' : `Of this, ${list(own)} ${own.length > 1 ? 'are' : 'is'}`;
  return `${which} as agent-posture generate last wrote or took it.`;
}

/** What is asked for, as the screens around it are laid out. `own`: what is known of it. */
export function requestText(
  request: ApprovalRequest,
  insideAgent: string | undefined,
  style: Style,
  own?: string | undefined,
): string {
  const { text, purpose, without = WITHOUT, place } = request;
  const paint = painter(style);
  const width = Math.max(20, Math.min(style.width, 100)) - 2;
  const said = (words: string, format: Parameters<typeof paint>[0]) =>
    wrap(words, width).map(row => ` ${paint(format, row)}`);
  const lines = visible(text).split('\n');
  return [
    '',
    ...said(`${asks(request)}${place ? ` (${place.number} of ${place.of})` : ''}:`, 'bold'),
    '',
    // What goes on in the next row stands further in: a row of its own is a line of what is approved.
    ...lines.flatMap(line => rows(line, width - 4).map((row, at) => `   ${at > 0 ? '  ' : ''}${paint('cyan', row)}`)),
    '',
    ...(own === undefined ? [] : said(own, 'dim')),
    ...said(`What for: ${purpose}.`, 'dim'),
    ...said(`No: ${without}. You are asked again next time.`, 'dim'),
    ...(insideAgent ? said(`This is a ${insideAgent} session: a person should answer, not the agent.`, 'yellow') : []),
    '',
  ].join('\n');
}

/**
 * Law 11: what the posture asks to run or to contact happens only if this user has approved exactly that text: earlier
 * (kept by hash in the state folder), with `--trust` or `--trust=HASH` for this run, or now, on a terminal. Off a
 * terminal the answer is no, and the line says with which flag it would be yes. Questions come one after the other.
 */
export function approver({ root, flags, terminal, signal }: Context, insideAgent?: string): Approve {
  const trusted = flags.values('trust');
  const wrong = trusted.find(hash => hash !== '' && !isApprovalHash(hash));
  if (wrong !== undefined)
    throw new UserError({ what: '--trust= takes the hex digits that were printed, all of them' });
  if (trusted.includes('')) warnOfBareTrust({ terminal }, insideAgent);
  let queue: Promise<unknown> = Promise.resolve();
  const asked = new Map<string, Promise<boolean>>();

  const decide = async (request: ApprovalRequest): Promise<boolean> => {
    const { text, purpose, without = WITHOUT } = request;
    const hash = approvalHash(request);
    if (trusted.some(given => hash.startsWith(given)) || (await isApproved(root, request))) return true;
    if (signal.aborted) return false;
    if (!terminal.interactive) {
      const whole = visible(text)
        .split('\n')
        .map(line => `    ${line}`)
        .join('\n');
      terminal.show(
        `${asks(request)}: not approved, so not done (${purpose}):\n${whole}\n  ${without}\n  to approve exactly this: --trust=${shortHash(hash)}${insideAgent ? `\n  this is a ${insideAgent} session: let a person decide` : ''}`,
      );
      return false;
    }
    terminal.show(requestText(request, insideAgent, terminal.style, await ownFiles(root, request)));
    const yes = await terminal.confirm('Approve exactly this, and remember it?', signal);
    if (yes) await recordApproval(root, request);
    return yes;
  };

  return request => {
    const key = approvalHash(request);
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
