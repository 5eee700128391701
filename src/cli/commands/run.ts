import { once } from 'node:events';
import { constants } from 'node:os';
import { relative } from 'node:path';
import { guardsThere } from '../../agents/guards.ts';
import { EXIT, Interrupted, UserError } from '../../base/errors.ts';
import { didYouMean } from '../../base/suggest.ts';
import { list } from '../../base/text.ts';
import type { Facts } from '../../discover/facts.ts';
import { type Nested, nestedRepositories, rebaseLeft, repositoriesMade } from '../../isolation/git.ts';
import type { Boxed } from '../../isolation/types.ts';
import { approver } from '../approve.ts';
import { approveBox, declaredBox } from '../box.ts';
import type { Command } from '../command.ts';
import { loadWithPosture } from '../load.ts';

/** `run [--] CMD`: starts CMD in the declared box, the same one the self-test tries, and ends with its exit code. */
export const command: Command = async context => {
  const { words, flags, terminal } = context;
  const { facts, posture } = await loadWithPosture(context, { boxes: false });
  const argv = commandLine(facts, flags.values('agent'), words);
  const declared = await declaredBox(facts, posture);
  if (!declared)
    throw new UserError({ what: 'the posture declares no isolation to run in', next: 'agent-posture fix sandbox' });
  if (!(await approveBox(declared, approver(context, facts.insideAgent), `to run ${argv[0]} in it`, 'nothing is run')))
    throw new UserError({ what: 'not started: what the box of this posture runs was not approved' });
  const { runtime, box } = declared;
  if (runtime.id === 'none' || runtime.id === 'native')
    terminal.note(
      `NOT BOXED: ${argv[0]} runs as you, with nothing of ours around it (${runtime.title}). ${runtime.limits}`,
    );

  // What the user starts gets the user's own PATH; only our helpers are not taken from the repository.
  const { root } = box;
  const before = nestedRepositories(root).repositories;
  const guards = new Set(guardsThere(root));
  const since = Date.now();
  const signals = new Signals(terminal.note);
  let exitCode: number;
  let refused: Boxed['refused'];
  try {
    const boxed = await runtime.start({ ...box, env: { ...box.env, PATH: context.path } }, argv, 'inherit');
    for (const note of boxed.notes) terminal.note(note);
    exitCode = await exitCodeOf(boxed, signals);
    refused = boxed.refused;
  } catch (error) {
    // On a terminal Ctrl-C ends what is just being started too, and that is no failure of it.
    throw signals.stopped ? new Interrupted(signals.stopped) : error;
  } finally {
    signals.release();
  }
  if (refused && refused.size > 0)
    terminal.note(
      `not let through: ${someOf([...refused].map(([host, times]) => (times > 1 ? `${host} (${times} times)` : host)))}; what the work needs is added under isolation.network.allow in agent-posture.yaml`,
    );
  for (const note of madeInside(root, before, since)) terminal.note(note);
  const made = guardsThere(root).filter(path => !guards.has(path));
  if (made.length > 0)
    terminal.note(
      `${someOf(made)}: made inside, and programs outside obey it without being asked to run this project: look at it before you open, install or run anything here`,
    );
  return { exitCode, json: {}, text: () => '' };
};

/** What git outside would obey, and was not there before the box was started. */
function madeInside(root: string, before: readonly Nested[], since: number): string[] {
  const { made, whole } = repositoriesMade(root, before, since);
  const names = made.map(folder => `./${relative(root, folder)}`);
  return [
    ...(made.length > 0
      ? [
          `${someOf(names)}: a git repository was made or changed inside, and git obeys its settings, which may name programs, even for git status in the root: look at them, or remove it, before you run git`,
        ]
      : []),
    ...(rebaseLeft(root, since)
      ? ['a rebase was left open inside, and its list may name commands: look at it, or end it with git rebase --quit']
      : []),
    ...(whole ? [] : ['there are too many files here to see whether git repositories were made inside']),
  ];
}

/** As many as are named of a list. */
const NAMED = 5;

function someOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : list(names);
}

/** What is started: the words, or with --agent that agent's program and the words after it. */
function commandLine(facts: Facts, agents: readonly string[], words: readonly string[]): [string, ...string[]] {
  const [id, second] = agents;
  if (second !== undefined) throw new UserError({ what: '--agent was given twice; one program is started' });
  if (id !== undefined) {
    const agent = facts.agents.find(each => each.id === id);
    const near = didYouMean(
      id,
      facts.agents.map(each => each.id),
    );
    if (!agent) throw new UserError({ what: `no agent "${id}" was found here${near}` });
    if (!agent.binary) throw new UserError({ what: `${agent.title} is used here, but its program is not on the PATH` });
    return [agent.binary, ...words];
  }
  const [program, ...rest] = words;
  if (program === undefined) throw new UserError({ what: '"run" needs a command: agent-posture run -- CMD' });
  return [program, ...rest];
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Signals, from before a box is started until all of it is taken back: they are the program's while it runs. Before and
 * after that none may end us, or what was laid for the box would stay; a second one does.
 */
class Signals {
  /** The one that came while no program ran. */
  stopped: NodeJS.Signals | undefined;
  #program: Boxed['signal'] | undefined;
  readonly #note: (line: string) => void;

  constructor(note: (line: string) => void) {
    this.#note = note;
    for (const name of SIGNALS) process.on(name, this.#on);
  }

  readonly #on = (name: NodeJS.Signals) => {
    // On a terminal the program gets Ctrl-C itself; what is sent to us alone has to be handed on.
    if (this.#program) {
      if (name !== 'SIGINT' || !process.stdin.isTTY) this.#program(name);
    } else if (this.stopped) process.exit(EXIT.interrupted);
    else {
      this.stopped = name;
      this.#note('stopping: what was laid for the box is taken back first; a second signal leaves it there');
    }
  };

  /** The program runs; what came before is handed on to it. Undefined: it has ended. */
  runs(program: Boxed['signal'] | undefined): void {
    this.#program = program;
    if (this.stopped) program?.(this.stopped);
  }

  release(): void {
    for (const name of SIGNALS) process.off(name, this.#on);
  }
}

/** Waits for the program, tidies up, and gives its exit code (128 + number for a signal). */
async function exitCodeOf({ child, signal, close }: Boxed, signals: Signals): Promise<number> {
  signals.runs(signal);
  try {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  } catch (error) {
    throw new UserError({ what: `the box could not be started: ${(error as Error).message}` });
  } finally {
    signals.runs(undefined);
    await close();
  }
  if (child.exitCode !== null) return child.exitCode;
  return child.signalCode === null ? EXIT.failure : 128 + constants.signals[child.signalCode];
}
