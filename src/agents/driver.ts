import type { AgentDefinition, SettingsFile } from './types.ts';
import type { Json, Turn, Wire } from './wire/types.ts';

/** A call of one of the agent's tools. */
export interface AgentCall {
  name: string;
  input: Json;
}

/** As the user has set the agent up, every question answered with yes; or as with its flag that lets everything through. */
export type Mode = 'configured' | 'bypass';

export interface DriveContext {
  /** As the agent sees them. */
  home: string;
  root: string;
  /** Absolute path of the agent's program. */
  program: string;
  /** Where its model answers, `http://127.0.0.1:PORT`. */
  model: string;
  mode: Mode;
  /** A file of the scratch home (`~/…`) or of the copy as it was laid; undefined where there is none. */
  read(path: string): string | undefined;
}

/** How the agent is started headless. */
export interface DriveStart {
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  /** What is laid in the scratch home before, by `~/…`: so that it takes the folder for trusted, and asks nobody to log in. */
  files: readonly { path: string; text: string }[];
}

/** What the agent said instead of doing it. */
export type Refusal =
  /** A rule or a hook of its own. */
  | 'rule'
  | 'hook'
  /** A question that nobody could answer. */
  | 'ask'
  /** The tool is there and does not do it for a reason that has nothing to do with permission, or refuses the call's form. */
  | 'unable';

/** A rule of the agent's settings by which it is to refuse something. */
export interface AgentRule {
  /** As it stands there. */
  text: string;
  /** The file, as `SettingsFile.path`. */
  path: string;
  what: /** A gitignore pattern of the repository, or `~/…`, or an absolute path from the file system's root `//…`. */
    | { kind: 'read' | 'write'; pattern: string }
    /** A command that it means, as somebody would type it. */
    | { kind: 'exec'; command: string }
    /** Pushes, or what passes by the hooks that would refuse them; `flag`: only those with it. */
    | { kind: 'push'; flag?: string }
    /** A host that is not to be fetched; undefined: any. */
    | { kind: 'fetch'; host: string | undefined }
    /** A tool as a whole. */
    | { kind: 'tool'; name: string }
    /** It is not known what would show whether it holds, and why. */
    | { kind: 'untold'; why: string };
}

/** A hook that the agent's settings name. */
export interface AgentHook {
  path: string;
  /** The event and the tools for which it is asked, as the settings say. */
  event: string;
  matcher: string;
  /** The command, run by a shell in the root. */
  command: string;
  /** Seconds for which it is waited; absent: not known, or too long for anybody. */
  timeout?: number;
  /** Where the command stands in its file, by keys of JSON; absent: it cannot be another, or would not be run. */
  at?: readonly (string | number)[];
  /** Its agent goes on where it fails, whatever it is: nothing in it or in the settings can change that. */
  goesOn?: true;
  /** The key beside the command that says how long it is waited for, and how many of its units are a second. */
  waits?: { key: string; perSecond: number };
}

/** How an agent calls what it has for a purpose; absent: it has nothing for it. Paths are absolute. */
export interface Tools {
  shell(command: string): AgentCall;
  read?(path: string): AgentCall;
  /** A new file, or another content for one. */
  write?(path: string, content: string): AgentCall;
  /** Where `write` makes new files only: another content for one that is there, of which `before` is a part that stands once. */
  rewrite?(path: string, before: string, content: string): AgentCall;
  /** Looks for a text in the files below a folder or in a file, and shows the lines. */
  search?(text: string, path: string): AgentCall;
  list?(path: string): AgentCall;
  fetch?(url: string): AgentCall;
}

/** What it takes to start it, and what it is like from then on. */
interface Starting {
  /** What its modes are called in a report. */
  modes: Readonly<Record<Mode, string>>;
  /** Its flag that lets everything through turns its sandbox off as well. */
  bypassesSandbox?: true;
  /**
   * What of the user's own is copied into the scratch home: settings, rules, hooks, plugins; files, and folders with a trailing
   * `/`. Never a login; `keep` takes what is one out of a file that holds both, of one of the repository too.
   */
  copies: readonly { path: string; keep?(text: string): string | undefined }[];
  /**
   * What its program, or a plugin of its, needs of the home beside: a folder, or the folders so many levels below it; let in as they
   * lie there, and not to be written.
   */
  letsIn?: { folder: string; below: number };
  start(context: DriveContext): DriveStart;
  /** What it says when it was not started for a reason that a second start may not meet. */
  startAgain?: RegExp;
  /** Files, by their paths in the repository, whose variables it takes over as it starts, and hands to whatever it runs. */
  takesVariables?: readonly string[];
  /**
   * It is prompted over its standard streams, by the Agent Client Protocol, and again where a turn has ended: for one whose turn ends
   * with a refusal. `model`: what it is told to ask.
   */
  prompted?: { model: string } | undefined;
}

/** How its model talks to it: the wire, and the calls that it knows. */
interface Talking {
  wire: Wire;
  tools: Tools;
  /** It writes over a file that is there only after it has read it. */
  readsFirst?: true;
  /** What a request aside is to be told, by its words: the worst case, `allow`. Undefined: it is not known. */
  aside?(turn: Turn): string | undefined;
}

/** What its words mean. */
interface Answering {
  /**
   * Whether a result says that the agent did not do it, and why. Undefined: it did, whatever came of it. `call`, where it is
   * known: some give a hook's own words as they are, which only the form of the tool's results tells from one.
   */
  refused(result: string, call?: AgentCall): Refusal | undefined;
  /**
   * The calls, by their ids, that it says as it ends were denied to it, from its output: where a result alone does not tell, what a
   * rule did not refuse a hook did.
   */
  denied?(output: string): readonly string[];
  /** What it says of settings that it does not take, from its output. */
  complaint(output: string): string | undefined;
  /** A complaint like this is about parts of a file: the rest of it is in force. */
  inPart?: RegExp;
}

/** What its settings hold: what it is to refuse, and what it runs. */
interface Ruled {
  /** Files, and folders with a trailing `/`, that hold rules or hooks as well: what `rules` and `hooks` are given beside the settings. */
  ruleFiles?: readonly string[];
  rules?(settings: readonly SettingsFile[]): AgentRule[];
  hooks?(settings: readonly SettingsFile[]): AgentHook[];
  /**
   * What else it runs by itself, before anybody asked for it (servers, plugins, helpers): what its settings say under any key but
   * those of `harmless` (paths of keys, with what lies below them; a key that comes with a new version is none of them), and
   * `files`, folders with a trailing `/`, which may hold hooks too.
   */
  runs?: { harmless: readonly string[]; files: readonly string[] };
}

/** How a real agent is driven by a scripted model, in the registry of drivers (src/agents/drivers.ts). */
export interface Driver extends Starting, Talking, Answering, Ruled {
  agent: AgentDefinition;
}
