// Asked by an agent before each of its tools, with what the tool is given as JSON on stdin. It says no to what the posture of
// this repository hides, keeps and protects; whatever goes wrong here, and whatever it cannot read, is a no as well. Generated
// by agent-posture from agent-posture.yaml: change that, and run `agent-posture generate`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const RULES = @@RULES@@;

/** In characters and milliseconds. An expression is never run over more than `text`, so that none can take long. */
const LIMITS = { input: 1_000_000, text: 4_000, time: 2_000, files: 50_000, globs: 64 };

/** How each agent is told no. */
const REFUSALS = {
  copilot: reason => say({ permissionDecision: 'deny', permissionDecisionReason: reason }, 0),
  cline: reason => say({ cancel: true, errorMessage: reason }, 0),
  cursor: reason => say({ permission: 'deny', user_message: reason, agent_message: reason }, 2),
};
/** And how yes, where silence is none. */
const CONSENTS = { cline: { cancel: false }, cursor: { permission: 'allow' } };

/**
 * What each agent documents of its tools; a tool that is not here is taken for one that may do anything with every text.
 * https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-command-reference
 * https://github.com/cline/cline/blob/main/src/shared/tools.ts and, of its command line, @cline/core
 * https://cursor.com/docs/agent/hooks, https://docs.windsurf.com/windsurf/cascade/hooks
 */
const TOOLS = {
  copilot: {
    shell: ['bash', 'powershell', 'write_bash', 'write_powershell'],
    read: ['view', 'glob', 'read_bash', 'read_powershell'],
    search: ['grep', 'rg'],
    write: ['create', 'edit'],
    patch: ['apply_patch'],
    talk: ['task', 'skill', 'ask_user', 'report_intent', 'update_todo', 'read_agent', 'write_agent', 'list_agents'],
  },
  cline: {
    shell: ['execute_command', 'run_commands'],
    read: ['read_file', 'read_files', 'list_files', 'list_code_definition_names'],
    search: ['search_files', 'search_codebase'],
    write: ['write_to_file', 'replace_in_file', 'editor', 'new_rule'],
    patch: ['apply_patch'],
    talk: [
      ...['ask_followup_question', 'ask_question', 'attempt_completion', 'submit_and_exit', 'plan_mode_respond'],
      ...['act_mode_respond', 'focus_chain', 'new_task', 'condense', 'summarize_task', 'spawn_agent'],
    ],
  },
  cursor: {
    shell: ['Shell', 'beforeShellExecution'],
    read: ['Read', 'beforeReadFile'],
    search: ['Grep'],
    write: ['Write'],
    talk: ['Task'],
  },
  windsurf: { shell: ['pre_run_command'], read: ['pre_read_code'], write: ['pre_write_code'] },
};

/** What the tools that are known are given beside paths, commands and patterns of names. */
const FREE = {
  shell: /^(description|title|shellId|mode|requires_approval|task_progress|cwd|working_directory)$/,
  read: /^task_progress$/,
  search: /^(pattern|regex|query|queries|output_mode|type|task_progress)$/,
  write: /^(file_text|old_str|new_str|old_text|new_text|old_string|new_string|contents?|diff|task_progress)$/,
  patch: /./,
  talk: /./,
};
const GLOB = /^(globs?|file_pattern)$/;

const started = Date.now();
const agent = process.argv[2];
const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..'));

function say(answer, code) {
  process.stdout.write(JSON.stringify(answer));
  process.exitCode = code;
}

function refuse(reason) {
  process.stderr.write(`${reason}\n`);
  if (REFUSALS[agent]) REFUSALS[agent](reason);
  else process.exitCode = 2;
}

/** All of stdin, which is read to its end whatever its size, so that nobody is left writing. */
function stdin() {
  const chunk = Buffer.alloc(65_536);
  const kept = [];
  let size = 0;
  for (let length = readSync(0, chunk); length > 0; length = readSync(0, chunk)) {
    size += length;
    if (size <= LIMITS.input) kept.push(Buffer.from(chunk.subarray(0, length)));
  }
  if (size > LIMITS.input) throw new Error(`it is longer than ${LIMITS.input} bytes`);
  return Buffer.concat(kept).toString('utf8');
}

const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value);

/** A text that is a list or an object in JSON, as what it says; anything else as it is. */
function decoded(value) {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** The name of a tool and what it is given, by where each agent documents them. */
const READERS = {
  copilot: input => [input.toolName ?? input.tool_name, input.toolArgs ?? input.tool_input],
  cline: input => [
    input.tool_call?.name ?? input.preToolUse?.toolName,
    input.tool_call?.input ?? input.preToolUse?.parameters,
  ],
  cursor: ({ hook_event_name: event, ...input }) => {
    if (event === 'beforeShellExecution') return [event, { command: input.command }];
    if (event === 'beforeReadFile') return [event, { file_path: input.file_path, attachments: input.attachments ?? [] }];
    if (event === 'preToolUse' || event === 'beforeMCPExecution') return [input.tool_name, input.tool_input];
    return [];
  },
  windsurf: input => [input.agent_action_name, input.tool_info],
};
/** What it must be given at least: without it, what is done is not known. */
const NEEDED = {
  beforeShellExecution: 'command',
  beforeReadFile: 'file_path',
  pre_run_command: 'command_line',
  pre_read_code: 'file_path',
  pre_write_code: 'file_path',
};

function readInput(input) {
  const [tool, all] = (isObject(input) && READERS[agent]?.(input)) || [];
  if (typeof tool !== 'string' || tool === '') throw new Error('it names no tool');
  const value = decoded(all);
  const given = typeof value === 'string' ? { input: value } : value;
  if (given === null || typeof given !== 'object') throw new Error('it does not say what the tool is given');
  if (NEEDED[tool] && typeof given[NEEDED[tool]] !== 'string') throw new Error(`it says no ${NEEDED[tool]}`);
  const kind = Object.entries(TOOLS[agent]).find(([, names]) => names.includes(tool))?.[0];
  const from = typeof input.cwd === 'string' && isAbsolute(input.cwd) ? input.cwd : root;
  return { kind, given, from };
}

/** Every text in what the tool is given, with the name it has there; a list's texts have the name of the list. */
function texts(value) {
  const found = [];
  const left = [['', value]];
  for (const [name, each] of left) {
    const inside = decoded(each);
    if (typeof each === 'string') found.push([name, each]);
    if (Array.isArray(inside)) for (const one of inside) left.push([name, one]);
    else if (isObject(inside)) for (const entry of Object.entries(inside)) left.push(entry);
  }
  return found;
}

/** Names are compared as file systems do that know no case, and one form of each letter. */
const fold = text => text.normalize('NFC');
const flags = process.platform === 'linux' ? '' : 'i';
const compiled = new Map();
const expressionsOf = name => {
  if (!compiled.has(name)) compiled.set(name, RULES[name].map(expression => new RegExp(fold(expression), flags)));
  return compiled.get(name);
};

function finds(name, said) {
  if (said.length > 2 * LIMITS.text) throw new Error('a part of it is too long to be judged');
  return expressionsOf(name).some(expression => {
    if (Date.now() - started > LIMITS.time) throw new Error('it takes too long to be judged');
    return expression.test(said);
  });
}

function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([2-7][0-9a-f])/gi, (_all, code) => String.fromCharCode(Number.parseInt(code, 16)));
  }
}

/** A path as an address may say it, too. */
function plainPaths(text) {
  const all = new Set([text, unescaped(text)]);
  if (/^file:/i.test(text)) {
    const [bare] = text.replace(/^file:(\/\/)?/i, '').split(/[?#]/);
    all.add(unescaped(bare)).add(unescaped(bare.replace(/^[^/]+/, '')));
  }
  return [...all].filter(path => path !== '');
}

const inFull = (path, from) => resolve(from, path.replace(/^~(?=[\\/]|$)/, homedir()));

/** The path from the root, where it lies within: as it is said, and as it is without links. */
function* spellings(path, from) {
  const within = place => {
    const inside = relative(root, place);
    const spelled = inside.startsWith('..') || isAbsolute(inside) ? place : inside;
    return fold(process.platform === 'win32' ? spelled.replaceAll('\\', '/').replace(/[. ]+(?=\/|$)/g, '') : spelled);
  };
  const said = inFull(path, from);
  yield within(said);
  for (let at = said, rest = ''; ; ) {
    try {
      yield within(join(realpathSync(at), rest));
      return;
    } catch {
      if (dirname(at) === at) return;
      rest = join(basename(at), rest);
      at = dirname(at);
    }
  }
}

const asArgument = path => `"path":${JSON.stringify(path)}`;

function judgePath(text, from, writes) {
  for (const path of plainPaths(text))
    for (const spelling of spellings(path, from)) {
      if (finds('hiddenPaths', asArgument(spelling))) return RULES.reasons.hidden;
      if (writes && finds('guardPaths', asArgument(spelling))) return RULES.reasons.guard;
    }
  return undefined;
}

/** The simple commands of a text: it is split at ; & | and line ends that stand in no quotes. */
function pieces(command) {
  const text = command.replace(/\\\r?\n/g, ' ').replace(/&>>?|>[|&]/g, '> ');
  const found = [];
  let start = 0;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '\\' && quote !== "'") at++;
    else if (quote !== '') quote = sign === quote ? '' : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (';&|\n\r'.includes(sign)) {
      found.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...found, text.slice(start)].flatMap(shortened);
}

/** A piece that is too long for an expression: its lines, and the whole without the middle of what is quoted in it. */
function shortened(piece) {
  if (piece.length <= LIMITS.text) return [piece];
  const lines = piece.split(/[\r\n]+/);
  const whole = piece.replace(/"[^"]{200,}"|'[^']{200,}'/g, text => `${text.slice(0, 99)} ${text.slice(-99)}`);
  return lines.length > 1 ? [...lines, whole] : [piece];
}

/**
 * A command of git with its options as the rules spell them: in full, and the switch that passes by hooks apart from those it
 * is written together with. Source: https://git-scm.com/docs/gitcli, https://git-scm.com/docs/git-commit.
 */
function spelledOut(piece) {
  if (!/\bgit\b/.test(piece)) return piece;
  const full = piece
    .replace(/(\s)--no-verif?(?=\s|["']|$)/g, '$1--no-verify')
    .replace(/(\s)--(?:al|mi|mir|mirr|mirro)(?=\s|["']|$)/g, (all, blank) => `${blank}--${all.includes('a') ? 'all' : 'mirror'}`)
    .replace(/core\.hookspath/gi, 'core.hooksPath');
  return /\bcommit\b/.test(full) ? full.replace(/(\s)-([aeiopqsvz]*)n(?=[A-Za-z])|(\s)-([aeiopqsvz]+)n(?![\w-])/g, '$1$3-n -$2$4') : full;
}

/** A piece as it stands, and as a shell takes it, which leaves quotes and backslashes out of a word. */
const readings = piece => [piece, piece.replace(/["'\\]/g, '')].map(spelledOut);

function judgeCommand(text) {
  const all = [...pieces(text), ...(/%[0-9a-f]{2}/i.test(text) ? pieces(unescaped(text)) : [])];
  if (all.some(piece => piece.length > LIMITS.text)) throw new Error('a command in it is too long to be judged');
  for (const piece of new Set(all.flatMap(readings))) {
    if (piece.trim() === '') continue;
    const said = JSON.stringify(fold(piece));
    if (finds('hiddenCommands', said)) return RULES.reasons.hidden;
    if (finds('guardCommands', said)) return RULES.reasons.guard;
    if (finds('pushes', said)) return RULES.reasons.push;
  }
  return undefined;
}

/** The files that a patch changes, by its own format and by that of diff. */
function patched(text) {
  return [...text.matchAll(/^(?:\*\*\* (?:(?:Add|Update|Delete) File|Move to): |(?:\+\+\+|---) (?:[ab]\/)?)(.+)$/gm)].map(
    ([, path]) => path.trim(),
  );
}

/** git, from a folder of PATH that is not the repository's. */
function findGit() {
  const name = process.platform === 'win32' ? 'git.exe' : 'git';
  const folders = (process.env.PATH ?? '').split(delimiter).filter(folder => isAbsolute(folder));
  return folders.map(folder => join(folder, name)).find(place => relative(root, place).startsWith('..') && existsSync(place));
}

/** What git answers of the working tree in this folder, as a list; undefined where it cannot be asked. None of its programs run. */
function askGit(folder, words, input = '') {
  const git = findGit();
  if (git === undefined) return undefined;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^GIT_/i.test(name)));
  const { status, stdout } = spawnSync(git, ['-c', 'core.fsmonitor=false', '-c', 'core.excludesFile=', ...words], {
    ...{ cwd: folder, env, input, encoding: 'utf8', maxBuffer: 64_000_000, timeout: LIMITS.time },
  });
  // check-ignore ends with 1 where nothing is ignored.
  return status === 0 || (status === 1 && stdout === '') ? stdout.split('\0').filter(path => path !== '') : undefined;
}

/** Every file below a folder, git's own aside. */
function walk(folder) {
  const found = [];
  const left = [''];
  while (left.length > 0) {
    const at = left.pop();
    for (const entry of readdirSync(join(folder, at), { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (!entry.isDirectory()) found.push(path);
      else if (entry.name !== '.git') left.push(path);
    }
    if (found.length > LIMITS.files) throw new Error('a folder in it has too many files to be judged');
  }
  return found;
}

const isHidden = (folder, path) => [...spellings(path, folder)].some(spelling => finds('hiddenPaths', asArgument(spelling)));

/** Whether a search through the folder that passes over what git ignores comes to a hidden file. */
function comesToHidden(folder) {
  const outside = relative(root, folder).startsWith('..') || isAbsolute(relative(root, folder));
  if (outside) {
    const above = [root, ...RULES.hiddenInHome.map(path => inFull(path, root))];
    return above.some(place => !relative(folder, place).startsWith('..'));
  }
  const all = askGit(folder, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  if (all === undefined) return walk(folder).some(path => isHidden(folder, path));
  if (all.some(path => path.endsWith('/') && comesToHidden(join(folder, path)))) return true;
  const hidden = all.filter(path => finds('hiddenPaths', asArgument(fold(relative(root, join(folder, path))))));
  if (hidden.length === 0) return false;
  return askGit(folder, ['check-ignore', '--no-index', '-z', '--stdin'], hidden.join('\0'))?.length !== hidden.length;
}

/** A pattern of names without alternatives in braces: one for each. Any folders may be none. */
function alternatives(glob) {
  const done = [];
  const left = [glob.replace(/\*\*+\//g, '{,**/}')];
  while (left.length > 0) {
    const each = left.pop();
    const braces = /\{([^{}]*)\}/.exec(each);
    if (!braces) done.push(each);
    else
      for (const one of braces[1].split(','))
        left.push(each.slice(0, braces.index) + one + each.slice(braces.index + braces[0].length));
    if (left.length + done.length > LIMITS.globs) throw new Error('a pattern in it is too long to be judged');
  }
  return done;
}

const WILD = /\*+|\?|\\.|\[[!^]?\]?[^\]]*\]|[^]/gu;

/** Whether a pattern of names matches a path, or a folder that it lies in. No expression: a pattern of stars takes no longer. */
function matches(pattern, path) {
  const parts = fold(pattern.replace(/^\/+/, '')).match(WILD) ?? [];
  const take = (part, sign) => {
    if (part === '?') return sign !== '/';
    if (!part.startsWith('[')) return part.replace(/^\\(?=.)/u, '') === sign;
    try {
      return new RegExp(`^${part.replace(/^\[!/, '[^')}$`, flags).test(sign);
    } catch {
      return true;
    }
  };
  const skip = states => {
    for (const state of states) if (parts[state]?.startsWith('*')) states.add(state + 1);
    return states;
  };
  let states = skip(new Set([0]));
  for (const sign of fold(path)) {
    if (sign === '/' && states.has(parts.length)) return true;
    const next = new Set(sign === '/' && !pattern.includes('/') ? [0] : []);
    for (const state of states) {
      const part = parts[state];
      if (part === undefined) continue;
      if (part.startsWith('*')) {
        if (sign !== '/' || part.length > 1) next.add(state);
      } else if (take(part, sign)) next.add(state + 1);
    }
    states = skip(next);
  }
  return states.has(parts.length);
}

/** Whether a pattern of names, which takes in what git ignores as well, can come to a hidden file. */
function globsHidden(glob, folder) {
  if (glob.length > LIMITS.text) throw new Error('a pattern in it is too long to be judged');
  return alternatives(glob).some(
    each =>
      isHidden(folder, each.replace(WILD, part => (/^[*?]/.test(part) ? 'x' : part))) ||
      RULES.hiddenNames.some(name => matches(each, name) || matches(each, basename(name))),
  );
}

function judgeSearch(given, from) {
  const left = texts(given).filter(([name]) => !FREE.search.test(name));
  const folders = left.filter(([name]) => !GLOB.test(name)).map(([, text]) => text);
  for (const text of folders) {
    const reason = judgePath(text, from, false);
    if (reason !== undefined) return reason;
  }
  if (RULES.hiddenPaths.length === 0) return undefined;
  const globs = left.filter(([name, text]) => GLOB.test(name) && !text.startsWith('!')).map(([, text]) => text);
  const places = folders.length === 0 ? [from] : folders.flatMap(plainPaths).map(path => inFull(path, from));
  const reads =
    globs.length > 0
      ? globs.some(glob => places.some(place => globsHidden(glob, place)))
      : places.some(place => existsSync(place) && comesToHidden(realpathSync(place)));
  return reads ? RULES.reasons.search : undefined;
}

/** What is run: each text, or the words of each command that is given as a list of them. */
function commandsOf(given) {
  const commands = Object.entries(given)
    .filter(([name]) => !FREE.shell.test(name))
    .map(([, value]) => decoded(value))
    .flatMap(value => (Array.isArray(value) ? value : [value]))
    .map(value => texts(value).map(([, text]) => text).join(' '));
  if (commands.every(command => command === '')) throw new Error('it names no command');
  return commands;
}

function firstReason(list, judgeOne) {
  for (const each of list) {
    const reason = judgeOne(each);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function judge(input) {
  const { kind, given, from } = readInput(input);
  const known = texts(given).filter(([name]) => !FREE[kind]?.test(name));
  if (kind === 'shell') return firstReason(commandsOf(given), judgeCommand);
  if (kind === 'search') return judgeSearch(given, from);
  if (kind === 'read' || kind === 'write')
    return firstReason(known, ([, text]) => judgePath(text, from, kind === 'write'));
  if (kind === 'patch')
    return firstReason(texts(given), ([, text]) => firstReason(patched(text), path => judgePath(path, from, true)));
  return firstReason(
    known,
    ([, text]) =>
      firstReason([...new Set([...text.split(/[\r\n]+/), ...patched(text)])], line => judgePath(line, from, true)) ??
      judgeCommand(text),
  );
}

try {
  const reason = judge(JSON.parse(stdin()));
  if (reason !== undefined) refuse(reason);
  else if (CONSENTS[agent]) say(CONSENTS[agent], 0);
} catch (error) {
  refuse(`the hook of agent-posture could not judge this: ${error instanceof Error ? error.message : error}`);
}
