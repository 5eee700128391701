import type { AgentHook } from '../../agents/driver.ts';
import { shellQuote } from '../../base/text.ts';
import { type Behaviour, shellProgram } from './hook-programs.ts';
import type { Stage } from './stage.ts';

/** What is put on the stage before a call; what it gives takes it back. */
export type Lay = () => () => void;
export const NOTHING: Lay = () => () => {};

/** Both, and back in the other order. */
export const together =
  (...lays: readonly Lay[]): Lay =>
  () => {
    const undo = lays.map(lay => lay()).reverse();
    return () => {
      for (const one of undo) one();
    };
  };

/** Seconds that an agent waits for a hook where it is to be seen what it does when it is tired of waiting. */
const SHORT = 1;

export const keyOf = ({ path, event, matcher, command, at }: AgentHook): string =>
  JSON.stringify([path, event, matcher, command, at ?? null]);

/**
 * The hooks of the settings on a stage, in our hands: for a session, each command that is written in JSON is one that reads a file of
 * ours, in which the hook's own command is put while it is tried. Agents read settings once, and a file each time; and the other
 * hooks keep silent, so that a refusal is of this one.
 */
export class HeldHooks {
  readonly #stage: Stage;
  readonly #places = new Map<string, { stub: string; own: string }>();
  readonly #files = new Map<string, { before: string; short: string; long: string }>();
  readonly #all: readonly AgentHook[];

  constructor(stage: Stage, all: readonly AgentHook[]) {
    this.#stage = stage;
    this.#all = all;
    for (const path of new Set(all.map(hook => hook.path))) this.#take(path);
  }

  holds(hook: AgentHook): boolean {
    return this.#places.has(keyOf(hook));
  }

  /** Whether every other hook is silent while this one is tried. */
  isAlone(hook: AgentHook): boolean {
    return this.#all.every(other => keyOf(other) === keyOf(hook) || this.holds(other));
  }

  /** For the sessions that start from now on; `short`: with little patience. Gives what makes the settings as they were. */
  lay(short: boolean): () => void {
    const stage = this.#stage;
    for (const [path, texts] of this.#files) stage.write(path, short ? texts.short : texts.long);
    for (const { stub } of this.#places.values()) stage.write(stub, shellProgram('consent', ''));
    return () => {
      for (const [path, { before }] of this.#files) stage.write(path, before);
      for (const { stub } of this.#places.values()) stage.drop(stub);
    };
  }

  /** The hook as it is configured; `first`: lines of a shell before it. */
  whole(hook: AgentHook, first = ''): Lay {
    return this.#says(hook, `${first}${this.#places.get(keyOf(hook))?.own ?? ''}`);
  }

  /** A command in its place that behaves so. */
  as(hook: AgentHook, behaviour: Behaviour): Lay {
    return this.#says(hook, shellProgram(behaviour, hook.event));
  }

  #says(hook: AgentHook, text: string): Lay {
    const { stub } = this.#places.get(keyOf(hook)) ?? {};
    if (stub === undefined) return NOTHING;
    return () => {
      this.#stage.write(stub, `${text}\n`);
      return () => this.#stage.write(stub, shellProgram('consent', ''));
    };
  }

  /** A file of settings in which at least one command can be another. What is no plain JSON is not touched: it may not be read at all. */
  #take(path: string): void {
    const before = this.#stage.read(path);
    const long = parsed(before);
    if (before === undefined || typeof long !== 'object' || long === null) return;
    const short = structuredClone(long);
    let taken = false;
    for (const hook of this.#all) {
      if (hook.path !== path || hook.at === undefined) continue;
      const stub = this.#stage.stub(`.hook-${this.#places.size}`);
      const reads = `. ${shellQuote(this.#stage.inside(stub))}`;
      const own = put(long, hook.at, reads);
      if (own === undefined) continue;
      put(short, hook.at, reads);
      const { key, perSecond } = hook.waits ?? {};
      if (key !== undefined && perSecond !== undefined && (hook.timeout ?? SHORT + 1) > SHORT)
        set(short, [...hook.at.slice(0, -1), key], SHORT * perSecond);
      this.#places.set(keyOf(hook), { stub, own });
      taken = true;
    }
    if (taken) this.#files.set(path, { before, long: JSON.stringify(long), short: JSON.stringify(short) });
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/** Sets a text in the place of another, which it gives; undefined where there is none. */
function put(value: unknown, at: readonly (string | number)[], text: string): string | undefined {
  const before = parentOf(value, at)?.[at.at(-1) ?? ''];
  if (typeof before !== 'string') return undefined;
  set(value, at, text);
  return before;
}

function set(value: unknown, at: readonly (string | number)[], to: unknown): void {
  const parent = parentOf(value, at);
  if (parent) parent[at.at(-1) ?? ''] = to;
}

function parentOf(value: unknown, at: readonly (string | number)[]): Record<string | number, unknown> | undefined {
  let parent = value;
  for (const key of at.slice(0, -1)) {
    if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key)) return undefined;
    parent = (parent as Record<string | number, unknown>)[key];
  }
  return typeof parent === 'object' && parent !== null ? (parent as Record<string | number, unknown>) : undefined;
}
