import { EXIT, UserError } from '../base/errors.ts';
import type { Facts } from '../discover/facts.ts';
import type { LoadedPosture } from '../posture/model.ts';
import { jsonReport } from '../report/json.ts';
import type { Style } from '../report/style.ts';
import { reportParts, textReport } from '../report/text.ts';
import { safeguardOf } from '../safeguards/catalogue.ts';
import type { Report } from '../selftest/types.ts';
import { share } from '../ui/layout.ts';
import type { Approve } from './approve.ts';
import type { Context, Outcome } from './command.ts';
import { write } from './failure.ts';
import { applyFix, fixEnding, planFix } from './fixing.ts';
import { printable } from './terminal.ts';
import { screen } from './trying.ts';

interface Shown {
  context: Context;
  facts: Facts;
  posture: LoadedPosture | undefined;
  approve: Approve;
  report: Report;
}

/** Rows under the report: a space, the keys, and the one that stays free. */
const KEY_ROWS = 3;

/** The report in at most `rows` rows, so that its headline stays in the window. The rest is a key or a flag away. */
export function fittedReport(report: Report, style: Style, rows: number, keys: boolean, now = new Date()): string {
  const parts = reportParts(report, style, keys ? 'enter all rows' : '--verbose shows them', now);
  const given = share(
    rows,
    parts.map(({ lines, ...part }) => ({ want: lines.length, ...part })),
  );
  const lines = parts.flatMap(({ lines, cut }, index) => {
    const height = given[index] as number;
    return height === lines.length || height === 0 || !cut ? lines.slice(0, height) : cut(height);
  });
  return `${lines.join('\n')}\n`;
}

/** On a terminal: the report, and under it the keys that show, explain and apply its fixes. */
export async function screenReport({ context, facts, posture, approve, report }: Shown): Promise<Outcome> {
  const { terminal } = context;
  const print = (text: string) => write(terminal.streams.stdout, printable(text, terminal.style.color));
  const done = (exitCode: number): Outcome => ({ exitCode, json: jsonReport(report), text: () => '' });
  const keys = report.exitCode !== EXIT.ok || report.fixes.length > 0;
  await print(
    terminal.style.verbose
      ? textReport(report, terminal.style)
      : fittedReport(report, terminal.style, (terminal.streams.stdout.rows || 24) - (keys ? KEY_ROWS : 1), keys),
  );
  if (!keys) return done(report.exitCode);

  const brief = { ...terminal.style, verbose: false };
  const { runReport } = await import('../ui/index.tsx');
  const ending = await runReport(
    report,
    {
      plan: fix => {
        if (!posture) throw new UserError({ what: 'there is no posture yet to change', next: 'agent-posture init' });
        return planFix(facts, posture, fix);
      },
      why: id => safeguardOf(id)?.why ?? '',
      again: rows =>
        printable(fittedReport(report, brief, rows, true), brief.color)
          .trimEnd()
          .split('\n'),
    },
    screen(context),
  );
  if (ending.by === 'quit') {
    if (ending.covered) await print(fittedReport(report, brief, (terminal.streams.stdout.rows || 24) - 1, false));
    return done(report.exitCode);
  }
  const fixed = await applyFix(context, report, ending.fix, ending.plan, approve);
  const { exitCode, lines } = fixEnding(fixed);
  await print(`${lines(terminal.style).join('\n')}\n`);
  return done(exitCode);
}
