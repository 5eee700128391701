import { agentCommand } from '../../agents/command.ts';
import { approvalHash, isApproved } from '../../base/approvals.ts';
import { EXIT } from '../../base/errors.ts';
import { oneLine, plural } from '../../base/text.ts';
import { ago } from '../../base/units.ts';
import type { Facts } from '../../discover/facts.ts';
import { drift } from '../../generate/drift.ts';
import { networkNote } from '../../isolation/proposal.ts';
import { isBoxed } from '../../posture/boxed.ts';
import type { Posture } from '../../posture/schema.ts';
import { undoneParts } from '../../posture/undone.ts';
import { count, headline, things, title, unapprovedLines } from '../../report/things.ts';
import { hang } from '../../report/width.ts';
import type { Report } from '../../selftest/types.ts';
import type { Command } from '../command.ts';
import { lastReport } from '../last-report.ts';
import { load } from '../load.ts';
import { planOutputs } from '../planning.ts';

/** Days before its end from which an accepted row is mentioned, and after which a proof is called old. */
const SOON = 14;
const OLD = 7;
const DAY = 86_400_000;

/**
 * `status`: posture, drift, the age of the last proof, what was approved, what was accepted and ends soon. Writes nothing of
 * its own; what an interrupted run had left is put back first.
 */
export const command: Command = async context => {
  const { root } = context;
  const { facts, posture } = await load(context, { boxes: false });
  if (!posture)
    return {
      exitCode: EXIT.ok,
      json: { posture: null },
      text: style =>
        hang('', 'No posture here. agent-posture test looks, agent-posture init closes.', style.width).join('\n'),
    };
  const [plan, last] = await Promise.all([planOutputs(facts, posture), lastReport(root)]);
  const found = drift(plan);
  const commands = posture.posture.selftest?.commands ?? [];
  const approvals = await Promise.all(
    commands.map(async text => {
      const wish = { kind: 'command', text };
      return { text, hash: approvalHash(wish), approved: await isApproved(root, wish) };
    }),
  );
  const ending = endingSoon(posture.posture, new Date());
  const undone = undoneParts(posture.posture, facts.git.remote?.forge);
  const start = startOf(posture.posture, facts);
  const network = networkNote({ facts, posture: posture.posture });
  const proof = last && proofOf(last, posture.sha256, facts.agents);
  return {
    exitCode: EXIT.ok,
    json: {
      posture: { path: 'agent-posture.yaml', sha256: posture.sha256, project: posture.posture.project },
      start: start ?? null,
      network: network ?? null,
      drift: found.map(({ line, ...rest }) => ({ ...rest, line: line ?? null })),
      notDone: undone,
      lastProof: proof ?? null,
      approvals,
      accepted: ending,
    },
    text: style => {
      const part = (name: string, text: string) => hang(` ${name.padEnd(10)}`, oneLine(text), style.width);
      return [
        ...part(
          'posture',
          `${posture.posture.project}, ${plural(posture.posture.systems?.length ?? 0, 'system')}, box: ${posture.posture.isolation?.runtime ?? 'none declared'}`,
        ),
        ...(start === undefined ? [] : part('start', start)),
        ...(network === undefined ? [] : part('network', network)),
        ...(found.length === 0
          ? part('files', 'as the posture asks')
          : found.flatMap(({ reason }, index) => part(index === 0 ? 'files' : '', reason))),
        ...plan.notes.flatMap((note, index) => part(index === 0 ? 'to do' : '', note)),
        ...undone.flatMap((each, index) => part(index === 0 ? 'not done' : '', each)),
        ...part(
          'proof',
          proof
            ? `${proof.headline} ${ago(new Date(proof.at))}, from: ${proof.from}${proof.stale.map(why => `; ${why}`).join('')}`
            : 'none yet: agent-posture test',
        ),
        ...(proof?.untried ?? []).flatMap(line => hang(' ! ', oneLine(line), style.width)),
        ...approvals.flatMap(({ text, approved }, index) =>
          part(index === 0 ? 'approved' : '', `${approved ? 'yes' : 'not yet'}: ${text}`),
        ),
        ...ending.flatMap(({ target, until, ended }, index) =>
          part(index === 0 ? 'accepted' : '', `${target} ${ended ? 'ended' : 'ends'} ${until}`),
        ),
      ].join('\n');
    },
  };
};

/** How an agent is started in the declared box: outside of it, it holds for nobody. */
function startOf({ isolation, agents }: Posture, facts: Facts): string | undefined {
  if (!isBoxed(isolation)) return undefined;
  return `agent-posture run -- ${agentCommand(facts.agents, agents) ?? 'YOUR-AGENT'}`;
}

function proofOf(last: Report, sha256: string, agents: readonly { title: string; version: string | undefined }[]) {
  const { agent, version } = last.subject;
  const counts = count(things(last));
  const now = agents.find(({ title }) => title === agent)?.version;
  return {
    at: last.startedAt,
    headline: headline(counts, last),
    from: title(last),
    // What the posture of then asked for says nothing of the one of now.
    untried: last.posture?.sha256 === sha256 ? unapprovedLines(things(last)) : [],
    stale: [
      ...(last.posture?.sha256 === sha256 ? [] : ['the posture was changed since: try again, agent-posture test']),
      ...(counts.reached > 0 ? ['agent-posture fix shows what closes it'] : []),
      ...(version && now && now !== version ? [`${agent} was ${version} then and is ${now} now`] : []),
      ...(Date.now() - Date.parse(last.startedAt) > OLD * DAY ? ['try again: agent-posture test'] : []),
    ],
  };
}

function endingSoon({ accepted = [] }: Posture, now: Date) {
  const left = (until: string) => Date.parse(`${until}T23:59:59Z`) - now.getTime();
  return accepted
    .filter(({ until }) => left(until) < SOON * DAY)
    .map(({ safeguard, target, until }) => ({ safeguard, target, until, ended: left(until) < 0 }));
}
