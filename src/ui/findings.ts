import { plural } from '../base/text.ts';
import { collapse, type Line as ReportLine, type Thing, things } from '../report/things.ts';
import type { Group, Report } from '../selftest/types.ts';

/** One row of a list of what was reached: a thing, or several alike. */
export interface Finding {
  group: Group;
  tight: boolean;
  isNew: boolean;
  target: string;
  /** What happened, or what it opens. */
  says: string;
  fix: number | undefined;
  things: readonly Thing[];
}

/** The name of several things at once: `~/.ssh/id_ed25519 and 4 more`. */
function name(list: readonly Thing[]): string {
  const first = list[0]?.target ?? '';
  return list.length > 1 ? `${first} and ${list.length - 1} more` : first;
}

function toFinding({ things: list, what, fix }: ReportLine): Finding {
  const first = list[0] as Thing;
  return {
    group: first.group,
    tight: first.state === 'too tight',
    isNew: first.isNew,
    target: name(list),
    says: what,
    fix,
    things: list,
  };
}

function open(report: Report): Thing[] {
  return things(report).filter(({ state }) => state === 'reached' || state === 'too tight');
}

/** What asks for something to be done, the most consequential first, alike things in one. */
export function findings(report: Report): Finding[] {
  return collapse(open(report), report).map(toFinding);
}

/** As `findings`, each thing by itself. */
export function singleFindings(report: Report): Finding[] {
  return open(report).flatMap(thing => collapse([thing], report).map(toFinding));
}

/** How many things were reached. */
export function reachedCount(report: Report): number {
  return things(report).filter(({ state }) => state === 'reached').length;
}

/** What has to work, and how much of it does. */
export function workingOf(report: Report): { works: number; of: number } {
  const states = things(report).map(({ state }) => state);
  const works = states.filter(state => state === 'works').length;
  return { works, of: works + states.filter(state => state === 'too tight').length };
}

/** What was tried, from where, how long: one sentence. */
export function triedFrom(report: Report): string {
  const tried = things(report).filter(({ state }) => state !== 'not tried').length;
  const from = report.vantages.find(vantage => vantage.judged && vantage.available);
  return `Tried from ${from?.title ?? 'your shell'}: ${plural(tried, 'place')}, ${(report.durationMs / 1000).toFixed(1)} s. No value shown or sent.`;
}
