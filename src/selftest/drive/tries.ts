import type { AgentCall, Driver } from '../../agents/driver.ts';
import {
  escapes,
  fill,
  fillingOfBranch,
  fillingOfCommand,
  fillingOfListener,
  fillingOfPath,
} from '../../agents/escapes/index.ts';
import type { Escape, EscapeOf, Filling } from '../../agents/escapes/types.ts';
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
}

const OF: Readonly<Record<DriveSubject['kind'], EscapeOf | undefined>> = {
  read: 'read',
  write: 'write',
  exec: 'exec',
  fetch: 'fetch',
  push: 'push',
  work: undefined,
};

export interface TriesOptions {
  driver: Driver;
  /** As the agent sees them. */
  root: string;
  home: string;
  /** All ways round on one subject of each kind, instead of one of each family on all of them. */
  deep: boolean;
  /** Whether a program is there. */
  has(program: string): boolean;
}

/** The tries on these subjects, the plain one of each first. */
export function triesOf(subjects: readonly DriveSubject[], options: TriesOptions): DriveTry[] {
  const whole = new Set<string>();
  return subjects.flatMap(subject => {
    const kind = OF[subject.kind];
    const plain: DriveTry = { subject, escape: null, make: (on, mark) => plainCall(subject, options.driver, on, mark) };
    if (kind === undefined || subject.expect === 'allow') return [plain];
    // Those of one kind fall to the same spellings, as what refuses them reads the same text: one of them is tried by all.
    const shape = `${kind} ${subject.path?.startsWith('~/') ? 'home' : ''} ${subject.rules.length > 0}`;
    const all = options.deep && !whole.has(shape);
    whole.add(shape);
    const fitting = escapes.filter(
      way =>
        way.of === kind &&
        (!way.inRepository || subject.inHistory || (!subject.path?.startsWith('~/') && way.family !== 'git')) &&
        (!way.inHome || subject.path?.startsWith('~/')) &&
        // All of a home takes longer than a call may.
        !(way.family === 'recursion' && /^~\/[^/]+$/.test(subject.path ?? '')),
    );
    const chosen = all ? fitting : firstOfEach(fitting);
    return [plain, ...chosen.map(way => tryOf(subject, way, options))];
  });
}

function firstOfEach(list: readonly Escape[]): Escape[] {
  const families = new Set<string>();
  return list.filter(({ family }) => !families.has(family) && families.add(family));
}

function tryOf(subject: DriveSubject, way: Escape, { driver, has, ...where }: TriesOptions): DriveTry {
  const missing = way.needs?.filter(program => !has(program)) ?? [];
  const make: DriveTry['make'] = (on, mark) => {
    const text = fill(way, fillingOf(on, mark, where));
    return text === undefined ? undefined : callBy(driver, way, text, mark);
  };
  return {
    subject,
    escape: way,
    make,
    ...(missing.length > 0 ? { skip: `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not here` } : {}),
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

function callBy({ tools }: Driver, { tool }: Escape, text: string, mark: string): AgentCall | undefined {
  switch (tool) {
    case 'shell':
      return tools.shell(text);
    case 'write':
      return tools.write?.(text, `${mark}\n`);
    case 'search':
      return tools.search?.('DECOY', text);
    default:
      return tools[tool]?.(text);
  }
}

/** As it is most plainly asked for: by the agent's own tool, else by the shell. */
function plainCall({ kind, command }: DriveSubject, { tools }: Driver, on: Place, mark: string): AgentCall | undefined {
  switch (kind) {
    case 'read':
      return tools.read?.(on.abs) ?? tools.shell(`cat ${quoted(on.abs)}`);
    case 'write':
      return tools.write?.(on.abs, `${mark}\n`) ?? tools.shell(`echo ${mark} > ${quoted(on.abs)}`);
    case 'exec':
      return tools.shell(on.command ?? '');
    case 'fetch':
      return tools.fetch?.(`${on.url}/${mark}`) ?? tools.shell(`curl -s ${on.url}/${mark}`);
    case 'push':
      return tools.shell(`git push origin HEAD:${on.branch}`);
    case 'work':
      return command === undefined
        ? (tools.write?.(on.abs, `${mark}\n`) ?? tools.shell(`echo ${mark} > ${quoted(on.abs)}`))
        : tools.shell(withProof(command, mark));
  }
}

const quoted = (path: string) => `'${path.replaceAll("'", `'\\''`)}'`;
