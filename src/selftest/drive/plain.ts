import { type ChildProcess, spawn } from 'node:child_process';
import { findProgram } from '../../base/exec.ts';
import { randomHex } from '../../base/hash.ts';
import { BOX_STATE, boxedCommand, pathInBox } from './boxed.ts';
import { type Nesting, onStage } from './contain.ts';
import { killAll, MARK } from './session.ts';
import type { Stage } from './stage.ts';

/**
 * Runs in the namespace where the agent does: each command of a line as an agent's shell would run it, with nothing that
 * refuses anything.
 */
const RUNNER = `
const { spawn } = require('node:child_process');
const lines = require('node:readline').createInterface({ input: process.stdin });
lines.on('line', line => {
  const { id, shell, command, timeout } = JSON.parse(line);
  let [text, late] = ['', false];
  const child = spawn(shell, ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const done = () => { try { process.kill(-child.pid, 'SIGKILL'); } catch {} process.stdout.write(JSON.stringify({ id, late, text: text.slice(0, 200000) }) + '\\n'); };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', data => { if (text.length < 200000) text += data; });
  const timer = setTimeout(() => { late = true; try { process.kill(-child.pid, 'SIGKILL'); } catch {} }, timeout);
  child.once('error', () => end());
  let over = false;
  const end = () => { clearTimeout(timer); if (!over) { over = true; done(); } };
  child.once('close', end);
  child.once('exit', () => setTimeout(() => setImmediate(end), 200));
});
`;

const WITHOUT_HOOKS = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.hooksPath', GIT_CONFIG_VALUE_0: '/dev/null' };

/** What a command printed, and whether it came to its end. */
export interface Said {
  text: string;
  isWhole: boolean;
}

const SILENCE: Said = { text: '', isWhole: false };

/** A shell on the stage, without the agent: where what an agent is refused has to work. */
export class PlainShell {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (said: Said) => void>();
  readonly #shell: string;
  readonly #mark = randomHex(12);
  readonly #socket: string;
  #next = 0;
  #rest = '';

  /** `programs`: absolute paths that have to be there, beside those of the PATH; boxed, in the same box as the first of them is. */
  constructor(stage: Stage, socket: string, programs: readonly string[] = [], nesting: Nesting = {}) {
    const runner = [process.execPath, '-e', RUNNER, ...programs];
    const asked = nesting.boxed ? boxedCommand(runner, { env: WITHOUT_HOOKS, files: [] }) : runner;
    const { command, path, cwd } = onStage(stage, socket, asked, nesting);
    const ofBox = nesting.boxed ? { ...BOX_STATE, PATH: pathInBox(stage, path, programs[0] ?? '') } : {};
    this.#socket = socket;
    this.#shell = findProgram('bash', [stage.root]) ?? '/bin/sh';
    const [program = '', ...args] = command;
    this.#child = spawn(program, args, {
      cwd,
      // Hooks of git's refuse like an agent's rules do: here neither does.
      env: {
        ...{ PATH: path, HOME: stage.seen.home, LANG: 'C.UTF-8', TMPDIR: '/tmp', ...WITHOUT_HOOKS, [MARK]: this.#mark },
        ...ofBox,
      },
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    this.#child.stdin?.on('error', () => {});
    const gone = () => {
      for (const tell of this.#waiting.values()) tell(SILENCE);
      this.#waiting.clear();
    };
    this.#child.once('error', gone);
    this.#child.once('exit', gone);
  }

  /** What a command prints; undefined where the shell is gone, or the command did not end in `timeout` ms. */
  async run(command: string, timeout: number): Promise<string | undefined> {
    const { text, isWhole } = await this.said(command, timeout);
    return isWhole ? text : undefined;
  }

  /** What a command prints within `timeout` ms, whether it ends by itself or not. */
  said(command: string, timeout: number): Promise<Said> {
    const id = this.#next++;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || !this.#child.pid)
      return Promise.resolve(SILENCE);
    return new Promise(resolve => {
      const timer = setTimeout(() => tell(SILENCE), timeout + 1_000);
      const tell = (said: Said) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(said);
      };
      this.#waiting.set(id, tell);
      this.#child.stdin?.write(`${JSON.stringify({ id, shell: this.#shell, command, timeout })}\n`);
    });
  }

  /** Ends it, and what its commands left running. */
  async close(): Promise<void> {
    await killAll(this.#child, this.#mark, this.#socket);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      try {
        const { id, text, late } = JSON.parse(line) as { id: number; text: string; late: boolean };
        this.#waiting.get(id)?.({ text, isWhole: !late });
      } catch {}
    }
  }
}
