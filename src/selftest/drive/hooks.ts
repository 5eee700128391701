import type { AgentCall, AgentHook, Driver } from '../../agents/driver.ts';
import { findProgram } from '../../base/exec.ts';
import { controlWorks, LIMITS, makeCall } from './calls.ts';
import type { ColumnOptions } from './column.ts';
import { withProof } from './ground.ts';
import { type Behaviour, dependenciesOf, type HookProgram, programOf, SHELL } from './hook-programs.ts';
import type { DriveTried } from './judge.ts';
import { type AgentSession, startAgent } from './session.ts';
import type { Stage } from './stage.ts';
import type { DriveSubject } from './subjects.ts';
import type { DriveTry } from './tries.ts';

/** A way in which a hook can fail, and what came of a call that it is asked about meanwhile. */
export interface HookRecord {
  hook: AgentHook;
  program: HookProgram | undefined;
  /** As the row's way round: `not-executable`, `without-jq` … */
  id: string;
  says: string;
  /** In two sessions. */
  tries: DriveTried[];
  /** Why nothing can be said of it, whatever came. */
  unclear?: string;
  /** Why it was not tried. */
  skipped?: string;
}

/** What is put on the stage before a call; `undo` takes it back. */
type Lay = () => () => void;

interface Way extends HookRecord {
  lay: Lay;
  /** The call by which it shows; undefined: the harmless one. */
  call?: DriveTry | undefined;
}

const WORK: DriveSubject = {
  kind: 'work',
  target: '.',
  attempt: 'write',
  expect: 'allow',
  probe: { safeguard: 'GRD-2', severity: 'high', group: 'guard', origin: 'guard' },
  rules: [],
};

const NOTHING: Lay = () => () => {};

/** Words of settings files that agents read once, when they start. */
const JSON_FILE = /\.json$/;

/**
 * What becomes of a harmless call while a hook that is asked about it fails, in each of the ways in which it can. It counts where
 * the same call goes through with the hook as it is, and is refused where a program that refuses stands in the hook's place.
 * `refused`: calls that some hook was seen to refuse.
 */
export async function driveHooks(
  hooks: readonly AgentHook[],
  refused: readonly DriveTry[],
  options: ColumnOptions,
): Promise<HookRecord[]> {
  const records: HookRecord[] = [];
  for (const hook of hooks) {
    if (options.signal?.aborted) break;
    const program = programOf(options.stage, hook);
    records.push(
      ...(program?.written
        ? await ofProgram(hook, program, refused, options)
        : await ofCommand(hook, program, options)),
    );
  }
  return records;
}

/** A call that a hook with this matcher is asked about, and that does no harm. */
function harmless({ matcher }: AgentHook, { tools }: Driver): DriveTry | undefined {
  const meant = (call: AgentCall | undefined) =>
    call !== undefined && (matcher === '' || matcher === '*' || isMatched(matcher, call.name));
  if (meant(tools.shell('true')))
    return {
      subject: { ...WORK, command: 'true' },
      escape: null,
      make: (_on, mark) => tools.shell(withProof('true', mark)),
    };
  if (!meant(tools.write?.('', ''))) return undefined;
  return { subject: WORK, escape: null, make: (on, mark) => tools.write?.(on.abs, `${mark}\n`) };
}

function isMatched(matcher: string, name: string): boolean {
  try {
    return new RegExp(`^(?:${matcher})$`).test(name);
  } catch {
    return matcher === name;
  }
}

const NO_CALL = 'no call of ours is one that it is asked about';

/** A hook whose program is a file: what stands there is changed between two calls of one session. */
async function ofProgram(
  hook: AgentHook,
  program: HookProgram,
  refused: readonly DriveTry[],
  options: ColumnOptions,
): Promise<HookRecord[]> {
  const { stage, driver } = options;
  const call = harmless(hook, driver);
  const put = (behaviour: Behaviour): Lay => laid(stage, program, program.written?.(behaviour) ?? '');
  const record = (id: string, says: string, lay: Lay): Way => ({ hook, program, id, says, tries: [], lay });
  const ways = program.isThere ? waysOf(record, program, stage, put) : [record('missing', 'it is not there', NOTHING)];
  const here = (name: string) => findProgram(name, [stage.root]) !== undefined;
  const interpreter = program.interpreter;
  const lacks = interpreter !== undefined && /^[\w.-]+$/.test(interpreter) && !here(interpreter);
  if (lacks && interpreter)
    ways.splice(0, ways.length, record(`without-${interpreter}`, `${interpreter} is not here`, NOTHING));
  else if (program.isThere)
    for (const name of dependenciesOf(hook, program))
      ways.push(record(`without-${name}`, `${name} is missing`, stubbed(stage, name)));
  if (!call) return ways.map(way => ({ ...way, skipped: NO_CALL }));
  // Where its interpreter is not here, a stand-in of that name is what could refuse.
  const asked = lacks && interpreter ? (behaviour: Behaviour) => standIn(stage, interpreter, behaviour) : put;
  const before = await pass(ways, call, refused, asked, lacks || !program.isThere, options);
  if (before !== undefined) return ways.map(way => ({ ...way, unclear: way.unclear ?? before }));
  const again = ways.filter(({ tries, skipped }) => skipped === undefined && !tries[0]?.effect).reverse();
  const after =
    again.length > 0 ? await pass(again, call, refused, asked, lacks || !program.isThere, options) : undefined;
  return ways.map(way => (after === undefined || way.tries[0]?.effect ? way : { ...way, unclear: after }));
}

function waysOf(
  record: (id: string, says: string, lay: Lay) => Way,
  program: HookProgram,
  stage: Stage,
  put: (behaviour: Behaviour) => Lay,
): Way[] {
  return [
    ...(program.direct
      ? [record('not-executable', 'it may not be executed', laid(stage, program, program.text, 0o600))]
      : []),
    record('missing', 'it is missing', () => {
      stage.drop(program.path);
      return () => stage.write(program.path, program.text, 0o700);
    }),
    record('exit-1', 'it ends with 1', put('exit-1')),
    record('crash', 'it crashes', put('crash')),
    record('garbage', 'it prints what is no answer', put('garbage')),
    record('slow', 'it takes too long', put('slow')),
  ];
}

/** Another text in the place of a hook's program, and back. What stands there is taken away first, so that its rights are new too. */
function laid(stage: Stage, { path, text, isThere }: HookProgram, content: string, mode = 0o700): Lay {
  return () => {
    stage.drop(path);
    stage.write(path, content, mode);
    return () => {
      stage.drop(path);
      if (isThere) stage.write(path, text, 0o700);
    };
  };
}

/** A program of the name before all others, that is as if there were none. */
function stubbed(stage: Stage, name: string, content = '#!/bin/sh\nexit 127\n'): Lay {
  return () => {
    stage.write(stage.stub(name), content, 0o755);
    return () => stage.drop(stage.stub(name));
  };
}

const standIn = (stage: Stage, name: string, behaviour: Behaviour) =>
  stubbed(stage, name, `#!/bin/sh\n${SHELL[behaviour]}`);

/** All these ways in one session, as far as it goes. Why nothing can be said of them; undefined where the controls hold. */
async function pass(
  ways: readonly Way[],
  call: DriveTry,
  refused: readonly DriveTry[],
  asked: (behaviour: Behaviour) => Lay,
  broken: boolean,
  options: ColumnOptions,
): Promise<string | undefined> {
  const { driver, program, stage } = options;
  const left = [...ways];
  let known: string | undefined | null = null;
  for (let sessions = 0; (known === null || left.length > 0) && sessions <= ways.length + 3; sessions++) {
    const session = await startAgent(driver, program, stage, options);
    try {
      if (!(await session.model.ready(LIMITS.start)) || !(await controlWorks(options, session)))
        return 'it did not start again';
      if (known === null) {
        const answer = await isAsked(call, asked, broken, options, session);
        if (answer === 'over') continue;
        known = answer;
        if (known !== undefined) return known;
        if (driver.endsOnRefusal) continue;
      }
      while (left.length > 0) {
        const way = left.shift() as Way;
        const own =
          way.id.startsWith('without-') && !broken ? await ownRefusal(refused, asked, options, session) : call;
        if (own === 'over') {
          left.unshift(way);
          break;
        }
        if (own === undefined) {
          way.skipped =
            'no call was seen that this hook refuses, so that one goes through without it would show nothing';
          continue;
        }
        if (way.id === 'slow' && waits(way.hook) > PATIENT) {
          way.skipped = `it is waited for ${waits(way.hook)} s`;
          continue;
        }
        const made = await during(way.lay, own, options, session);
        if (!made) continue;
        way.tries.push(made);
        if (made.outcome.kind === 'ended' || made.outcome.kind === 'timeout') {
          made.controlled = made.refused !== undefined;
          break;
        }
        // The hook is as it was, and lets work through: it was not the session that stood still.
        made.controlled = await controlWorks(options, session);
        if (!made.controlled) break;
      }
    } finally {
      await session.close();
    }
  }
  return known ?? undefined;
}

/** Seconds for which an agent waits for a hook that takes too long. */
const PATIENT = 8;
const waits = ({ timeout }: AgentHook): number => timeout ?? Number.POSITIVE_INFINITY;

/** One call while something is laid. */
async function during(
  lay: Lay,
  call: DriveTry,
  options: ColumnOptions,
  session: AgentSession,
): Promise<DriveTried | undefined> {
  const undo = lay();
  const made = await makeCall(call, options, session).finally(undo);
  if (made?.tried.outcome.kind === 'ended' && options.driver.endsOnRefusal)
    made.tried.refused = options.driver.refused((await session.ended).output);
  return made?.tried;
}

/**
 * Whether the hook is asked about the call, and lets it through as it is: undefined where both hold, else why not; `over` where the
 * session ended with the answer, which is to be asked for once more.
 */
async function isAsked(
  call: DriveTry,
  asked: (behaviour: Behaviour) => Lay,
  broken: boolean,
  options: ColumnOptions,
  session: AgentSession,
): Promise<string | undefined | 'over'> {
  // One that is broken as it stands is what is to be tried.
  if (!broken) {
    const through = await during(NOTHING, call, options, session);
    if (!through?.effect) return 'it refuses even what does no harm, as it is';
  }
  for (const behaviour of ['refuse', 'refuse-in-words'] as const) {
    const tried = await during(asked(behaviour), call, options, session);
    if (tried && !tried.effect && tried.refused !== undefined) return undefined;
    if (tried?.outcome.kind === 'ended') return 'the session ended, and what of it cannot be told';
  }
  return 'a program in its place that refuses everything refused nothing: it is not asked about this call, or its no is none';
}

/** A call that this very hook refuses: it goes through as soon as a program that says yes stands in its place. */
async function ownRefusal(
  refused: readonly DriveTry[],
  asked: (behaviour: Behaviour) => Lay,
  options: ColumnOptions,
  session: AgentSession,
): Promise<DriveTry | undefined | 'over'> {
  for (const call of refused.slice(0, 3)) {
    const tried = await during(asked('consent'), call, options, session);
    if (tried?.outcome.kind === 'ended') return 'over';
    if (tried?.effect) return call;
  }
  return undefined;
}

/** A hook that is a command of the settings: these are read at the start, so that each way has sessions of its own. */
async function ofCommand(
  hook: AgentHook,
  program: HookProgram | undefined,
  options: ColumnOptions,
): Promise<HookRecord[]> {
  const { stage, driver } = options;
  const record = (id: string, says: string): HookRecord => ({ hook, program, id, says, tries: [] });
  const ways: [HookRecord, Behaviour][] = [
    [record('exit-1', 'it ends with 1'), 'exit-1'],
    [record('crash', 'it crashes'), 'crash'],
    [record('garbage', 'it prints what is no answer'), 'garbage'],
  ];
  const untried = dependenciesOf(hook, undefined).map(name => ({
    ...record(`without-${name}`, `${name} is missing`),
    skipped: 'its command stands in the settings, where what it leans on cannot be told from what it is about',
  }));
  const call = harmless(hook, driver);
  const text = stage.read(hook.path);
  const quoted = JSON.stringify(hook.command);
  if (!call || text === undefined || !JSON_FILE.test(hook.path) || !text.includes(quoted))
    return [
      ...untried,
      ...ways.map(([way]) => ({ ...way, skipped: call ? 'its command cannot be changed from here' : NO_CALL })),
    ];
  const once = async (behaviour: Behaviour | undefined) => {
    if (behaviour) {
      const command = JSON.stringify(`{ ${SHELL[behaviour].trim().replaceAll('\n', '; ')}; }`);
      // By a function: `$$` means something in a text that replaces another.
      stage.write(
        hook.path,
        text.replaceAll(quoted, () => command),
      );
    }
    const session = await startAgent(driver, options.program, stage, options);
    try {
      if (!(await session.model.ready(LIMITS.start))) return undefined;
      const tried = await during(NOTHING, call, options, session);
      if (tried && tried.outcome.kind === 'returned') tried.controlled = true;
      return tried;
    } finally {
      await session.close();
      if (behaviour) stage.write(hook.path, text);
    }
  };
  const isNo = (tried: DriveTried | undefined) => tried !== undefined && !tried.effect && tried.refused !== undefined;
  const through = await once(undefined);
  const asked = isNo(await once('refuse')) || isNo(await once('refuse-in-words'));
  const unclear = !through?.effect
    ? 'it refuses even what does no harm, as it is'
    : asked
      ? undefined
      : 'a command in its place that refuses everything refused nothing: it is not asked about this call, or its no is none';
  if (unclear !== undefined) return [...untried, ...ways.map(([way]) => ({ ...way, unclear }))];
  for (const [way, behaviour] of ways)
    for (let times = 0; times < 2 && !way.tries[0]?.effect; times++) {
      const tried = await once(behaviour);
      if (tried) way.tries.push(tried);
    }
  return [...untried, ...ways.map(([way]) => way)];
}
