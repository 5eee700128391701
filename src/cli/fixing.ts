import { EXIT, UserError } from '../base/errors.ts';
import { own } from '../base/started.ts';
import { stateFolder } from '../base/state.ts';
import { oneLine } from '../base/text.ts';
import type { Facts } from '../discover/facts.ts';
import { applyPlan } from '../generate/apply.ts';
import { counted } from '../generate/paths.ts';
import type { Applied, Plan } from '../generate/types.ts';
import type { LoadedPosture } from '../posture/model.ts';
import type { Style } from '../report/style.ts';
import { VERDICT_WORDS } from '../report/things.ts';
import { hang, pad } from '../report/width.ts';
import type { Fix, Report, Row } from '../selftest/types.ts';
import type { Approve } from './approve.ts';
import type { Context } from './command.ts';
import { loadWithPosture } from './load.ts';
import { planLines } from './plan-text.ts';
import { planEdits } from './planning.ts';
import { tryNow } from './trying.ts';

/** What a fix would change: the posture, and the files that follow from it. */
export async function planFix(facts: Facts, posture: LoadedPosture, fix: Fix): Promise<Plan> {
  if (fix.edits === undefined)
    throw new UserError({
      what: `${fix.command === null ? `"${fix.id}" is yours to do` : `"${fix.id}" has a command of its own`}: ${oneLine(fix.text)}`,
      ...(fix.command === null ? {} : { next: fix.command }),
    });
  return (await planEdits(facts, posture.text, fix.edits, fix.title)).plan;
}

export interface Fixed {
  plan: Plan;
  applied: Applied;
  before: Row[];
  /** The same rows, tried again with the fix in force. */
  after: Report;
}

/** Applies a planned fix and tries its rows again. */
export async function applyFix(
  context: Context,
  report: Report,
  fix: Fix,
  plan: Plan,
  approve: Approve,
): Promise<Fixed> {
  const applied = await applyPlan(plan, { stateFolder: stateFolder(context.root), command: `fix ${fix.id}` });
  const closes = new Set(fix.closes);
  const before = report.rows.filter(row => closes.has(row.id));
  try {
    const { facts, posture } = await loadWithPosture(context);
    const after = await tryNow({
      context,
      facts,
      posture,
      approve,
      options: { only: again(before), agents: agentsOf(before) },
    });
    return { plan, applied, before, after };
  } catch (error) {
    // However the try ends, the files are written.
    if (applied.written.length > 0)
      context.terminal.show(`${counted(applied.written)} written. ${own('undo')} takes it back.`);
    throw error;
  }
}

/**
 * The rows to try again. A fix may change from where an agent acts: what was reached from the shell is then tried from
 * the box that it made.
 */
function again(rows: readonly Row[]): ReadonlySet<string> {
  return new Set(rows.flatMap(({ id, vantage }) => [id, `sandbox${id.slice(vantage.length)}`]));
}

/** The agents through which these rows were tried. */
function agentsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap(({ vantage }) => /^agent:([^@]+)/.exec(vantage)?.[1] ?? []))];
}

/** How a fix that was applied ends: what became of each file, what is left, and how to take it back. */
export function fixEnding(fixed: Fixed): { exitCode: number; lines(style: Style): string[] } {
  const { plan, applied, after } = fixed;
  return {
    exitCode: applied.conflicts.length > 0 ? EXIT.conflict : after.exitCode,
    lines: style => [
      ...planLines(plan, style),
      ...applied.notes.flatMap(note => hang('', oneLine(note), style.width)),
      '',
      ...beforeAfter(fixed, style),
      '',
      ` ${own('undo')} takes it back.`,
    ],
  };
}

/** `BEFORE 9 reached → AFTER 1`, and what is left. */
function beforeAfter({ before, after }: Fixed, style: Style): string[] {
  const bad = (rows: readonly Row[]) =>
    rows.filter(row => ['exposed', 'broken'].includes(row.verdict) && !row.accepted);
  const left = bad(after.rows);
  const unproven = after.rows.filter(row => row.verdict === 'inconclusive');
  const arrow = style.unicode ? '→' : '->';
  const open = unproven.length > 0 ? `, ${unproven.length} not proven` : '';
  return [
    ` BEFORE ${bad(before).length} ${arrow} AFTER ${left.length}${open}`,
    ...[...left, ...unproven].flatMap(row =>
      hang(` ${pad(VERDICT_WORDS[row.verdict], 11)}`, oneLine(`${row.target}: ${row.reason}`), style.width),
    ),
  ];
}
