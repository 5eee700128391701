import { basename } from 'node:path';
import type { AgentHook } from '../../agents/driver.ts';
import { splitWords } from '../../base/words.ts';
import type { Stage } from './stage.ts';

/** What a program in the place of a hook does: by one of two forms it refuses, by the others it fails. */
export type Behaviour = 'refuse' | 'refuse-in-words' | 'consent' | 'exit-1' | 'crash' | 'garbage' | 'slow';

/** How the agents that are driven are told no and yes, all in one. They leave out what they do not know. */
const NO = JSON.stringify({
  decision: 'block',
  reason: 'agent-posture',
  cancel: true,
  permission: 'deny',
  permissionDecision: 'deny',
  permissionDecisionReason: 'agent-posture',
  hookSpecificOutput: {
    hookEventName: 'PreToolUse',
    permissionDecision: 'deny',
    permissionDecisionReason: 'agent-posture',
  },
});
const YES = JSON.stringify({ cancel: false });
const SECONDS = 600;

interface Language {
  /** By what runs it, else by the ending of its name. */
  kind: RegExp;
  programs: Readonly<Record<Behaviour, string>>;
}

const LANGUAGES: readonly Language[] = [
  {
    kind: /\b(?:node|bun|deno)\b|\.[cm]?[jt]s$/,
    programs: {
      refuse: "console.error('agent-posture'); process.exitCode = 2;\n",
      'refuse-in-words': `console.log(${JSON.stringify(NO)});\n`,
      consent: `console.log(${JSON.stringify(YES)});\n`,
      'exit-1': 'process.exitCode = 1;\n',
      crash: "process.kill(process.pid, 'SIGKILL');\n",
      garbage: 'process.stdout.write(Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7) % 256)));\n',
      slow: `setTimeout(() => {}, ${SECONDS}000);\n`,
    },
  },
  {
    kind: /\bpython[\d.]*\b|\buvx?\b|\.py$/,
    programs: {
      refuse: "import sys; sys.stderr.write('agent-posture'); sys.exit(2)\n",
      'refuse-in-words': `print(${JSON.stringify(NO)})\n`,
      consent: `print(${JSON.stringify(YES)})\n`,
      'exit-1': 'raise SystemExit(1)\n',
      crash: 'import os; os.kill(os.getpid(), 9)\n',
      garbage: 'import sys; sys.stdout.buffer.write(bytes((n * 7) % 256 for n in range(4096)))\n',
      slow: `import time; time.sleep(${SECONDS})\n`,
    },
  },
  {
    kind: /\b(?:ba|da|z|k)?sh\b|\.(?:ba|z)?sh$|^[^.]*$/,
    programs: {
      refuse: 'echo agent-posture >&2\nexit 2\n',
      'refuse-in-words': `echo '${NO}'\n`,
      consent: `echo '${YES}'\n`,
      'exit-1': 'exit 1\n',
      crash: 'kill -9 $$\n',
      garbage: "i=0; while [ $i -lt 200 ]; do printf '\\001\\377\\000{[garbage'; i=$((i+1)); done\n",
      slow: `sleep ${SECONDS}\n`,
    },
  },
];

/** The programs of a shell, for a hook that is written as a command in the settings. */
export const SHELL = (LANGUAGES.at(-1) as Language).programs;

/** A hook's program, where it is a file of the stage, there or not. */
export interface HookProgram {
  /** As in `Stage`: relative to the root, or `~/…`. */
  path: string;
  isThere: boolean;
  /** It is started by its own name, so that it needs the right to be executed. */
  direct: boolean;
  /** What it is written as it is, and with what would be written in its place; undefined where its language is not known. */
  text: string;
  written: ((behaviour: Behaviour) => string) | undefined;
  /** What runs it, where that is named. */
  interpreter: string | undefined;
}

/** Words of a hook's command, with its variables as it sees them; none where it is no plain command. */
function wordsOf(stage: Stage, command: string): readonly string[] {
  const { root, home } = stage.seen;
  const told = command.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_all, a?: string, b?: string) => {
    const name = a ?? b ?? '';
    // CLAUDE_PROJECT_DIR, GEMINI_PROJECT_DIR and their like.
    return name === 'HOME' ? home : /DIR$|ROOT$|^PWD$/.test(name) ? root : '';
  });
  try {
    return splitWords(told.split(/\s*(?:\|\||&&|[;|])\s*/)[0] ?? '');
  } catch {
    return [];
  }
}

/** A word as a path of the stage; undefined for what lies elsewhere, and for what is no path. */
function pathOn(stage: Stage, word: string): string | undefined {
  const { root, home } = stage.seen;
  if (word.startsWith('~/')) return word;
  if (word.startsWith(`${root}/`)) return word.slice(root.length + 1);
  if (word.startsWith(`${home}/`)) return `~/${word.slice(home.length + 1)}`;
  const path = word.replace(/^\.\//, '');
  return /^[\w.][\w./ -]*$/.test(path) && !path.split('/').includes('..') ? path : undefined;
}

/** The file that a hook's command runs: the first word that is one, or else the first that is written like one. */
export function programOf(stage: Stage, { command }: AgentHook): HookProgram | undefined {
  const words = wordsOf(stage, command);
  const paths = words.map(word => pathOn(stage, word));
  const there = paths.findIndex(path => path !== undefined && stage.kind(path) === 'file');
  const index =
    there >= 0 ? there : paths.findIndex(path => path !== undefined && /\/|\.(?:sh|py|[cm]?[jt]s)$/.test(path));
  const path = paths[index];
  if (path === undefined) return undefined;
  const text = stage.read(path) ?? '';
  const shebang = /^#![^\n]*\n/.exec(text)?.[0];
  const by = index > 0 ? (words[0] ?? '') : (shebang ?? '');
  const language =
    LANGUAGES.find(({ kind }) => by !== '' && kind.test(by)) ?? LANGUAGES.find(({ kind }) => kind.test(basename(path)));
  const first = index > 0 ? '' : (shebang ?? (there >= 0 ? '' : '#!/bin/sh\n'));
  return {
    path,
    isThere: there >= 0,
    direct: index === 0,
    text,
    written: language && (behaviour => first + language.programs[behaviour]),
    interpreter:
      index > 0 ? words[0] : /^#!\s*(?:\S*\/env\s+(?:-S\s+)?)?(\S+)/.exec(shebang ?? '')?.[1]?.replace(/^.*\//, ''),
  };
}

/** The programs that hooks mostly lean on. */
const DEPENDENCIES =
  /(?<![\w./-])(jq|python3?|node|deno|bun|ruby|perl|php|zsh|git|yq|rg|curl|gitleaks|trufflehog|npx|uvx?|e?grep|sed|awk)(?![\w-])/g;

/** The programs that a hook needs, by the words of its command and of its file. */
export function dependenciesOf(hook: AgentHook, program: HookProgram | undefined): string[] {
  const text = `${hook.command}\n${program?.text.slice(0, 50_000) ?? ''}`;
  return [...new Set([...text.matchAll(DEPENDENCIES)].map(([, name = '']) => name))].slice(0, 3);
}
