/** A flag: its value's placeholder, or none for a switch. One name means the same in every command. */
interface Flag {
  /** Placeholder of the value, as in `--root DIR`. Absent: a switch. */
  value?: string;
  /** A switch that may carry a value after `=`: `--trust` or `--trust=HASH`. */
  optionalValue?: string;
  multiple?: boolean;
  choices?: readonly string[];
  short?: string;
}

/** What `--format` takes; those after json only where a report is printed. */
export const FORMATS = ['text', 'json', 'markdown', 'sarif', 'junit', 'html'] as const;
export type Format = (typeof FORMATS)[number];

const FLAGS = {
  yes: {},
  keep: {},
  answers: { value: 'FILE' },
  answer: { value: 'STEP=VALUE', multiple: true },
  quick: {},
  'dry-run': {},
  'no-test': {},
  check: {},
  diff: {},
  restore: {},
  only: { value: 'OUTPUT', multiple: true },
  vantage: { value: 'ID', multiple: true },
  agent: { value: 'ID', multiple: true },
  via: { value: "'CMD'", multiple: true },
  'control-via': { value: "'CMD'" },
  safeguard: { value: 'ID', multiple: true },
  deep: {},
  strict: {},
  'fail-on': { value: 'any|new', choices: ['any', 'new'] },
  baseline: { value: 'FILE' },
  'save-baseline': {},
  share: {},
  root: { value: 'DIR' },
  json: {},
  format: { value: 'F', choices: FORMATS },
  output: { value: 'FILE', short: 'o' },
  trust: { optionalValue: 'HASH' },
  'no-color': {},
  quiet: { short: 'q' },
  verbose: {},
  help: { short: 'h' },
  version: { short: 'V' },
} as const satisfies Record<string, Flag>;

export type FlagName = keyof typeof FLAGS;

/** The table with the shape every flag may have, for code that goes over all of them. */
export const flagTable: Readonly<Record<string, Flag>> = FLAGS;

export interface CommandSpec {
  name: string;
  /** One line, as in the list of commands. */
  summary: string;
  /** What stands between the name and the flags. */
  usage?: string;
  /** A paragraph or two under the usage. */
  about?: string;
  /** How many words may follow. `rest`: from the first one on, everything belongs to a command that is started. */
  words?: { least: number; most: number; rest?: boolean };
  /** Its own flags, each with one line. */
  flags: Partial<Record<FlagName, string>>;
  /** The formats that it takes beside text and json. */
  reports?: readonly Exclude<Format, 'text' | 'json'>[];
  /** It deals with signals itself: `run` hands them on to what it started. */
  ownSignals?: boolean;
  examples: readonly (readonly [command: string, says: string])[];
}

/** Flags that every command takes. */
export const GLOBAL_FLAGS: Partial<Record<FlagName, string>> = {
  root: 'the repository (default: the one around this folder)',
  json: 'one JSON object on stdout, nothing else there',
  format: 'text or json; reports also markdown, sarif, junit, html',
  output: 'write the result to FILE, whole or not at all',
  trust: 'approve, for this run, what the posture asks to run; with HASH, only exactly that',
  'no-color': 'no colours (as does NO_COLOR)',
  quiet: 'no progress, only the result',
  verbose: 'everything: each try with its id and reason',
  help: 'help, for each command too',
  version: 'the version',
};

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'a few questions, then a posture and the files that enforce it',
    usage: '[--yes | --answers FILE]',
    about:
      'Tries, read-only, what an agent would reach now; asks; shows the plan; applies it; tries again. Nothing is ' +
      'written before the plan was accepted, and `agent-posture undo` takes all of it back.',
    flags: {
      yes: 'take every default, saying each, and apply',
      answers: 'take the answers from a YAML file',
      answer: 'one answer, by the id of its step; goes over --answers and defaults',
      quick: 'only the questions of the quick path; off a terminal, only their defaults',
      'dry-run': 'print the plan with its diff, change nothing',
      'no-test': 'no try before and after',
    },
    examples: [
      ['agent-posture init', 'the wizard'],
      ['agent-posture init --yes --dry-run', 'what the defaults would write'],
      ['agent-posture init --answers answers.yaml', 'the same in fifty repositories'],
    ],
  },
  {
    name: 'generate',
    summary: 'write the files that the posture asks for, keeping your edits',
    usage: '[--check | --diff | --dry-run | --restore]',
    about:
      'Exit code: 0 done; 1 files and posture differ (--check), or a guard of ours was loosened by hand and stays so; ' +
      '4 an edit of yours is in the way: yours stays, and ours lies beside it.',
    flags: {
      check: 'write nothing; exit 1 when files and posture differ (for CI)',
      diff: 'write nothing; print the differences',
      'dry-run': 'write nothing; print the plan',
      restore: 'put back guards that were removed or loosened by hand',
      only: 'only this output, or those of this agent; an unknown name lists all',
    },
    examples: [
      ['agent-posture generate', 'after editing agent-posture.yaml'],
      ['agent-posture generate --check', 'in CI'],
    ],
  },
  {
    name: 'test',
    summary: 'try what an agent could reach: reached, held or not proven',
    about:
      'Works without a posture too: then it judges what is found on this machine, and keeps nothing.\n' +
      'It opens what an agent could open, and lays decoys and guard files for a moment; all of it goes again.\n' +
      'Exit code: 0 nothing reached or too tight, 1 something was, 3 something asked for could not be tried.',
    flags: {
      vantage: 'only try from here: host, sandbox, via:1 for the first --via',
      agent: 'start this agent for real, offline, as a model that has turned; or all of them',
      via: 'also try from inside this wrapper command (`sh -s` is appended)',
      'control-via': 'how the same is tried where it must work, for a remote --via',
      safeguard: 'only tries of this safeguard',
      deep: 'also tries that look like malware, are slow, or that no box can refuse',
      strict: 'exit 3 when anything at all is not proven',
      'fail-on': 'exit 1 for anything reached, or only for what is new (all, where nothing was kept)',
      baseline: 'compare with this file instead of the last run kept here',
      'save-baseline': 'keep this run as what later ones are compared with',
      share: 'hosts, names and paths masked; as markdown where no other format is asked for',
    },
    reports: ['markdown', 'sarif', 'junit', 'html'],
    examples: [
      ['agent-posture test', ''],
      ['agent-posture test --agent claude-code', 'do its rules, hooks and sandbox hold?'],
      ["agent-posture test --via 'docker exec -i app'", 'from inside a container'],
      ['agent-posture test --json --fail-on new', 'every night in CI'],
      ['agent-posture test --format sarif -o posture.sarif', 'for a code scanning page'],
    ],
  },
  {
    name: 'reach',
    summary: 'what each agent lets through: as installed, and with what we generate',
    about:
      'Drives the installed agents with a scripted model, each in a repository that is made for it and without your ' +
      'settings: as installed, with our rules, with its own sandbox, and in a box. One table: agent, version, family of ' +
      'ways round, how many were held. It takes minutes.',
    flags: {
      agent: 'only this agent',
      deep: 'every spelling that is known, instead of one of each family; this takes long',
    },
    reports: ['markdown'],
    examples: [
      ['agent-posture reach --agent claude-code', ''],
      ['agent-posture reach --format markdown -o reach.md', 'as docs/reach.md was made'],
    ],
  },
  {
    name: 'fix',
    summary: 'close what was reached: show, apply, try those rows again',
    usage: '[N | ID]',
    about: 'N and ID are those of the last report. Without one, the fixes are listed.',
    words: { least: 0, most: 1 },
    flags: { yes: 'do not ask', 'dry-run': 'only show the change' },
    examples: [
      ['agent-posture fix', 'what can be closed'],
      ['agent-posture fix 1', 'the first of them'],
    ],
  },
  {
    name: 'run',
    summary: 'start a program in the declared box',
    usage: '[--] CMD…',
    words: { least: 0, most: Number.POSITIVE_INFINITY, rest: true },
    flags: { agent: 'start this agent; CMD is then what follows its name' },
    ownSignals: true,
    examples: [
      ['agent-posture run -- claude', ''],
      ['agent-posture run -- npm test', ''],
    ],
  },
  {
    name: 'undo',
    summary: 'take back the last command, init too; your edits since stay',
    flags: { yes: 'do not ask (needed off a terminal)', keep: 'what you edited since stays as it is, for good' },
    examples: [
      ['agent-posture undo', ''],
      ['agent-posture undo --keep', 'go on where your edits were in the way'],
    ],
  },
  {
    name: 'status',
    summary: 'the posture, drift, the age of the last proof, what you approved',
    flags: {},
    examples: [['agent-posture status', '']],
  },
  {
    name: 'explain',
    summary: 'why a safeguard or a row matters, and how to close it',
    usage: 'ID',
    words: { least: 1, most: 1 },
    flags: {},
    examples: [
      ['agent-posture explain SEC-1', ''],
      ['agent-posture explain host:read:~/.aws/credentials', ''],
    ],
  },
  {
    name: 'doctor',
    summary: 'what is there to work with, what is missing, what to do',
    flags: {},
    examples: [['agent-posture doctor', '']],
  },
  {
    name: 'completion',
    summary: 'a completion script for bash, zsh or fish',
    usage: 'bash|zsh|fish',
    words: { least: 1, most: 1 },
    flags: {},
    examples: [['source <(agent-posture completion bash)', '']],
  },
];

/** What runs without a command: the wizard or the status on a terminal, elsewhere what could be reached from here. */
export const DEFAULT_COMMAND: CommandSpec = {
  name: '',
  summary: 'the wizard, the status, or what could be reached from here',
  flags: { yes: 'never ask' },
  examples: [],
};

/** Commands of the contract that later versions bring. */
export const LATER_COMMANDS = ['credentials', 'protect', 'scan', 'audit', 'watch'] as const;
