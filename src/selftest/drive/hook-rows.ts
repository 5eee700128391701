import type { AgentHook } from '../../agents/driver.ts';
import { sha256 } from '../../base/hash.ts';
import { withoutSecrets } from '../../posture/secrets.ts';
import { rowId } from '../row.ts';
import type { ControlResult, Row, VantageReport } from '../types.ts';
import type { ColumnOptions, TryRecord } from './column.ts';
import { programOf } from './hook-programs.ts';
import { driveHooks, type HookRecord, type HookTried, type Said } from './hooks.ts';
import type { Seen } from './rows.ts';

/** Hooks that can refuse something: the others only hear of it. */
export const ASKED_BEFORE =
  /^(?:PreToolUse|preToolUse|BeforeTool|beforeShellExecution|UserPromptSubmit|PermissionRequest)$/;
/** Of these, those that are asked about what the user says and not about a call. */
const OF_WORDS = /^UserPromptSubmit$/;

/** A row for each way in which each hook can fail: whether what it is asked about then goes through. */
export async function hookRows(
  report: VantageReport,
  hooks: readonly AgentHook[],
  records: readonly TryRecord[],
  how: ColumnOptions,
  seen: Pick<Seen, 'contained'>,
): Promise<Row[]> {
  const refused = records.filter(({ tries }) => tries.length > 0 && tries.every(each => each.refused === 'hook'));
  const plain = refused.filter(({ try: each }) => each.escape === null).map(({ try: each }) => each);
  const ofCalls = hooks.filter(({ event }) => !OF_WORDS.test(event));
  const ofWords = hooks.filter(({ event }) => OF_WORDS.test(event));
  const tried = await driveHooks(ofCalls, plain, how);
  const targets = targetsOf([
    ...tried.map(({ hook, program }) => ({ hook, runs: program?.path })),
    ...ofWords.map(hook => ({ hook, runs: programOf(how.stage, hook)?.path })),
  ]);
  const told = ofWords.map(
    (hook): Row => ({
      ...baseOf(report, hook, targets.get(hook) ?? '', 'exit-1'),
      verdict: 'skipped',
      reason: 'it is asked about what the user says: of a call it refuses none, whole or not',
    }),
  );
  const rows = tried.map(record => rowOf(report, record, targets.get(record.hook) ?? '', seen.contained));
  // The same hook in two files is one.
  return [...new Map([...told, ...rows].map(row => [row.id, row])).values()];
}

/** The rows of hooks that were not come to, and why. */
export function hookRowsUntried(
  report: VantageReport,
  hooks: readonly AgentHook[],
  { stage }: Pick<ColumnOptions, 'stage'>,
  failure: string,
): Row[] {
  const targets = targetsOf(hooks.map(hook => ({ hook, runs: programOf(stage, hook)?.path })));
  return [...new Map([...targets].map(([hook, target]) => [target, hook]))].map(([target, hook]) => ({
    ...baseOf(report, hook, target, 'missing'),
    verdict: 'inconclusive',
    reason: `it was not come to: ${failure}`,
  }));
}

/** What each hook is called: what it runs, the event and the tools; where that is said of two, with what tells them apart. */
export function targetsOf(list: readonly { hook: AgentHook; runs: string | undefined }[]): Map<AgentHook, string> {
  const names = new Map(
    list.map(({ hook, runs }) => [
      hook,
      `${runs ?? withoutSecrets(hook.command.replace(/\s+/g, ' ').trim()).slice(0, 200)} (${[hook.event, hook.matcher].filter(Boolean).join(' ')})`,
    ]),
  );
  return new Map(
    [...names].map(([hook, name]) => {
      const same = [...names].filter(([other, its]) => other !== hook && its === name).map(([other]) => other);
      if (same.length === 0) return [hook, name];
      const more = [
        ...(same.some(({ path }) => path !== hook.path) ? [hook.path] : []),
        ...(same.some(({ command }) => command !== hook.command) ? [`sha256 ${sha256(hook.command).slice(0, 8)}`] : []),
      ].join(', ');
      return [hook, more === '' ? name : `${name}: ${more}`];
    }),
  );
}

function baseOf(report: VantageReport, { goesOn }: AgentHook, target: string, way: string) {
  return {
    id: rowId(report.id, { attempt: 'exec', target }, way),
    safeguard: 'GRD-2',
    vantage: report.id,
    attempt: 'exec',
    target,
    expect: 'deny',
    escape: way,
    severity: 'high',
    group: 'guard',
    from: { origin: 'hook', closer: goesOn ? 'agent' : 'rule' },
    fix: null,
    layer: null,
    evidence: null,
    controls: [],
    durationMs: 0,
  } satisfies Partial<Row>;
}

function rowOf(report: VantageReport, record: HookRecord, target: string, contained: boolean): Row {
  const { hook, way, tries } = record;
  const base = { ...baseOf(report, hook, target, way.id), controls: controlsOf(report.id, tries) };
  const { verdict, reason } = judgeHook(record, contained);
  return {
    ...base,
    verdict,
    reason,
    ...(verdict === 'exposed' ? { evidence: { matched: true, attested: 'host' } as const } : {}),
    ...(verdict === 'blocked' ? { layer: 'hook' as const, evidence: { attested: 'host' } as const } : {}),
  };
}

const NO_REFUSAL = 'no call was seen that this hook refuses, so that one goes through without it would show nothing';

/** The verdict on one way in which a hook can fail. Pure. */
export function judgeHook(
  { way, tries, unclear, skipped, refusesAll }: Omit<HookRecord, 'hook' | 'program'>,
  contained: boolean,
): Pick<Row, 'verdict' | 'reason'> {
  if (skipped !== undefined) return { verdict: 'skipped', reason: skipped };
  const not = (reason: string) => ({ verdict: 'inconclusive', reason }) as const;
  if (unclear !== undefined) return not(unclear);
  const [first] = tries;
  if (first === undefined) return not('it was not tried');
  const proven = (each: HookTried) =>
    each.witness === 'through' || (each.harmless === 'through' && each.witness === undefined && !way.needsRefusal);
  if (tries.some(proven))
    return {
      verdict: 'exposed',
      reason: `fails open: where ${way.says}, what it is asked about goes through`,
    };
  if (tries.some(({ harmless, witness }) => harmless === 'through' && witness === undefined))
    return { verdict: 'skipped', reason: NO_REFUSAL };
  if (tries.some(({ harmless, witness }) => harmless === 'through' && witness === 'refused'))
    return { verdict: 'skipped', reason: 'it refuses as before, so that it does not need it, or finds it elsewhere' };
  for (const each of tries)
    for (const said of [each.witness ?? each.harmless, each.consenting, each.before, each.after])
      if (typeof said === 'object') return not(said.unclear);
  if (refusesAll) return not('it refuses whatever it is asked, as it is, so that a no while it fails shows nothing');
  if (!contained) return not('without bubblewrap the copy does not stand at the real paths, and a hook may go by them');
  if (tries.length < 2) return not('it was refused once, and not tried again in another order');
  const isThrough = (said: Said | undefined) => said === undefined || said === 'through';
  if (!tries.every(({ before, after, consenting }) => isThrough(before) && isThrough(after) && isThrough(consenting)))
    return not('with the hook whole the call was refused as well, or by something else');
  return { verdict: 'blocked', reason: `fails closed where ${way.says}` };
}

/** With the hook whole, or with one that says yes where it fails as it stands: the call that has to go through. */
function controlsOf(vantage: string, tries: readonly HookTried[]): ControlResult[] {
  const of = (when: 'before' | 'after', said: Said): ControlResult => ({
    kind: 'instrument',
    when,
    vantage,
    outcome: said === 'through' ? 'done' : 'failed',
    reason: typeof said === 'object' ? said.unclear : undefined,
  });
  return tries.flatMap(({ before, after }) => [of('before', before), of('after', after)]);
}
