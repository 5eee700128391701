import { chmodSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AgentHook } from '../../agents/driver.ts';
import { splitWords } from '../../base/words.ts';
import { controlWorks, LIMITS, makeCall } from './calls.ts';
import type { ColumnOptions } from './column.ts';
import type { DriveTried } from './judge.ts';
import { startAgent } from './session.ts';
import type { Stage } from './stage.ts';
import type { DriveTry } from './tries.ts';

/** A way in which a hook can fail, and how it is made so; undone by what `make` gives. */
export interface HookFailure {
  /** As the row's way round: `not-executable`, `without-jq` … */
  id: string;
  says: string;
  make(): () => void;
}

/** The programs that hooks mostly lean on. */
const DEPENDENCIES =
  /(?<![\w./-])(jq|python3?|node|deno|bun|ruby|perl|php|bash|zsh|grep|egrep|sed|awk|yq|rg|curl|gitleaks|trufflehog|npx|uv|uvx)(?![\w-])/g;

/** What a program of each kind is, that ends as it is wanted to; by the interpreter, else by the ending of its name. */
const PROGRAMS: readonly {
  kind: RegExp;
  exit: string;
  crash: string;
  garbage: string;
  slow: string;
}[] = [
  {
    kind: /\b(node|bun|deno)\b|\.[cm]?[jt]s$/,
    exit: 'process.exit(1);\n',
    crash: "process.kill(process.pid, 'SIGKILL');\n",
    garbage: 'process.stdout.write(Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7) % 256)));\n',
    slow: 'setTimeout(() => {}, 600000);\n',
  },
  {
    kind: /\bpython[\d.]*\b|\.py$/,
    exit: 'raise SystemExit(1)\n',
    crash: 'import os; os.kill(os.getpid(), 9)\n',
    garbage: 'import sys; sys.stdout.buffer.write(bytes((n * 7) % 256 for n in range(4096)))\n',
    slow: 'import time; time.sleep(600)\n',
  },
  {
    kind: /\b(ba|da|z|k)?sh\b|\.(ba|z)?sh$|^[^.]*$/,
    exit: 'exit 1\n',
    crash: 'kill -9 $$\n',
    garbage: "i=0; while [ $i -lt 200 ]; do printf '\\001\\377\\000{[garbage'; i=$((i+1)); done\n",
    slow: 'sleep 600\n',
  },
];

/** A hook's program, where it is a file of the stage. */
export interface HookProgram {
  /** As in `Stage`: relative to the root, or `~/…`. */
  path: string;
  /** It is started by its own name, so that it needs the right to be executed. */
  direct: boolean;
}

/** The file that a hook's command runs: the first of its words that is one on the stage. */
export function programOf(stage: Stage, { command }: AgentHook): HookProgram | undefined {
  let words: readonly string[];
  try {
    words = splitWords(
      command.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_all, a?: string, b?: string) => variable(stage, a ?? b ?? '')),
    );
  } catch {
    return undefined;
  }
  for (const [index, word] of words.entries()) {
    const path = onStage(stage, word);
    if (path !== undefined) return { path, direct: index === 0 };
  }
  return undefined;
}

/** Variables of a hook's command mean the root or the home: CLAUDE_PROJECT_DIR, GEMINI_PROJECT_DIR, HOME, PWD. */
function variable({ root, home }: Stage, name: string): string {
  if (name === 'HOME') return home;
  return /DIR$|ROOT$|^PWD$/.test(name) ? root : '';
}

function onStage(stage: Stage, word: string): string | undefined {
  const { root, home } = stage;
  const path = word.startsWith('~/')
    ? word
    : word.startsWith(`${root}/`)
      ? word.slice(root.length + 1)
      : word.startsWith(`${home}/`)
        ? `~/${word.slice(home.length + 1)}`
        : word.replace(/^\.\//, '');
  if (path.startsWith('/') || path.startsWith('-') || path === '') return undefined;
  try {
    return statSync(stage.at(path)).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The programs that a hook needs, by the words of its command and of its file. */
export function dependenciesOf(stage: Stage, hook: AgentHook, program: HookProgram | undefined): string[] {
  const text = `${hook.command}\n${program ? (stage.read(program.path) ?? '').slice(0, 50_000) : ''}`;
  return [...new Set([...text.matchAll(DEPENDENCIES)].map(([, name = '']) => name))];
}

/** All the ways in which a hook can fail here. */
export function failuresOf(stage: Stage, hook: AgentHook): HookFailure[] {
  const program = programOf(stage, hook);
  const failures: HookFailure[] = [];
  // The first is what runs it, or what it could not do without; its shell is there wherever an agent's is.
  for (const name of dependenciesOf(stage, hook, program).slice(0, 3))
    failures.push({
      id: `without-${name}`,
      says: `${name} is missing`,
      make: () => {
        const stub = join(stage.stubs, name);
        writeFileSync(stub, '#!/bin/sh\nexit 127\n', { mode: 0o755 });
        return () => rmSync(stub, { force: true });
      },
    });
  if (!program) return failures;
  const place = stage.at(program.path);
  const { mode } = statSync(place);
  const text = readFileSync(place, 'utf8');
  const first = text.split('\n', 1)[0] ?? '';
  const by =
    first.startsWith('#!') && program.direct ? first : hook.command.split(program.path)[0] || basename(program.path);
  const made =
    PROGRAMS.find(({ kind }) => kind.test(by)) ?? PROGRAMS.find(({ kind }) => kind.test(basename(program.path)));
  const put = (content: string) => () => {
    writeFileSync(place, `${first.startsWith('#!') ? `${first}\n` : ''}${content}`, { mode });
    return () => {
      writeFileSync(place, text);
      chmodSync(place, mode);
    };
  };
  if (program.direct)
    failures.push({
      id: 'not-executable',
      says: 'it may not be executed',
      make: () => {
        chmodSync(place, mode & 0o666);
        return () => chmodSync(place, mode);
      },
    });
  failures.push({
    id: 'missing',
    says: 'it is missing',
    make: () => {
      renameSync(place, `${place}.aside`);
      return () => {
        if (existsSync(`${place}.aside`)) renameSync(`${place}.aside`, place);
      };
    },
  });
  if (made)
    failures.push(
      { id: 'exit-1', says: 'it ends with 1', make: put(made.exit) },
      { id: 'crash', says: 'it crashes', make: put(made.crash) },
      { id: 'garbage', says: 'it prints what is no answer', make: put(made.garbage) },
      { id: 'slow', says: 'it takes too long', make: put(made.slow) },
    );
  return failures;
}

/** What came of a call while its hook failed in one way: in two sessions. */
export interface HookRecord {
  hook: AgentHook;
  failure: HookFailure;
  tries: DriveTried[];
}

/**
 * Makes the call of `witness`, which each hook is asked about, once for each way in which it can fail, and once more from the
 * other end.
 */
export async function driveHooks(
  hooks: readonly AgentHook[],
  witnessOf: (hook: AgentHook) => DriveTry | undefined,
  options: ColumnOptions,
): Promise<HookRecord[]> {
  const records = hooks.flatMap(hook =>
    failuresOf(options.stage, hook).map((failure): HookRecord => ({ hook, failure, tries: [] })),
  );
  await pass(records, witnessOf, options);
  await pass([...records].filter(({ tries }) => !tries[0]?.effect).reverse(), witnessOf, options);
  return records;
}

async function pass(
  records: readonly HookRecord[],
  witnessOf: (hook: AgentHook) => DriveTry | undefined,
  options: ColumnOptions,
): Promise<void> {
  const { driver, program, stage } = options;
  const left = [...records];
  for (let sessions = 0; left.length > 0 && sessions <= records.length && !options.signal?.aborted; sessions++) {
    const session = await startAgent(driver, program, stage, options);
    try {
      if (!(await session.model.ready(LIMITS.start)) || !(await controlWorks(options, session))) return;
      while (left.length > 0) {
        const { hook, failure, tries } = left.shift() as HookRecord;
        const witness = witnessOf(hook);
        if (!witness) continue;
        const undo = failure.make();
        const made = await makeCall(witness, options, session).finally(undo);
        if (!made) continue;
        const { tried } = made;
        tries.push(tried);
        const over = ['ended', 'timeout'].includes(tried.outcome.kind);
        if (over && driver.endsOnRefusal && tried.outcome.kind === 'ended') {
          tried.refused = driver.refused((await session.ended).output);
          tried.controlled = tried.refused !== undefined;
        }
        if (over) break;
        // The hook is whole again, and lets work through: it was not the session that stood still.
        tried.controlled = await controlWorks(options, session);
        if (!tried.controlled) break;
      }
    } finally {
      await session.close();
    }
  }
}
