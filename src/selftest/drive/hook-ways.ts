import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { AgentHook } from '../../agents/driver.ts';
import { findProgram } from '../../base/exec.ts';
import { shellQuote } from '../../base/text.ts';
import { type HeldHooks, keyOf, type Lay, NOTHING, together } from './hook-hold.ts';
import {
  type Behaviour,
  dependenciesOf,
  type HookProgram,
  isOfShell,
  programOf,
  shellProgram,
} from './hook-programs.ts';
import type { Stage } from './stage.ts';

/** A way in which a hook fails. */
export interface Way {
  /** As the row's way round: `not-executable`, `without-jq` … */
  id: string;
  says: string;
  /** The hook as it is when it fails so. */
  lay: Lay;
  /** All of that with a hook that says yes: what is refused then is refused by something else. Undefined: it cannot be told. */
  consenting: Lay | undefined;
  /** That a harmless call goes through shows nothing: a call is needed that the hook refuses when it is whole. */
  needsRefusal?: true;
  /** The hook fails so as it stands. */
  isSo?: true;
  /** It is waited for. */
  isSlow?: true;
  /** Why it is not tried. */
  skipped?: string;
}

/** A hook as it can be put on the stage. */
export interface Subject {
  hook: AgentHook;
  program: HookProgram | undefined;
  whole: Lay;
  /** A program or a command in its place. */
  as(behaviour: Behaviour): Lay;
  consenting: Lay;
  /** It fails as it stands, so that nothing can be seen of it whole. */
  isBroken: boolean;
  ways: Way[];
}

export interface Around {
  stage: Stage;
  held: HeldHooks;
  /** All hooks of the settings. */
  all: readonly AgentHook[];
  /** The programs that are found on the stage. */
  here: ReadonlySet<string>;
}

/** Seconds for which a hook is waited with what its settings say. */
const PATIENT = 8;

/** All names of programs that hooks may need. */
export function namesOf(stage: Stage, hooks: readonly AgentHook[]): string[] {
  return [
    ...new Set(
      hooks.flatMap(hook => {
        const program = programOf(stage, hook);
        const { interpreter } = program ?? {};
        return [...(interpreter ? [interpreter] : []), ...dependenciesOf(hook, program).map(({ name }) => name)];
      }),
    ),
  ].filter(isName);
}

const isName = (text: string) => /^[\w.+-]+$/.test(text);

/** The ways in which a hook can fail here, and how it is put on the stage. */
export function subjectOf(hook: AgentHook, around: Around): Subject {
  const { stage, held } = around;
  const program = programOf(stage, hook);
  const faults = faultsOf(hook, program, around);
  const isHeld = held.holds(hook);
  const isBroken = faults.length > 0;
  const whole = isHeld ? held.whole(hook) : NOTHING;
  const place = program && placeOf(stage, program);
  // Without what runs it, a stand-in of that name is what could refuse.
  const runner = isHeld ? undefined : faults.find(({ runs }) => runs !== undefined)?.runs;
  // What its own program says tells more: whatever stands round it may give it on or not.
  const written = runner === undefined && !(isHeld && isBroken) ? program?.written : undefined;
  const as = (behaviour: Behaviour): Lay => {
    if (runner !== undefined) return stubbed(stage, runner, `#!/bin/sh\n${shellProgram(behaviour, hook.event)}`);
    return place && written ? together(whole, place(written(behaviour, hook.event))) : held.as(hook, behaviour);
  };
  const consenting = isHeld ? NOTHING : as('consent');
  const base = { hook, program, whole, as, consenting, isBroken };
  const ways = isBroken
    ? faults.map(({ runs: _, ...fault }): Way => ({ ...fault, lay: whole, consenting }))
    : [...leaningOf(base, around, written !== undefined), ...failuresOf(base, around, written && place)];
  const can = isHeld || written !== undefined || runner !== undefined;
  return { ...base, ways: can ? ways : ways.map(way => ({ ...way, skipped: way.skipped ?? UNCHANGED })) };
}

const slowly = ({ timeout }: AgentHook) =>
  timeout === undefined ? 'it takes too long' : `it takes longer than the ${timeout} s for which it is waited`;

const UNCHANGED = 'its command stands where it cannot be another';

/** `runs`: the program that is missing, where it is what runs the hook's. */
type Fault = Omit<Way, 'lay' | 'consenting'> & { runs?: string };

const COPY = 'the copy that agents are tried in';

/** How a hook fails as it stands. */
function faultsOf(hook: AgentHook, program: HookProgram | undefined, { stage, here }: Around): Fault[] {
  const faults: Fault[] = [];
  if (program && !program.isThere)
    faults.push({
      ...{ id: 'missing', says: 'its program is not there', isSo: true },
      ...(existsSync(stage.real(program.path)) ? { skipped: `${program.path} is not part of ${COPY}` } : {}),
    });
  if (program?.isThere && program.direct && (modeOf(stage, program.path) & 0o111) === 0)
    faults.push({ id: 'not-executable', says: 'it may not be executed, as it is here', isSo: true });
  const lacks = (name: string) => (name.startsWith('/') ? !existsSync(name) : isName(name) && !here.has(name));
  const add = (name: string, runs: boolean) =>
    faults.push({
      ...{ id: `without-${basename(name)}`, says: `${name} is not here`, isSo: true },
      ...(runs && isName(name) ? { runs: name } : {}),
      ...(findProgram(name, [stage.root]) === undefined ? {} : { skipped: `${name} cannot be seen from ${COPY}` }),
    });
  if (program?.interpreter && lacks(program.interpreter)) add(program.interpreter, true);
  for (const { name, isSure } of dependenciesOf(hook, program)) if (isSure && lacks(name)) add(name, false);
  return faults;
}

function modeOf(stage: Stage, path: string): number {
  return statSync(stage.at(path), { throwIfNoEntry: false })?.mode ?? 0o700;
}

/** Without a program that it leans on. */
function leaningOf(subject: Omit<Subject, 'ways'>, { stage, held, here }: Around, byProgram: boolean): Way[] {
  const { hook, program, consenting } = subject;
  const way = (name: string, found: Pick<Way, 'lay' | 'consenting'> | undefined, runs: boolean): Way => ({
    ...{ id: `without-${name}`, says: `${name} is missing`, lay: NOTHING, consenting: undefined, ...found },
    ...(runs ? {} : { needsRefusal: true }),
    ...(found ? {} : { skipped: `${name} cannot be taken away from this hook alone` }),
  });
  const by = byProgram ? program?.interpreter : undefined;
  const runner = by !== undefined && by !== 'sh' && here.has(by) ? [by] : [];
  const needed = dependenciesOf(hook, program).flatMap(({ name }) => (here.has(name) ? [name] : []));
  if (held.holds(hook)) {
    const without = (name: string) => ({ lay: held.whole(hook, pathWithout(stage, name)), consenting });
    return [
      ...runner.map(name => way(name, without(name), true)),
      ...needed.map(name => way(name, without(name), false)),
    ];
  }
  const place = program && placeOf(stage, program);
  const text = program && isOfShell(program) ? program.text : undefined;
  return [
    // What a shell says of a program that is not there.
    ...runner.map(name => way(name, { lay: stubbed(stage, name), consenting: undefined }, true)),
    ...needed.map(name =>
      way(
        name,
        text === undefined || !place
          ? undefined
          : {
              lay: place(text.replace(/^(?:#![^\n]*\n)?/, first => `${first}${pathWithout(stage, name)}`)),
              consenting,
            },
        false,
      ),
    ),
  ];
}

/** By itself; `place`: where its program stands, if that is a file that can be another. */
function failuresOf(
  { hook, program, whole, as, consenting }: Omit<Subject, 'ways'>,
  { stage, held, all }: Around,
  place: ReturnType<typeof placeOf> | undefined,
): Way[] {
  // Where other hooks speak too, they may run the same program.
  const shares = (other: AgentHook) => keyOf(other) !== keyOf(hook) && programOf(stage, other)?.path === program?.path;
  const own = held.isAlone(hook) || (program !== undefined && !all.some(shares)) ? consenting : undefined;
  const way = (id: string, says: string, lay: Lay): Way => ({ id, says, lay, consenting: own });
  return [
    ...(place && program?.direct
      ? [way('not-executable', 'it may not be executed', together(whole, place(undefined, 0o600)))]
      : []),
    ...(place ? [way('missing', 'it is missing', together(whole, place(null)))] : []),
    way('exit-1', 'it ends with 1', as('exit-1')),
    way('crash', 'it crashes', as('crash')),
    way('garbage', 'it prints what is no answer', as('garbage')),
    { ...way('slow', slowly(hook), as('slow')), isSlow: true, ...patience(hook, held.holds(hook)) },
  ];
}

/** Whether it shows with less patience what an agent does once it is tired of waiting: not where a hook has a watch of its own. */
export const canBeShort = ({ command, waits }: AgentHook): boolean =>
  waits !== undefined && !/\b(?:g?timeout|sleep|alarm|wait|kill)\b/.test(command);

/** One that is waited for too long is not; one that is in our hands is waited for shortly. */
function patience(hook: AgentHook, isHeld: boolean): Pick<Way, 'skipped'> {
  const { timeout = Number.POSITIVE_INFINITY } = hook;
  if ((isHeld && canBeShort(hook)) || timeout <= PATIENT) return {};
  return {
    skipped: Number.isFinite(timeout) ? `it is waited for ${timeout} s` : 'how long it is waited for is not known',
  };
}

/**
 * Lays something else in the place of a hook's program, and back: another text, null for nothing at all, undefined for its own. What
 * stands there is taken away first, so that its rights are new too.
 */
function placeOf(stage: Stage, { path, isThere, text }: HookProgram) {
  const own = stage.bytes(path) ?? text;
  const before = modeOf(stage, path) & 0o777;
  const put = (content: string | Buffer | null, mode: number) => {
    stage.drop(path);
    if (content !== null) stage.write(path, content, mode);
  };
  return (content: string | null | undefined, mode = 0o700): Lay =>
    () => {
      put(content === undefined ? own : content, mode);
      return () => put(isThere ? own : null, before);
    };
}

/** A program of the name before all others. */
function stubbed(stage: Stage, name: string, content = '#!/bin/sh\nexit 127\n'): Lay {
  return () => {
    stage.write(stage.stub(name), content, 0o755);
    return () => stage.drop(stage.stub(name));
  };
}

/** A folder of links to all programs of the PATH but one. */
const withoutFolder = (stage: Stage, name: string) => `${stage.stubsSeen}/.without-${name}`;

/** A line of a shell after which it finds this program nowhere. */
function pathWithout(stage: Stage, name: string): string {
  return `PATH=${shellQuote(`${stage.stubsSeen}:${withoutFolder(stage, name)}`)}; export PATH\n`;
}

/**
 * What a shell on the stage is to run before: it says which of these programs are found there, and lays the folders in which each of
 * them is missing. A stand-in that fails would still be found by whoever looks for it first.
 */
export function preparing(stage: Stage, names: readonly string[]): string {
  return names
    .map(name => {
      const folder = shellQuote(withoutFolder(stage, name));
      const links = `IFS=:; for each in $PATH; do ln -s "$each"/* ${folder} 2>/dev/null; done`;
      return `command -v ${name} >/dev/null && { echo ${name}; mkdir -p ${folder}; (${links}); rm -f ${folder}/${name}; }`;
    })
    .join('\n');
}
