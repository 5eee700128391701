import { EXIT, UserError } from '../../base/errors.ts';
import { suggest } from '../../base/suggest.ts';
import { list, oneLine, shellLine } from '../../base/text.ts';
import { painter, type Style } from '../../report/style.ts';
import { VERDICT_WORDS, wayRound } from '../../report/things.ts';
import { hang, wrap } from '../../report/width.ts';
import { safeguardOf, safeguards } from '../../safeguards/catalogue.ts';
import type { Safeguard } from '../../safeguards/types.ts';
import { ATTEMPTS, type Fix, type Report, type Row } from '../../selftest/types.ts';
import type { Command, Outcome } from '../command.ts';
import { lastReport } from '../last-report.ts';

/** `explain ID`: a safeguard of the catalogue, or a row of the last report with its safeguard. */
export const command: Command = async ({ root, words: [id = ''] }) => {
  const safeguard = safeguardOf(id) ?? safeguardOf(id.toUpperCase());
  if (safeguard)
    return { exitCode: EXIT.ok, json: { safeguard }, text: style => lines(explainSafeguard(safeguard, style)) };

  const report = await lastReport(root);
  const fix = report?.fixes.find(each => String(each.n) === id || each.id === id);
  if (report && fix) return { exitCode: EXIT.ok, json: { fix }, text: style => lines(explainFix(fix, report, style)) };
  const row = report?.rows.find(each => each.id === id) ?? theOne(targetOf(id, report), report);
  if (!report || !row) return unmet(id, report);
  const of = safeguardOf(row.safeguard);
  const { change: _change, accepted: _accepted, ...shown } = row;
  return {
    exitCode: EXIT.ok,
    json: { row: shown, safeguard: of ?? null },
    text: style => lines([...explainRow(row, style), ...(of ? ['', ...explainSafeguard(of, style)] : [])]),
  };
};

/** How bad a row is, worst first: of all that was tried on one thing, that is the one to read about. */
const WORST: readonly Row['verdict'][] = ['exposed', 'broken', 'inconclusive', 'blocked', 'works', 'skipped'];

/** The target that a name means: itself, or the only one that ends with it. UserError where several do. */
function targetOf(name: string, report: Report | undefined): string {
  const all = [...new Set(report?.rows.map(({ target }) => target))];
  const named = all.filter(target => name !== '' && target.endsWith(`/${name}`));
  // Many places of that name are not there at all: what was tried is meant.
  const tried = named.filter(target => report?.rows.some(row => row.target === target && row.verdict !== 'skipped'));
  const ending = tried.length > 0 ? tried : named;
  if (all.includes(name) || ending.length === 0) return name;
  if (ending.length > 1)
    throw new UserError({
      what: `several things are called "${oneLine(name)}": ${list(ending.slice(0, 5).map(oneLine))}${ending.length > 5 ? ' …' : ''}`,
      next: `agent-posture explain ${shellLine([ending[0] ?? ''])}`,
    });
  return ending[0] ?? name;
}

/** The worst row of a target, called as the report calls it. */
function theOne(target: string, report: Report | undefined): Row | undefined {
  const all = report?.rows.filter(row => row.target === target) ?? [];
  return WORST.flatMap(verdict => all.filter(row => row.verdict === verdict))[0];
}

const ROW = new RegExp(`^(host|sandbox|via:\\d+|agent:[\\w@-]+):(${ATTEMPTS.join('|')}):([^#]+)(?:#(.+))?$`);

/** A row that the last report does not have is told from its id. Anything else that is called nothing is an error. */
function unmet(id: string, report: Report | undefined): Outcome {
  const [, vantage, attempt, target, way] = ROW.exec(id) ?? [];
  if (vantage === undefined || attempt === undefined || target === undefined) throw unknown(id, report);
  const near = nearest(id, report);
  return {
    exitCode: EXIT.ok,
    json: { row: null, tried: { vantage, attempt, target, escape: way ?? null } },
    text: style =>
      lines([
        ...hang('', oneLine(id), style.width),
        ...hang(
          'tried      ',
          oneLine(`${attempt} ${target}${beside(way ?? null)}, from ${placeOf(vantage)}`),
          style.width,
        ),
        ...hang(
          'result     ',
          near === undefined
            ? `none kept: ${testOf(vantage)} tries it, and with a posture keeps the report; agent-posture init makes one`
            : `none kept; the last report has ${oneLine(near)}`,
          style.width,
        ),
      ]),
  };
}

const agentOf = (vantage: string) => /^agent:([^@]+)/.exec(vantage)?.[1];

function placeOf(vantage: string): string {
  if (vantage === 'host') return 'your shell';
  if (vantage === 'sandbox') return 'the declared box';
  return agentOf(vantage) === undefined ? 'a --via command' : `${agentOf(vantage)}, driven`;
}

/** How a row of that place is tried. */
function testOf(vantage: string): string {
  const agent = agentOf(vantage);
  return agent === undefined ? 'agent-posture test' : `agent-posture test --agent ${agent}`;
}

const beside = (way: string | null) => (way === null ? '' : wayRound(way) ? `, way round: ${way}` : `, ${way}`);

const lines = (all: string[]) => all.join('\n');

function nearest(id: string, report: Report | undefined): string | undefined {
  return suggest(id, [...safeguards.map(each => each.id), ...(report?.rows.map(row => row.id) ?? [])]);
}

function unknown(id: string, report: Report | undefined): UserError {
  const near = nearest(id, report);
  return new UserError({
    what: `nothing is called "${oneLine(id)}"${near ? ` (did you mean "${oneLine(near)}"?)` : ''}${
      report === undefined && !near
        ? ', and no report is kept here that could name it: agent-posture init makes a posture, and agent-posture test keeps its report from then on'
        : ''
    }`,
  });
}

function explainSafeguard(
  { id, title, why, article, standards, generated, proven }: Safeguard,
  style: Style,
): string[] {
  const paint = painter(style);
  const part = (name: string, text: string) => hang(`${name.padEnd(11)}`, text, style.width);
  return [
    ...wrap(`${id}  ${title}`, style.width).map(line => paint('bold', line)),
    ...wrap(why, style.width),
    '',
    ...part('article', article),
    ...part(
      'generated',
      'outputs' in generated
        ? [generated.outputs.join(', '), generated.planned && later({ planned: generated.planned })]
            .filter(Boolean)
            .join('; ')
        : later(generated),
    ),
    ...part('proven', 'attempts' in proven ? `${proven.attempts.join(', ')}: ${proven.how}` : later(proven)),
    ...(standards.length > 0 ? part('see also', standards.join(', ')) : []),
  ];
}

function later(what: { none: string } | { planned: string }): string {
  return 'none' in what ? `not: ${what.none}` : `not in this version: ${what.planned}`;
}

/** What a fix does, and the rows that it closes. */
function explainFix({ n, title, text, closes, command: line }: Fix, { rows }: Report, style: Style): string[] {
  const targets = [...new Set(rows.filter(({ id }) => closes.includes(id)).map(({ target }) => target))];
  return [
    ...wrap(oneLine(`[${n}] ${title}`), style.width).map(row => painter(style)('bold', row)),
    ...hang('', oneLine(text), style.width),
    '',
    ...hang('closes     ', oneLine(list(targets)), style.width),
    ...hang('how        ', line ?? 'yours to do', style.width),
  ];
}

/** What came of one try, and of an agent by which call. */
export function explainRow(row: Row, style: Style): string[] {
  const paint = painter(style);
  const part = (name: string, text: string) => hang(`${name.padEnd(11)}`, oneLine(text), style.width);
  const control = ({ kind, when, vantage, outcome, reason }: Row['controls'][number]) =>
    `${kind} control ${when}, from ${vantage}: ${outcome === 'done' ? 'worked' : `failed${reason ? `, ${reason}` : ''}`}`;
  return [
    ...wrap(oneLine(row.id), style.width).map(line => paint('bold', line)),
    ...part('result', `${VERDICT_WORDS[row.verdict]}: ${row.reason}${row.layer ? ` (held by ${row.layer})` : ''}`),
    ...part('tried', `${row.attempt} ${row.target}${beside(row.escape)}, from ${row.vantage}`),
    ...(row.spelling === undefined ? [] : part('the call', row.spelling)),
    ...(row.rule === undefined ? [] : part('its rule', row.rule)),
    ...(row.evidence?.at ? part('by', row.evidence.at) : []),
    ...row.controls.flatMap((each, index) => part(index === 0 ? 'controls' : '', control(each))),
    ...(row.fix ? part('to close', row.fix.command ? `${row.fix.text}  ${row.fix.command}` : row.fix.text) : []),
  ];
}
