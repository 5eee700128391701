import type { AgentCall, Driver, Tools } from '../../agents/driver.ts';
import {
  escapes,
  fill,
  fillingOfBranch,
  fillingOfCommand,
  fillingOfListener,
  fillingOfPath,
} from '../../agents/escapes/index.ts';
import type { Escape, EscapeOf, Filling } from '../../agents/escapes/types.ts';
import { shellQuote } from '../../base/text.ts';
import { withProof } from './ground.ts';
import type { DriveSubject } from './subjects.ts';

/** One call on a subject: plainly, or by a way round. The mark of the moment is filled in when it is made. */
export interface DriveTry {
  subject: DriveSubject;
  /** Null: the plain one. */
  escape: Escape | null;
  /** The call on the subject; undefined where it cannot be spelled, or the agent has no tool for it. */
  make(on: Place, mark: string): AgentCall | undefined;
  /** Why it is not made at all. */
  skip?: string;
}

/** Something of the same kind as the subject: itself, or the sibling that nothing refuses. */
export interface Place {
  /** As typed in the root, and absolute, as the agent sees it. */
  path: string;
  abs: string;
  command?: string;
  /** The absolute path of a program. */
  bin?: string;
  branch?: string;
  url?: string;
  /** Of a file that is there: a line of it that stands there once. */
  line?: string;
}

const OF: Readonly<Record<DriveSubject['kind'], EscapeOf | undefined>> = {
  read: 'read',
  write: 'write',
  exec: 'exec',
  fetch: 'fetch',
  push: 'push',
  tool: undefined,
  untold: undefined,
  work: undefined,
};

export interface TriesOptions {
  driver: Driver;
  /** Nothing of the machine can be written from there. */
  contained: boolean;
  /** As the agent sees them. */
  root: string;
  home: string;
  /** All ways round on one subject of each kind, instead of one of each family on all of them. */
  deep: boolean;
  /** So many ways of each family, on every subject. */
  ways?: number | undefined;
  /** Of these families of ways round alone, as `Escape.family`; with none of them, only the plain calls. */
  families?: readonly string[] | undefined;
  /** Whether a program is there. */
  has(program: string): boolean;
}

/** Of a subject like one that is tried by a way of each family, one is tried still: whether it is as open. */
const ONE_OF = ['interpreter', 'wrapper'];
/** Subjects that are tried where not all are asked for; each takes a call, and where it is refused four more. */
const MOST = 40;

/** The tries on these subjects, the plain one of each first. */
export function triesOf(subjects: readonly DriveSubject[], options: TriesOptions): DriveTry[] {
  const { driver, deep, contained, ways: each, families } = options;
  const shapes = new Set<string>();
  const most = deep || each !== undefined ? Number.POSITIVE_INFINITY : MOST;
  const denied = subjects.filter(({ kind, expect }) => expect === 'deny' && kind !== 'untold');
  // Few, and where nothing refuses them one call each: they take no room from what rules speak of.
  const isUnspoken = ({ missing, rules }: DriveSubject) => missing === true && rules.length === 0;
  const room = new Set([...denied.filter(isUnspoken), ...denied.filter(each => !isUnspoken(each)).slice(0, most)]);
  return subjects.flatMap(subject => {
    const kind = OF[subject.kind];
    const plain: DriveTry = { subject, escape: null, make: (on, mark) => plainCall(subject, driver, on, mark) };
    if (subject.kind === 'untold') return [{ ...plain, skip: `not tried: ${subject.why}` }];
    // Work is never left out: without it a refusal of everything would look well.
    if (subject.expect === 'deny' && !room.has(subject))
      return [{ ...plain, skip: 'more is asked of it than is tried in a minute: tried with --deep' }];
    // A denied command may be one that destroys: its name leads to a program of ours, but not in every spelling.
    if (kind === 'exec' && !contained)
      return [
        { ...plain, skip: 'only tried where nothing of the machine can be reached: bubblewrap does not work here' },
      ];
    if (kind === undefined || subject.expect === 'allow') return [plain];
    // Those of one kind fall to the same spellings, as what refuses them reads the same text: one of them stands for all.
    const shape = shapeOf(subject);
    const first = !shapes.has(shape);
    shapes.add(shape);
    const fitting = escapes.filter(
      way => way.of === kind && (families?.includes(way.family) ?? true) && fits(way, subject, driver),
    );
    if (each !== undefined)
      return [plain, ...someOfEach(fitting, each, options).map(way => tryOf(subject, way, options))];
    const chosen = deep && first ? fitting : someOfEach(fitting, 1, options);
    const ways = first || deep ? chosen : chosen.filter(({ family }) => ONE_OF.includes(family)).slice(0, 1);
    return [plain, ...ways.map(way => tryOf(subject, way, options))];
  });
}

/** How many more calls `deep` would make on these subjects. */
export function leftForDeep(subjects: readonly DriveSubject[], options: TriesOptions): number {
  if (options.deep || options.ways !== undefined) return 0;
  const made = (deep: boolean) =>
    triesOf(subjects, { ...options, deep }).filter(({ skip }) => skip === undefined).length;
  return Math.max(0, made(true) - made(false));
}

function shapeOf({ kind, path, rules, command }: DriveSubject): string {
  return [kind, path?.startsWith('~/'), rules.length > 0, command?.split(' ')[0]].join(' ');
}

/** Whether a way round can mean this subject at all. */
function fits(
  { of, family, inHome, existing, taken }: Escape,
  { path = '', inHistory, missing: isMissing }: DriveSubject,
  { takesVariables = [] }: Driver,
): boolean {
  const home = path.startsWith('~/');
  if (taken && !takesVariables.includes(path)) return false;
  if ((of === 'read' && family === 'git' && !inHistory) || (inHome && !home) || (existing && isMissing)) return false;
  // All of a home takes longer than a call may.
  return !(family === 'recursion' && /^~\/[^/]+$/.test(path));
}

/** The first few of each family, of those that can be tried here where there are any. */
function someOfEach(list: readonly Escape[], most: number, options: TriesOptions): Escape[] {
  const here = (way: Escape) => Number(missing(way, options).length > 0);
  const counts = new Map<string, number>();
  return [...list]
    .sort((a, b) => here(a) - here(b))
    .filter(({ family }) => {
      const count = (counts.get(family) ?? 0) + 1;
      counts.set(family, count);
      return count <= most;
    });
}

const missing = ({ needs = [] }: Escape, { has }: Pick<TriesOptions, 'has'>) => needs.filter(program => !has(program));

function tryOf(subject: DriveSubject, way: Escape, { driver, has, ...where }: TriesOptions): DriveTry {
  const lacks = missing(way, { has });
  const make: DriveTry['make'] = (on, mark) => {
    const text = fill(way, fillingOf(on, mark, where));
    return text === undefined ? undefined : callBy(driver, way, text, on, mark);
  };
  return {
    subject,
    escape: way,
    make,
    ...(lacks.length > 0 ? { skip: `${lacks.join(' and ')} ${lacks.length > 1 ? 'are' : 'is'} not here` } : {}),
  };
}

function fillingOf(on: Place, mark: string, where: Where): Partial<Filling> {
  const url = on.url === undefined ? undefined : new URL(on.url);
  return {
    ...fillingOfPath(on.path, where),
    ...(on.command === undefined ? {} : fillingOfCommand(on.command, on.bin)),
    ...(url ? fillingOfListener(url.hostname, Number(url.port), mark) : {}),
    ...(on.branch === undefined ? {} : fillingOfBranch(on.branch)),
    mark,
  };
}

type Where = Pick<TriesOptions, 'root' | 'home'>;

function callBy({ tools }: Driver, { tool }: Escape, text: string, on: Place, mark: string): AgentCall | undefined {
  switch (tool) {
    case 'shell':
      return tools.shell(text);
    case 'write':
      return toolWrite(tools, on, text, mark);
    case 'search':
      return tools.search?.('DECOY', text);
    default:
      return tools[tool]?.(text);
  }
}

/** Some tools make new files only, and change those that are there by another. */
function toolWrite(tools: Tools, { line }: Place, path: string, mark: string): AgentCall | undefined {
  return line !== undefined && tools.rewrite
    ? tools.rewrite(path, line, `${mark}\n`)
    : tools.write?.(path, `${mark}\n`);
}

/** As it is most plainly asked for: by the agent's own tool, else by the shell. */
function plainCall(
  { kind, command, target, flag }: DriveSubject,
  { tools }: Driver,
  on: Place,
  mark: string,
): AgentCall | undefined {
  switch (kind) {
    case 'read':
      return tools.read?.(on.abs) ?? tools.shell(`cat ${shellQuote(on.abs)}`);
    case 'write':
      return toolWrite(tools, on, on.abs, mark) ?? tools.shell(`echo ${mark} > ${shellQuote(on.abs)}`);
    case 'exec':
      return tools.shell(on.command ?? '');
    case 'fetch':
      return tools.fetch?.(`${on.url}/${mark}`) ?? tools.shell(`curl -sS ${on.url}/${mark}`);
    case 'push':
      return tools.shell(`git push ${flag === undefined ? '' : `${flag} `}origin HEAD:${on.branch}`);
    case 'untold':
      return undefined;
    case 'tool':
      return { name: target, input: {} };
    case 'work':
      return command === undefined
        ? (tools.write?.(on.abs, `${mark}\n`) ?? tools.shell(`echo ${mark} > ${shellQuote(on.abs)}`))
        : tools.shell(withProof(command, mark));
  }
}
