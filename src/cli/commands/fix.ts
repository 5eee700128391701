import { EXIT, UserError } from '../../base/errors.ts';
import { didYouMean } from '../../base/suggest.ts';
import { oneLine } from '../../base/text.ts';
import { changesAnything } from '../../generate/changes.ts';
import { jsonReport } from '../../report/json.ts';
import { count, things } from '../../report/things.ts';
import { hang, pad } from '../../report/width.ts';
import type { Fix, Report } from '../../selftest/types.ts';
import { approver } from '../approve.ts';
import type { Command, Outcome } from '../command.ts';
import { applyFix, fixEnding, planFix } from '../fixing.ts';
import { keepReport, lastReport } from '../last-report.ts';
import { loadWithPosture } from '../load.ts';
import { diffText, planJson, planLines } from '../plan-text.ts';
import { tryNow } from '../trying.ts';

/** `fix [N | ID]`: plan, confirm, apply, try those rows again. The fixes are those of the last report, made anew if the posture changed since. */
export const command: Command = async context => {
  const { root, flags, terminal, signal, words } = context;
  const { facts, posture } = await loadWithPosture(
    context,
    {},
    'a fix is a change of the posture, and init makes the first one: a few questions, a plan that you see, and what was reached is tried again (--yes asks nothing)',
  );
  const approve = approver(context, facts.insideAgent);
  const kept = await lastReport(root);
  const report = kept?.posture?.sha256 === posture.sha256 ? kept : await tryNow({ context, facts, posture, approve });
  const unkept = report === kept ? undefined : await keepReport(report);
  if (unkept !== undefined) terminal.show(unkept);
  const [wanted] = words;
  if (wanted === undefined) return listed(report);

  const fix = find(report.fixes, wanted);
  const plan = await planFix(facts, posture, fix);
  if (flags.is('dry-run') || !changesAnything(plan))
    return {
      exitCode: EXIT.ok,
      json: { fix: about(fix), ...planJson(plan, true) },
      text: style => [...planLines(plan, style), '', diffText(plan, style)].join('\n'),
    };
  if (!flags.is('yes')) {
    if (!terminal.interactive)
      throw new UserError({
        what: `fix ${wanted} changes files; ${terminal.unasked} it needs --yes`,
        next: `agent-posture fix ${wanted} --dry-run shows the change`,
      });
    terminal.show(
      [
        ...hang('', fix.text, terminal.style.width),
        '',
        diffText(plan, terminal.style),
        '',
        ...planLines(plan, terminal.style),
      ].join('\n'),
    );
    if (!(await terminal.confirm('Apply it?', signal)))
      return { exitCode: EXIT.ok, json: { fix: about(fix), written: [] }, text: () => 'Nothing was changed.' };
  }
  const fixed = await applyFix(context, report, fix, plan, approve);
  const { exitCode, lines } = fixEnding(fixed);
  return {
    exitCode,
    json: {
      fix: about(fix),
      written: fixed.applied.written,
      conflicts: fixed.applied.conflicts,
      ...jsonReport(fixed.after),
    },
    text: style => lines(style).join('\n'),
  };
};

function about({ n, id, title, closes, command: line }: Fix) {
  return { n, id, title, closes, command: line };
}

function find(fixes: readonly Fix[], wanted: string): Fix {
  const fix = fixes.find(({ n, id }) => id === wanted || String(n) === wanted);
  if (fix) return fix;
  const ids = fixes.map(({ id }) => id);
  throw new UserError({
    what:
      ids.length === 0
        ? 'the last report has nothing to fix'
        : `no fix is called "${oneLine(wanted)}"${didYouMean(wanted, ids)}; there are ${fixes.map(({ n, id }) => `${n} ${id}`).join(', ')}`,
    next: 'the fixes are those of the last whole test: one of a vantage or a safeguard alone is not kept',
  });
}

function listed(report: Report): Outcome {
  const { fixes } = report;
  return {
    // That nothing is left to fix is proven only where all that was asked for could be tried.
    exitCode: report.exitCode === EXIT.inconclusive ? EXIT.inconclusive : EXIT.ok,
    json: { fixes: fixes.map(about) },
    text: style =>
      [
        ...(fixes.length === 0 ? hang('', nothingToFix(report), style.width) : []),
        ...fixes.flatMap(({ n, id, title, closes, command: line }) =>
          hang(
            ` [${n}] ${pad(id, 12)} `,
            oneLine(
              `${title}. Closes ${closes.length}.${line === null ? ' Yours to do.' : line.startsWith('agent-posture fix ') ? '' : ` With: ${line}`}`,
            ),
            style.width,
          ),
        ),
      ].join('\n'),
  };
}

function nothingToFix(report: Report): string {
  const gone = report.vantages.filter(({ judged, available }) => judged && !available);
  if (report.exitCode === EXIT.inconclusive)
    return `Nothing can be fixed before it can be tried: ${oneLine(
      gone.map(({ title, reason }) => `${title}: ${reason ?? 'not available'}`).join('; ') ||
        'not everything was tried',
    )}. agent-posture doctor says what is missing.`;
  const { reached, tooTight } = count(things(report));
  return reached + tooTight === 0
    ? 'Nothing to fix.'
    : `Nothing that this program can change: ${reached + tooTight} in the last report are yours to close. agent-posture test names them, agent-posture explain ROW says how.`;
}
