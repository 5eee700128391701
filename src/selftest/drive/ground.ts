import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { findProgram } from '../../base/exec.ts';
import { gitEnvironment, INERT } from '../../base/git.ts';
import { randomHex } from '../../base/hash.ts';
import type { ScriptedModel } from './model.ts';
import { reveals } from './reveal.ts';
import { SafeFolder } from './safe.ts';
import type { Stage } from './stage.ts';
import type { DriveSubject } from './subjects.ts';
import type { Place } from './tries.ts';

/** What a decoy says beside its canary: what a search looks for. */
const decoy = (canary: string) => `# decoy of agent-posture\nDECOY=${canary}\n`;
const FOLDER = 'agent-posture-permitted';
const NOTE = `${FOLDER}/note.txt`;
/** A line of a file that is there. */
const LINE = 'permitted to be changed\n';
/** Within what agents may write: that a remote cannot be reached is none of what holds a push. */
const REMOTE = `${FOLDER}/remote.git`;

/** A try's mark: what comes back, or is seen outside, where it had its effect. In no prompt and no name before it is laid. */
export const newMark = (): string => `ap${randomHex(14)}`;
const MARK = /ap[0-9a-f]{28}/;

/**
 * What tries are made on: decoys, siblings that nothing refuses, a program that leaves a trace, a remote. Laid anew before each
 * call, so that an effect is of this call and of no other.
 */
export class Ground {
  readonly #stage: Stage;
  readonly #links: ReadonlyMap<string, string>;
  /** What stood at the place of a write when the stage was made. */
  readonly #originals = new Map<string, Buffer | undefined>();
  /** The canary that git's history holds, by path. */
  readonly #history = new Map<string, string>();
  /** The canaries that stood in a file as the agent was started, by path. */
  readonly #sown = new Map<string, string[]>();
  #base: string | undefined;
  #hooks = false;

  /** `links`: decoys that are links, as the files are for which they stand. */
  constructor(stage: Stage, links: ReadonlyMap<string, string> = new Map()) {
    this.#stage = stage;
    this.#links = links;
    const canary = newMark();
    this.#history.set(NOTE, canary);
    stage.write(NOTE, decoy(canary));
    stage.write(`${FOLDER}/there.txt`, LINE);
  }

  /** Whether hooks of git's stand in the way of what its git does. */
  get hasHooks(): boolean {
    return this.#hooks;
  }

  /** As the agent sees it. */
  get root(): string {
    return this.#stage.seen.root;
  }

  /**
   * A commit with decoys for what the real history holds, a remote that has it, and one commit more that it has not. `hooks`: the
   * folder of the hooks that its git obeys.
   */
  commit(subjects: readonly DriveSubject[], hooks?: string): void {
    const stage = this.#stage;
    for (const { inHistory, path } of subjects) {
      if (!inHistory || path === undefined || path.startsWith('~/') || this.#history.has(path)) continue;
      const canary = newMark();
      this.#history.set(path, canary);
      stage.write(path, decoy(canary));
    }
    const git = (...args: string[]) => runGit(stage.scratchRoot, args);
    // Nothing that git would obey here comes with the copy.
    stage.drop('.git');
    git('init', '-q', '-b', 'main');
    // A box hides nothing that git holds anyhow: what the real one has not, the copy has not either.
    const apart = subjects.flatMap(({ kind, path }) =>
      kind === 'read' && path && !path.startsWith('~/') ? [`/${path}`] : [],
    );
    appendFileSync(
      join(stage.scratchRoot, '.git', 'info', 'exclude'),
      [...apart, `/${REMOTE}`].map(path => `${path}\n`).join(''),
    );
    git('add', '-A');
    for (const path of this.#history.keys()) git('add', '-f', '--', path);
    git('commit', '-q', '--allow-empty', '-m', 'work');
    const remote = stage.at(REMOTE);
    git('clone', '-q', '--bare', '.', remote);
    git('remote', 'add', 'origin', stage.inside(REMOTE));
    git('commit', '-q', '--allow-empty', '-m', 'ahead');
    // Hooks may go by the branch that their user is on.
    const branch = branchOf(stage.root);
    if (branch !== undefined && branch !== 'main') git('checkout', '-q', '-b', branch);
    if (hooks) git('config', 'core.hooksPath', hooks);
    this.#hooks = hooks !== undefined;
    this.#base = stage.read(`${REMOTE}/packed-refs`)?.match(/^([0-9a-f]+) refs\/heads\/main$/m)?.[1];
  }

  /** Where a subject stands; `url`: what is to be reached over the network, as the agent sees it. */
  placeOf({ kind, path, command, branch }: DriveSubject, url: string): Place {
    const stage = this.#stage;
    if (kind === 'work') {
      const own = `${FOLDER}/work.txt`;
      return { path: own, abs: stage.inside(own), ...(command ? { command } : {}) };
    }
    const shown = path ?? '.';
    const line = kind === 'write' ? lineOf(stage.read(shown)) : undefined;
    const program = command?.split(' ')[0];
    return {
      path: shown,
      abs: stage.inside(shown),
      url,
      ...(command ? { command, bin: `${stage.stubsSeen}/${program}` } : {}),
      ...(branch ? { branch } : {}),
      ...(line === undefined ? {} : { line }),
    };
  }

  /**
   * Siblings of a subject, of which nothing says that they are to be refused; the first that can be said as the subject is. None:
   * there can be none.
   */
  siblingsOf({ kind, path }: DriveSubject): Place[] {
    const stage = this.#stage;
    const at = (file: string): Place => ({ path: file, abs: stage.inside(file) });
    const note = at(NOTE);
    switch (kind) {
      case 'exec':
        return [{ ...note, command: 'permitted-by-all x', bin: `${stage.stubsSeen}/permitted-by-all` }];
      case 'push':
        return [{ ...note, branch: 'agent-posture-permitted' }];
      case 'write':
        // By the same tool: some have one for what is new, and another for what is there.
        return path !== undefined && lineOf(stage.read(path)) !== undefined
          ? [{ ...at(`${FOLDER}/there.txt`), line: LINE.trim() }]
          : [at(`${FOLDER}/written.txt`)];
      case 'read':
        // What is said from the home cannot be said of a repository that lies elsewhere.
        return [note, ...(path?.startsWith('~/') ? [at(`~/${NOTE}`)] : [])];
      default:
        return [];
    }
  }

  /** Makes a call's effect new: whatever it was before, only this call can have it. */
  lay(subject: DriveSubject, on: Place, mark: string, model: ScriptedModel): void {
    this.#clear(on);
    switch (subject.kind) {
      case 'read':
        this.#decoy(on.path, mark);
        break;
      case 'write':
        this.#restore(on.path);
        break;
      case 'work':
        this.#stage.drop(on.path);
        break;
      case 'exec':
        this.#stub(on, mark);
        break;
      case 'fetch':
        model.expect(mark);
        break;
      case 'push':
        this.#reset(on.branch ?? '');
    }
  }

  /** Whether the call had its effect, by what came back or by what is seen from here. */
  hadEffect(subject: DriveSubject, on: Place, mark: string, model: ScriptedModel, text: string): boolean {
    const stage = this.#stage;
    switch (subject.kind) {
      case 'read': {
        const kept = this.#history.get(on.path);
        const known = [mark, ...(kept === undefined ? [] : [kept]), ...(this.#sown.get(on.path) ?? [])];
        return known.some(canary => reveals(text, canary));
      }
      case 'write': {
        const changed = stage.read(on.path)?.includes(mark) ?? false;
        // What was changed may be what the agent goes by.
        this.#restore(on.path);
        return changed;
      }
      case 'work':
        return on.command ? text.includes(proofOf(mark)) : (stage.read(on.path)?.includes(mark) ?? false);
      case 'exec': {
        const said = `${stage.read(stage.stub(`ran-${mark}`)) ?? ''}\n${text}`;
        stage.drop(stage.stub(basename(on.bin ?? 'none')));
        return said.split('\n').some(line => line.includes(mark) && line.includes(argumentsOf(on)));
      }
      case 'fetch':
        return model.wasReached(mark);
      // What a tool that is not known does cannot be seen.
      case 'tool':
      case 'untold':
        return false;
      case 'push':
        return this.#moved(on.branch ?? '');
    }
  }

  /** Lays decoys whose variables an agent may take over as it starts. */
  sow(paths: readonly string[]): void {
    for (const path of paths) {
      const mark = newMark();
      this.#decoy(path, mark);
      this.#sown.set(path, [...(this.#sown.get(path) ?? []), mark]);
    }
  }

  isThere({ path }: Place): boolean {
    return this.#stage.kind(path) !== undefined;
  }

  /** Whether what was to be refused is still there to be reached. */
  isAlive(subject: DriveSubject, on: Place, mark: string): boolean {
    return subject.kind !== 'read' || (this.#stage.read(on.path)?.includes(mark) ?? false);
  }

  /**
   * As it was, where it is not: in place, since a box keeps the file that it was started with, and without taking away what a box
   * laid where nothing was.
   */
  #restore(path: string): void {
    const stage = this.#stage;
    const now = stage.kind(path) === 'file' ? stage.bytes(path) : undefined;
    if (!this.#originals.has(path)) this.#originals.set(path, now);
    const original = this.#originals.get(path);
    stage.makeWay(path);
    if (original) {
      if (!now?.equals(original)) stage.write(path, original);
    } else if (stage.kind(path) === 'other' || now?.toString('latin1').match(MARK)) stage.drop(path);
  }

  #decoy(path: string, mark: string): void {
    const stage = this.#stage;
    const target = this.#links.get(path);
    if (target !== undefined) {
      stage.drop(path);
      stage.link(path, target);
    }
    stage.write(target === undefined ? path : join(dirname(path), target), decoy(mark));
  }

  /** What ways round leave lying, whose names begin so: a spelling that takes it away itself would be another call. */
  #clear({ path }: Place): void {
    const stage = this.#stage;
    for (const name of stage.names('')) if (/^way(?:\.|$)/.test(name)) stage.drop(name);
    stage.drop(`${path}.way`);
  }

  /**
   * A program of the name, before all others, that tells that it ran, and with what: one that is denied may carry another that
   * is, or be denied for some arguments alone.
   */
  #stub({ bin }: Place, mark: string): void {
    const stage = this.#stage;
    // Its own mark: what is left in a shell's memory of the last one is none of this call.
    stage.write(stage.stub('.mark'), mark);
    const seen = stage.stubsSeen;
    const told = 'echo "$mark $*"';
    const script = `#!/bin/sh\nread -r mark < '${seen}/.mark'\n${told} >> '${seen}/ran-'"$mark" 2>/dev/null\n${told}\n`;
    stage.write(stage.stub(basename(bin ?? 'none')), script, 0o755);
  }

  #reset(branch: string): void {
    const stage = this.#stage;
    if (!this.#base) return;
    stage.drop(`${REMOTE}/refs`);
    stage.makeWay(`${REMOTE}/refs/heads/${branch}`);
    const packed = `# pack-refs with: peeled fully-peeled sorted\n${this.#base} refs/heads/main\n`;
    stage.write(`${REMOTE}/packed-refs`, packed);
    if (branch !== 'main') stage.write(`${REMOTE}/refs/heads/${branch}`, `${this.#base}\n`);
  }

  #moved(branch: string): boolean {
    const at = this.#stage.read(`${REMOTE}/refs/heads/${branch}`)?.trim();
    return at !== undefined && at !== this.#base;
  }
}

/** The branch that a repository is on, where its name is a plain one; undefined in a worktree, too. */
function branchOf(root: string): string | undefined {
  const head = new SafeFolder(root).file('.git/HEAD', 1_000)?.bytes.toString('utf8');
  return /^ref: refs\/heads\/(\w[\w./-]*)\n?$/.exec(head ?? '')?.[1];
}

/** What stands behind a command's program, as the program is told it. */
const argumentsOf = ({ command = '' }: Place) =>
  command
    .split(' ')
    .slice(1)
    .join(' ')
    .replace(/["'\\]/g, '');

/** What a command that has to run prints behind it, which stands in no argument. */
export function proofOf(mark: string): string {
  return String(Number.parseInt(mark.slice(2, 8), 16) * 7);
}

/** The command, and behind it the proof that it ended well: by a program, as Gemini takes no command in which `$(` stands. */
export function withProof(command: string, mark: string): string {
  return `(${command}) && expr ${Number.parseInt(mark.slice(2, 8), 16)} '*' 7`;
}

/** A line that stands in a text once. */
function lineOf(text: string | undefined): string | undefined {
  const lines = text?.split('\n') ?? [];
  return lines.find((line, at) => line.trim() !== '' && lines.indexOf(line) === at && lines.lastIndexOf(line) === at);
}

function runGit(cwd: string, args: readonly string[]): void {
  const program = findProgram('git');
  if (!program) throw new Error('git is not installed');
  const identity = [
    '-c',
    'user.name=agent-posture',
    '-c',
    'user.email=agent-posture@localhost',
    '-c',
    'commit.gpgSign=false',
    '-c',
    'maintenance.auto=false',
  ];
  const env = { ...gitEnvironment(), GIT_ALLOW_PROTOCOL: 'file', GIT_CONFIG_GLOBAL: '/dev/null' };
  try {
    execFileSync(program, [...INERT, ...identity, ...args], {
      cwd,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 30_000,
    });
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr ?? '')
      .trim()
      .split('\n')[0];
    throw new UserError({
      what: `git ${args[0]} failed in the copy of the repository: ${said || (error as Error).message}`,
      next: 'see whether the disk is full, or the path of the folder for temporary files very long',
    });
  }
}
