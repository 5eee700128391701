import { basename } from 'node:path';
import type { AgentHook } from '../../agents/driver.ts';
import { EXPANDED, type SimpleCommand, simpleCommands } from './shell-words.ts';
import type { Stage } from './stage.ts';

/** What a program in the place of a hook does: by one of two forms it refuses, by the others it fails. */
export type Behaviour = 'refuse' | 'refuse-in-words' | 'consent' | 'exit-1' | 'crash' | 'garbage' | 'slow';

/** How the agents that are driven are told no, all in one: they leave out what they do not know. An answer names its event. */
const EVENT = '@EVENT@';
const NO = JSON.stringify({
  decision: 'block',
  reason: 'agent-posture',
  cancel: true,
  permission: 'deny',
  permissionDecision: 'deny',
  permissionDecisionReason: 'agent-posture',
  hookSpecificOutput: {
    hookEventName: EVENT,
    permissionDecision: 'deny',
    permissionDecisionReason: 'agent-posture',
    decision: { behavior: 'deny', message: 'agent-posture' },
  },
});
const SECONDS = 600;

interface Language {
  /** What runs it, and else the ending of its name. */
  by: RegExp;
  named: RegExp;
  programs: Readonly<Record<Behaviour, string>>;
}

const LANGUAGES: readonly Language[] = [
  {
    by: /\b(?:node|bun|deno|tsx)\b/,
    named: /\.[cm]?[jt]s$/,
    programs: {
      refuse: "console.error('agent-posture'); process.exitCode = 2;\n",
      'refuse-in-words': `console.log(${JSON.stringify(NO)});\n`,
      // Silence: it is consent to each of the agents that are driven.
      consent: 'process.stdin.resume();\n',
      'exit-1': 'process.exitCode = 1;\n',
      crash: "process.kill(process.pid, 'SIGKILL');\n",
      garbage: 'process.stdout.write(Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7) % 256)));\n',
      slow: `setTimeout(() => {}, ${SECONDS}000);\n`,
    },
  },
  {
    by: /\bpython[\d.]*\b|\buvx?\b/,
    named: /\.py$/,
    programs: {
      refuse: "import sys; sys.stderr.write('agent-posture'); sys.exit(2)\n",
      'refuse-in-words': `print(${JSON.stringify(NO)})\n`,
      consent: 'import sys; sys.stdin.read()\n',
      'exit-1': 'raise SystemExit(1)\n',
      crash: 'import os; os.kill(os.getpid(), 9)\n',
      garbage: 'import sys; sys.stdout.buffer.write(bytes((n * 7) % 256 for n in range(4096)))\n',
      slow: `import time; time.sleep(${SECONDS})\n`,
    },
  },
  {
    by: /\b(?:ba|da|z|k)?sh\b/,
    named: /\.(?:ba|z)?sh$/,
    programs: {
      refuse: 'echo agent-posture >&2\nexit 2\n',
      'refuse-in-words': `echo '${NO}'\n`,
      // By the shell alone, whatever program is missing.
      consent: 'while read -r _; do :; done\nexit 0\n',
      'exit-1': 'exit 1\n',
      crash: 'kill -9 $$\n',
      garbage: "i=0; while [ $i -lt 200 ]; do printf '\\001\\377\\000{[garbage'; i=$((i+1)); done\n",
      slow: `exec sleep ${SECONDS}\n`,
    },
  },
];

const SHELL = LANGUAGES.at(-1) as Language;

/** A shell's program that behaves so, for a hook that is asked at this event. */
export const shellProgram = (behaviour: Behaviour, event: string): string =>
  SHELL.programs[behaviour].replaceAll(EVENT, event);

/** A hook's program, where it is a file of the stage, there or not. */
export interface HookProgram {
  /** As in `Stage`: relative to the root, or `~/…`. */
  path: string;
  isThere: boolean;
  /** It is started by its own name, so that it needs the right to be executed. */
  direct: boolean;
  text: string;
  /** What would be written in its place; undefined where its language is not known. */
  written: ((behaviour: Behaviour, event: string) => string) | undefined;
  /** What runs it, where that is named: a name, or a path. */
  interpreter: string | undefined;
}

/** How the names of scripts end. */
export const SCRIPT = /\.(?:(?:ba|z)?sh|py|[cm]?[jt]s|rb|pl)$/;

/** The commands of a hook, with its variables as it sees them. */
function commandsOf(stage: Stage, command: string): SimpleCommand[] {
  const { root, home } = stage.seen;
  const told = command
    .replace(/\$\((?:git rev-parse --show-toplevel|pwd)\)/g, root)
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (_all, a?: string, b?: string) => {
      const name = a ?? b ?? '';
      // CLAUDE_PROJECT_DIR, GEMINI_PROJECT_DIR and their like.
      return name === 'HOME' ? home : /DIR$|ROOT$|^PWD$/.test(name) ? root : `$${name}`;
    });
  return simpleCommands(told);
}

/** A word as a path of the stage; undefined for what lies elsewhere, and for what is no path. */
function pathOn(stage: Stage, word: string, base: string): string | undefined {
  const { root, home } = stage.seen;
  if (word.includes(EXPANDED) || word.includes('$')) return undefined;
  if (word.startsWith('~/')) return word;
  if (word.startsWith(`${root}/`)) return word.slice(root.length + 1);
  if (word.startsWith(`${home}/`)) return `~/${word.slice(home.length + 1)}`;
  const path = `${base}${word.replace(/^\.\//, '')}`;
  const parts = path.split('/');
  return /^[\w.~][\w./-]*$/.test(path) && !parts.includes('..') && !parts.includes('.') ? path : undefined;
}

/** Whatever a hook's command names that may be a file, as paths of the stage. */
export const filesNamed = (stage: Stage, { command }: AgentHook): string[] => [
  ...new Set(wordsOf(stage, command).map(({ path }) => path)),
];

/** The words of a hook's command that may be files. */
function wordsOf(stage: Stage, command: string): Found[] {
  const found: Found[] = [];
  let base = '';
  for (const { words } of commandsOf(stage, command)) {
    const [head = '', ...rest] = words;
    if (head === 'cd') {
      const folder = pathOn(stage, rest.at(-1) ?? '', base);
      base = folder !== undefined && stage.kind(folder) === 'folder' ? `${folder}/` : '';
      continue;
    }
    for (const [index, word] of words.entries()) {
      const path = pathOn(stage, word, base);
      const by = /^[\w.+-]+$/.test(head) ? head : '';
      if (path !== undefined) found.push({ path, direct: index === 0, by: index === 0 ? '' : by });
    }
  }
  return found;
}

/**
 * The file that a hook's command runs: the first word that is one, or else the first that is written like one where a program or a
 * script would stand.
 */
export function programOf(stage: Stage, { command }: AgentHook): HookProgram | undefined {
  const found = wordsOf(stage, command);
  const isFile = ({ path }: Found) => stage.kind(path) === 'file' || stage.read(path) !== undefined;
  const isProgram = ({ path, direct, by }: Found) =>
    direct || SCRIPT.test(path) || LANGUAGES.some(language => language.by.test(by));
  const isWritten = ({ path, direct, by }: Found) =>
    direct ? path.includes('/') : SCRIPT.test(path) && languageOf(by, path) !== undefined;
  const files = found.filter(isFile);
  const chosen = files.find(isProgram) ?? found.find(isWritten) ?? files[0];
  if (chosen === undefined) return undefined;
  const { path, direct, by } = chosen;
  const text = stage.read(path) ?? '';
  const shebang = /^#![^\n]*\n/.exec(text)?.[0] ?? '';
  // Where the system starts it, it may be of any language.
  const programs = direct ? SHELL.programs : isProgram(chosen) ? languageOf(by, path)?.programs : undefined;
  const first = direct ? '#!/bin/sh\n' : '';
  return {
    path,
    isThere: files.includes(chosen),
    direct,
    text,
    written: programs && ((behaviour, event) => first + programs[behaviour].replaceAll(EVENT, event)),
    interpreter: (direct ? startedBy(shebang) : by) || undefined,
  };
}

/** What the first line of a file names: a path, or the name that env(1) looks for. */
function startedBy(shebang: string): string {
  const [path = '', ...words] = shebang.slice(2).trim().split(/\s+/);
  return /(?:^|\/)env$/.test(path) ? (words.find(word => !/^-|=/.test(word)) ?? '') : path;
}

/** A word of a hook's command that may be a file, and what stands before it. */
interface Found {
  path: string;
  direct: boolean;
  by: string;
}

const languageOf = (by: string, path: string): Language | undefined =>
  LANGUAGES.find(language => language.by.test(by)) ?? LANGUAGES.find(({ named }) => named.test(basename(path)));

/** Whether a program's text is one of a shell. */
export const isOfShell = ({ interpreter = '' }: HookProgram): boolean =>
  /^(?:.*\/)?(?:(?:ba|da|z|k)?sh)?$/.test(interpreter);

/** A program that a hook needs, as far as its text tells. */
export interface Dependency {
  name: string;
  /** It begins a command that the hook runs whatever happens, so that the hook is nothing without it. */
  isSure: boolean;
}

/** The programs that hooks mostly lean on. */
const KNOWN =
  /(?<![\w./-])(jq|python3?|node|deno|bun|ruby|perl|php|zsh|git|yq|rg|curl|gitleaks|trufflehog|npx|uvx?|e?grep|sed|awk)(?![\w-])/g;
/** What a program of another language starts. */
const STARTED =
  /(?:spawn|exec|popen|run|call|which|check_output|system)\w*\s*\(?\s*\[?\s*f?['"`]([a-z][\w.+-]*)(?=['"`\s])/gi;
/** What every shell has in itself, and what is on every system. */
const SHELLS_OWN =
  /^(?:[.:[]|test|true|false|echo|printf|read|cd|exit|return|set|unset|export|local|eval|source|shift|trap|wait|type|hash|command|kill|pwd|umask|getopts|declare|cat|sh|bash|sleep|tee|mktemp|rm|mkdir)$/;
/** How many are tried: each takes calls. */
const MOST = 3;

/** The programs that a hook leans on, by the commands of its own, and of its program where that is one of a shell, and by their names elsewhere in it. */
export function dependenciesOf(hook: AgentHook, program: HookProgram | undefined): Dependency[] {
  const text = (program?.text ?? '').slice(0, 50_000).replace(/^\s*(?:#|\/\/|\*).*$/gm, '');
  const own = headsOf(simpleCommands(hook.command));
  const inFile =
    program && isOfShell(program) ? headsOf(simpleCommands(text)).map(({ name }) => ({ name, isSure: false })) : [];
  const ofShell = program === undefined || isOfShell(program);
  const told = ofShell ? (own.length + inFile.length > 0 ? [] : text.matchAll(KNOWN)) : text.matchAll(STARTED);
  const said = [...told].map(([, name = '']) => ({ name, isSure: false }));
  const known = new Map<string, Dependency>();
  for (const each of [...own, ...inFile, ...said]) {
    if (each.name !== program?.interpreter && !known.has(each.name)) known.set(each.name, each);
  }
  return [...known.values()].slice(0, MOST);
}

/** The programs that begin commands. One that is asked for first (`command -v`) can be done without. */
function headsOf(commands: readonly SimpleCommand[]): Dependency[] {
  const asked = new Set(
    commands.filter(({ words }) => /^(?:command|which|type|hash)$/.test(words[0] ?? '')).flatMap(({ words }) => words),
  );
  return commands.flatMap(({ words: [name = '', option = '', inner = ''], before, after }) =>
    // A shell's own text, as an argument.
    /^(?:ba|da|z|k)?sh$/.test(name) && /^-\w*c$/.test(option)
      ? headsOf(simpleCommands(inner))
      : /^[a-z][\w.+-]*$/i.test(name) && !SHELLS_OWN.test(name)
        ? [{ name, isSure: !asked.has(name) && !['&&', '||'].includes(before) && after !== '||' }]
        : [],
  );
}
