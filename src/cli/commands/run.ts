import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { constants } from 'node:os';
import { join, relative } from 'node:path';
import { guardsThere } from '../../agents/guards.ts';
import { EXIT, Interrupted, UserError } from '../../base/errors.ts';
import { writeAtomic } from '../../base/files.ts';
import { ensurePrivate, stateFolder } from '../../base/state.ts';
import { didYouMean } from '../../base/suggest.ts';
import { list, oneLine } from '../../base/text.ts';
import type { Facts } from '../../discover/facts.ts';
import type { Refused } from '../../isolation/egress/index.ts';
import {
  leftBefore,
  leftOpen,
  type Nested,
  nestedRepositories,
  oddParts,
  repositoriesMade,
} from '../../isolation/git.ts';
import { settingsMade } from '../../isolation/made.ts';
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
  if (runtime.madeBy === 'nobody' || runtime.madeBy === 'agent')
    terminal.note(
      `NOT BOXED: ${argv[0]} runs as you, with nothing of ours around it (${runtime.title}). ${runtime.limits}`,
    );
  else refuseFolders();

  // What the user starts gets the user's own PATH; only our helpers are not taken from the repository.
  const { root } = box;
  const before = nestedRepositories(root).repositories;
  const guards = new Set(guardsThere(root));
  const open = leftBefore(root, before);
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
  for (const note of refused ? refusedNotes(refused) : []) terminal.note(note);
  // With --quiet too: what was planted is no progress.
  for (const note of await madeInside(root, { before, guards, open }, since)) terminal.show(note);
  return { exitCode, json: {}, text: () => '' };
};

function refusedNotes({ unlisted, inner }: Refused): string[] {
  const hosts = (list: ReadonlyMap<string, number>) =>
    [...list].map(([host, times]) => oneLine(times > 1 ? `${host} (${times} times)` : host));
  return [
    ...(unlisted.size > 0
      ? named(
          hosts(unlisted),
          'not let through; what the work needs is added under isolation.network.allow in agent-posture.yaml',
        )
      : []),
    ...(inner.size > 0
      ? named(
          hosts(inner),
          'not let through: the name leads to an address of an inner network; where that is meant, list the address itself under isolation.network.allow too',
        )
      : []),
  ];
}

/** A folder that is handed in as one of these is a way out of the box: all that lies below and beside it can be reached. */
function refuseFolders(): void {
  for (const [descriptor, name] of ['stdin', 'stdout', 'stderr'].entries()) {
    let folder = false;
    try {
      folder = fstatSync(descriptor).isDirectory();
    } catch {}
    if (folder)
      throw new UserError({
        what: `not started: ${name} is a folder, and a program in the box could reach what lies in it and beside it`,
        next: `redirect ${name} from or to a file, or leave it alone`,
      });
  }
}

/** What git and other programs outside would obey, and was not there, or not so, before the box was started. */
async function madeInside(
  root: string,
  { before, guards, open }: { before: readonly Nested[]; guards: ReadonlySet<string>; open: readonly string[] },
  since: number,
): Promise<string[]> {
  const repositories = repositoriesMade(root, before, since);
  const settings = settingsMade(root, since);
  const made = guardsThere(root).filter(path => !guards.has(path));
  const left = leftOpen(root, since, open, repositories.repositories).map(path => relative(root, path));
  const groups: [names: string[], says: string][] = [
    [
      repositories.made.map(folder => `./${relative(root, folder)}`),
      'a git repository was made or changed inside, and git obeys its settings, which may name programs, even for git status in the root: look at them, or remove it, before you run git',
    ],
    [
      left,
      'a rebase was left open inside, or a cherry-pick or the like, and what is in there may name commands: look at it, or end it with git rebase --quit (git cherry-pick --quit)',
    ],
    [
      oddParts(root).map(path => relative(root, path)),
      'no plain file any more, and git waits on it for ever: remove it before you run git',
    ],
    [
      made,
      'made inside, and programs outside obey it without being asked to run this project: look at it before you open, install or run anything here',
    ],
    [
      settings.made,
      'made or changed inside, and programs obey it in whatever folder they are opened or started in: look at it before you open, install or run anything there',
    ],
  ];
  const notes = groups.flatMap(([names, says]) => (names.length > 0 ? named(names, says) : []));
  if (groups.some(([names]) => names.length > NAMED)) notes.push(`the whole list is in ${await listed(root, groups)}`);
  return [
    ...notes,
    ...(repositories.whole && settings.whole
      ? []
      : ['there are too many files here to see all that was made inside: git repositories, settings of programs']),
  ];
}

/** As many are named in one line, and as many on lines of their own: whoever makes more of them hides none. */
const IN_LINE = 5;
const NAMED = 50;

function named(names: readonly string[], says: string): string[] {
  if (names.length <= IN_LINE) return [`${list(names)}: ${says}`];
  const more = names.length - NAMED;
  const lines = names.slice(0, NAMED).map(name => `  ${name}`);
  return [`${names.length} of these: ${says}`, ...lines, ...(more > 0 ? [`  and ${more} more`] : [])];
}

/** Where all of it is listed: in the state folder, which no box can write. */
async function listed(root: string, groups: readonly [names: string[], says: string][]): Promise<string> {
  const file = join(await ensurePrivate(stateFolder(root)), 'made-inside.txt');
  const text = groups
    .filter(([names]) => names.length > 0)
    .map(([names, says]) => `# ${says}\n${names.map(name => `${oneLine(name)}\n`).join('')}`);
  await writeAtomic(file, text.join('\n'), 0o600);
  return file;
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
