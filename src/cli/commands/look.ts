import { EXIT } from '../../base/errors.ts';
import { jsonReport } from '../../report/json.ts';
import { textReport } from '../../report/text.ts';
import { hang } from '../../report/width.ts';
import type { Command } from '../command.ts';
import { load } from '../load.ts';
import { tryNow } from '../trying.ts';

/** What an agent started here could reach now, read-only, and what to do next. Ends with exit 0 whatever is reached. */
export const command: Command = async context => {
  const { facts, posture } = await load(context);
  // From the shell, whatever box is declared: what is started here is in none, and without a decoy a box proves nothing.
  const options = { readOnly: true, vantages: ['host'] };
  const report = await tryNow({ context, facts, posture, approve: async () => false, options });
  const next = posture
    ? 'Next: agent-posture fix closes what was reached; agent-posture test also lays decoys, tries to write and uses what was approved, so it may reach more.'
    : 'Next: agent-posture init closes this (on a terminal it asks; init --yes takes the defaults; init --dry-run shows them); agent-posture test also lays decoys and tries to write, so it may reach more.';
  return {
    exitCode: EXIT.ok,
    json: { ...jsonReport(report), next },
    text: style => `${textReport(report, style)}\n${hang(' ', next, style.width).join('\n')}`,
  };
};
