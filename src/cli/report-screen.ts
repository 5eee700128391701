import { EXIT, UserError } from '../base/errors.ts';
import type { Facts } from '../discover/facts.ts';
import type { LoadedPosture } from '../posture/model.ts';
import { jsonReport } from '../report/json.ts';
import { textReport } from '../report/text.ts';
import { safeguardOf } from '../safeguards/catalogue.ts';
import type { Report } from '../selftest/types.ts';
import type { Approve } from './approve.ts';
import type { Context, Outcome } from './command.ts';
import { write } from './failure.ts';
import { applyFix, beforeAfter, planFix } from './fixing.ts';
import { printable } from './terminal.ts';
import { screen } from './trying.ts';

interface Shown {
  context: Context;
  facts: Facts;
  posture: LoadedPosture | undefined;
  approve: Approve;
  report: Report;
}

/** On a terminal: the report, and under it the keys that show, explain and apply its fixes. */
export async function screenReport({ context, facts, posture, approve, report }: Shown): Promise<Outcome> {
  const { terminal } = context;
  const print = (text: string) => write(terminal.streams.stdout, printable(text, terminal.style.color));
  await print(textReport(report, terminal.style));
  const done = (exitCode: number): Outcome => ({ exitCode, json: jsonReport(report), text: () => '' });
  if (report.exitCode === EXIT.ok && report.fixes.length === 0) return done(report.exitCode);

  const { runReport } = await import('../ui/index.tsx');
  const ending = await runReport(
    report,
    {
      plan: fix => {
        if (!posture) throw new UserError({ what: 'there is no posture yet to change', next: 'agent-posture init' });
        return planFix(facts, posture, fix);
      },
      why: id => safeguardOf(id)?.why ?? '',
    },
    screen(context),
  );
  if (ending.by === 'quit') return done(report.exitCode);
  const fixed = await applyFix(context, report, ending.fix, ending.plan, approve);
  await print(`${beforeAfter(fixed, terminal.style).join('\n')}\n`);
  return done(fixed.after.exitCode);
}
