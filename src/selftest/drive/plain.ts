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
  let text = '';
  const child = spawn(shell, ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const done = () => { try { process.kill(-child.pid, 'SIGKILL'); } catch {} process.stdout.write(JSON.stringify({ id, text: text.slice(0, 200000) }) + '\\n'); };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', data => { if (text.length < 200000) text += data; });
  const timer = setTimeout(() => { try { process.kill(-child.pid, 'SIGKILL'); } catch {} }, timeout);
  child.once('error', () => end());
  let over = false;
  const end = () => { clearTimeout(timer); if (!over) { over = true; done(); } };
  child.once('close', end);
  child.once('exit', () => setTimeout(end, 200));
});
`;

const WITHOUT_HOOKS = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.hooksPath', GIT_CONFIG_VALUE_0: '/dev/null' };

/** A shell on the stage, without the agent: where what an agent is refused has to work. */
export class PlainShell {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (text: string | undefined) => void>();
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
    this.#child.stdout?.on('data', (data: Buffer) => this.#take(data.toString('utf8')));
    this.#child.stdin?.on('error', () => {});
    const gone = () => {
      for (const tell of this.#waiting.values()) tell(undefined);
      this.#waiting.clear();
    };
    this.#child.once('error', gone);
    this.#child.once('exit', gone);
  }

  /** What a command prints; undefined where the shell is gone, or it did not end in `timeout` ms and a second. */
  run(command: string, timeout: number): Promise<string | undefined> {
    const id = this.#next++;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || !this.#child.pid)
      return Promise.resolve(undefined);
    return new Promise(resolve => {
      const timer = setTimeout(() => tell(undefined), timeout + 1_000);
      const tell = (text: string | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(text);
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
        const { id, text: said } = JSON.parse(line) as { id: number; text: string };
        this.#waiting.get(id)?.(said);
      } catch {}
    }
  }
}
