import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Driver, Mode } from '../../agents/driver.ts';
import { randomHex } from '../../base/hash.ts';
import { promptOver } from './acp.ts';
import { BOX_STATE, boxedCommand, pathInBox } from './boxed.ts';
import { addresses, countingLeft, onStage } from './contain.ts';
import { ScriptedModel } from './model.ts';
import { isWalled } from './prepare.ts';
import type { Stage } from './stage.ts';

/** How an agent that was driven ended, and what it said. */
export interface Ended {
  code: number | null;
  output: string;
  /** Why it could not be started. */
  failure?: string;
}

/** An agent that runs, in the hands of a scripted model. */
export interface AgentSession {
  model: ScriptedModel;
  /** What is to be reached over the network, `http://127.0.0.1:PORT`. */
  elsewhere: string;
  ended: Promise<Ended>;
  /** Calls that it told to have begun, by their ids, where it tells that: none of them was refused. */
  begun: ReadonlySet<string>;
  /** Lets it end by itself, and ends what is left of it after `grace` ms: how it ended, and how many processes outlived it. */
  close(grace?: number): Promise<Ended & { outlived: number }>;
}

/** Characters kept of what it says: of its beginning, and of its end. */
const OUTPUT = 100_000;
export const MARK = 'AGENT_POSTURE_DRIVE';

/** Variables that a program needs anywhere. Nothing else of ours goes along: variables are where secrets are kept. */
const ENVIRONMENT = ['LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'USER', 'LOGNAME', 'SHELL'];

export interface StartOptions {
  mode?: Mode;
  /** In the box that the stage's posture declares. */
  boxed?: boolean;
  /** Milliseconds that a call may take; default 10,000. */
  patience?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Starts an agent on a stage. What keeps its program from starting is told by `ended`; it rejects for what the system refuses before:
 * a full disk, a path too long for a socket.
 */
export async function startAgent(
  driver: Driver,
  program: string,
  stage: Stage,
  options: StartOptions = {},
): Promise<AgentSession> {
  const { patience } = options;
  const model = new ScriptedModel({ wire: driver.wire, patience, ...(driver.aside ? { aside: driver.aside } : {}) });
  try {
    return await startWith(model, driver, program, stage, options);
  } catch (error) {
    await model.close();
    throw error;
  }
}

async function startWith(
  model: ScriptedModel,
  driver: Driver,
  program: string,
  stage: Stage,
  { mode = 'configured', boxed = false, signal }: StartOptions,
): Promise<AgentSession> {
  const socket = join(stage.folder, `model-${randomHex(4)}.sock`);
  const port = await model.listen(stage.contained ? socket : undefined);
  const { model: url, elsewhere } = addresses(port);
  const { home, root } = stage.seen;
  // The box hides the user's settings in the home, so that nothing of them is in force there.
  const read = (path: string) => (boxed && path.startsWith('~/') ? undefined : stage.read(path));
  const start = driver.start({ home, root, program, model: url, mode, read });
  for (const { path, text } of start.files) stage.write(path, text);
  // A shell that an agent starts as one of a login makes its PATH anew.
  if (stage.kind('~/.profile') === undefined) stage.write('~/.profile', `PATH='${stage.stubsSeen}':"$PATH"\n`);
  const files = start.files.map(({ path, text }) => ({ path: stage.inside(path), text }));
  const mark = randomHex(12);
  const nesting = { boxed, walled: isWalled(stage, driver, mode) };
  const asked = boxed
    ? boxedCommand(start.command, { env: start.env, files })
    : stage.contained
      ? countingLeft(start.command, mark)
      : start.command;
  const { command, path, cwd } = onStage(stage, socket, asked, nesting);
  const kept = ENVIRONMENT.flatMap(name =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  const env = {
    ...Object.fromEntries(kept),
    // Nothing that a hook could tell from its user's own session by, where that can be done without.
    ...{ TERM: 'dumb', NO_COLOR: '1', HOME: home, TMPDIR: '/tmp', PATH: path },
    ...(stage.contained ? {} : { [MARK]: mark }),
    ...(boxed ? { ...BOX_STATE, PATH: pathInBox(stage, path, program) } : start.env),
  };
  const [first = '', ...args] = command;
  const child = spawn(first, args, {
    cwd,
    env,
    stdio: [driver.prompted ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const end = endOf(child, mark);
  const prompting = driver.prompted && promptOver(child, { root, turns: () => model.turns, ...driver.prompted });
  // What it answered by is what it said.
  const ended = end.then(its => {
    const refusal = prompting?.refusal();
    return refusal === undefined ? its : { ...its, output: `${its.output}\nerror: ${refusal}` };
  });
  const kill = () => killAll(child, mark, socket);
  if (signal?.aborted) void kill();
  signal?.addEventListener('abort', kill, { once: true });
  ended.then(() => model.gone());
  return {
    model,
    elsewhere,
    ended,
    begun: prompting?.begun ?? new Set(),
    async close(grace = 3_000) {
      prompting?.end();
      model.end();
      const timer = setTimeout(kill, grace);
      const end = await ended;
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      const outlived = await killAll(child, mark, socket);
      await model.close();
      rmSync(socket, { force: true });
      return { ...end, outlived: end.left ?? outlived };
    },
  };
}

function endOf(child: ChildProcess, mark: string): Promise<Ended & { left?: number }> {
  let [head, tail] = ['', ''];
  const take = (text: string) => {
    head += text.slice(0, Math.max(0, OUTPUT - head.length));
    tail = (tail + text).slice(-OUTPUT);
  };
  const said = () => {
    const output = head.length < OUTPUT ? head : `${head}\n${tail}`;
    const [line, left] = output.match(new RegExp(`^${mark} (\\d+)\\n`, 'm')) ?? [];
    return line === undefined ? { output } : { output: output.replace(line, ''), left: Number(left) };
  };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', take);
  return new Promise(resolve => {
    child.once('error', error => resolve({ code: null, ...said(), failure: error.message }));
    // What it left running may hold its output open.
    child.once('exit', code => {
      const done = () => {
        for (const stream of [child.stdout, child.stderr]) stream?.destroy();
        resolve({ code, ...said() });
      };
      child.once('close', done);
      // After what is there to be read, too, where the clock comes late.
      setTimeout(() => setImmediate(done), 200);
    });
  });
}

/**
 * Ends its process group, and whatever carries its mark in its environment, or sees the socket of its model, in whatever group or
 * namespace: a shell that it left in the background. How many of those there were.
 */
export async function killAll(child: ChildProcess, mark: string, socket: string): Promise<number> {
  const group = () => {
    try {
      // Once it was waited for, its number may be another's.
      if (child.pid && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
    } catch {}
  };
  group();
  const found = new Set<number>();
  // What is being started while the list is read stands in the next one.
  for (let again = true, round = 0; again && round < 10; round++) {
    again = false;
    for (const pid of belonging(mark, socket)) {
      again = true;
      found.add(pid);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {}
    }
    if (again) await new Promise(resolve => setTimeout(resolve, 20));
  }
  return found.size;
}

function belonging(mark: string, socket: string): number[] {
  const signs = [
    ['environ', `${MARK}=${mark}`],
    // With the folder of its stage: a mount is told by where it lies in its file system.
    ['mountinfo', `/${basename(dirname(socket))}/${basename(socket)} `],
  ] as const;
  let names: string[] = [];
  try {
    names = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  } catch {}
  const has = (pid: string) =>
    signs.some(([file, sign]) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(sign);
      } catch {
        return false;
      }
    });
  return names.filter(has).map(Number);
}
