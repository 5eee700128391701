import { join, resolve } from 'node:path';
import type { AgentRule } from '../../agents/driver.ts';
import { PLAIN } from '../../agents/escapes/index.ts';
import { displayPath, isWithin } from '../../base/files.ts';
import { exampleOf, patternRules } from '../../posture/patterns.ts';
import { NOT_HERE, type Probe } from '../probes/types.ts';
import type { Attempt } from '../types.ts';

/** What an agent is to be refused, or has to be let do: one target, with the rules of its settings that speak of it. */
export interface DriveSubject {
  kind: 'read' | 'write' | 'exec' | 'fetch' | 'push' | 'tool' | 'untold' | 'work';
  /** As rows name it. */
  target: string;
  attempt: Attempt;
  expect: 'deny' | 'allow';
  probe: Pick<Probe, 'safeguard' | 'severity' | 'group' | 'opens' | 'origin'>;
  /** Repository-relative or `~/…`, of a read or a write. */
  path?: string;
  /** Of a command that a rule denies, and of one that has to run. */
  command?: string;
  branch?: string;
  /** Of a push: without it, no rule speaks of it. */
  flag?: string | undefined;
  /** Of a rule that nothing can be tried on: why. */
  why?: string;
  /** The rules in force that are to refuse it. */
  rules: readonly AgentRule[];
  /** It is not there, and would have to be made. */
  missing?: true;
  /** Git's history holds it too. */
  inHistory?: true;
}

export interface SubjectContext {
  root: string;
  home: string;
  rules: readonly AgentRule[];
  /** Files of the home that are tried, at the most. */
  homeFiles: number;
}

const SECRET = { safeguard: 'SEC-1', severity: 'high', group: 'secrets', origin: 'secret-file' } as const;
const GUARD = { safeguard: 'GRD-1', severity: 'high', group: 'guard', origin: 'guard' } as const;
const COMMAND = { safeguard: 'ISO-1', severity: 'medium', group: 'way-out', origin: 'command' } as const;

/** Files of the repository, and of the home, whose names a pattern means. */
function rulesFor(rules: readonly AgentRule[], kind: 'read' | 'write', path: string): AgentRule[] {
  return rules.filter(({ what }) => what.kind === kind && means(what.pattern, path));
}

function means(pattern: string, path: string): boolean {
  const inHome = path.startsWith('~/');
  if (inHome !== pattern.startsWith('~/')) return false;
  const below = inHome ? path.slice(2) : path;
  return patternRules([inHome ? `/${pattern.slice(2)}` : pattern]).ignores(below);
}

/** What of the plan is tried through an agent, and what its own rules say beside. */
export function subjectsOf(probes: readonly Probe[], context: SubjectContext): DriveSubject[] {
  const { root, home, rules, homeFiles } = context;
  const found: DriveSubject[] = [];
  let left = homeFiles;
  const relativeOf = (path: string) => {
    if (!isWithin(root, path) && !isWithin(home, path)) return undefined;
    return displayPath(path, { root, home });
  };
  for (const probe of probes) {
    const { subject, attempt, target, expect } = probe;
    const base = { target, attempt, expect, probe };
    if (subject.kind === 'file' && attempt === 'read' && expect === 'deny') {
      const path = relativeOf(subject.path);
      if (path === undefined) continue;
      const ofRules = rulesFor(rules, 'read', path);
      // Credentials in the home are tried by other vantages one by one; here some of them stand for all.
      if (path.startsWith('~/') && ofRules.length === 0 && --left < 0) continue;
      found.push({ ...base, kind: 'read', path, rules: ofRules, ...(probe.history ? { inHistory: true } : {}) });
    } else if (subject.kind === 'guard' && subject.how !== 'rename-parent' && !isGitFolder(target)) {
      const path = relativeOf(subject.folder ? join(subject.path, 'agent-posture-try') : subject.path);
      const made = subject.folder || subject.how === 'create' ? ({ missing: true } as const) : {};
      if (path !== undefined)
        found.push({ ...base, ...made, kind: 'write', path, rules: rulesFor(rules, 'write', path) });
    } else if (subject.kind === 'skip' && subject.why === NOT_HERE && attempt === 'write' && !isGitFolder(target)) {
      // Whoever may write beside it can make it, and its folder.
      const path = relativeOf(target.startsWith('~/') ? join(home, target.slice(2)) : resolve(root, target));
      if (path !== undefined)
        found.push({ ...base, missing: true, kind: 'write', path, rules: rulesFor(rules, 'write', path) });
    } else if (probe.origin === 'push') {
      // On a remote of the scratch copy, whatever the real one is.
      const branch = exampleOf(target)?.replace(/^\//, '');
      if (branch !== undefined)
        found.push({ ...base, kind: 'push', branch, flag: flagOf(pushRules(rules)), rules: pushRules(rules) });
    } else if (subject.kind === 'workspace' && attempt === 'write') found.push({ ...base, kind: 'work', rules: [] });
    else if (probe.origin === 'work' && subject.kind === 'command')
      found.push({ ...base, kind: 'work', command: target, rules: [] });
  }
  return withHistory(withoutFolders(withRules(found, context)));
}

/** What git's history holds it holds whatever is tried on it. */
function withHistory(subjects: readonly DriveSubject[]): DriveSubject[] {
  const held = new Set(subjects.flatMap(({ inHistory, path }) => (inHistory ? [path] : [])));
  return subjects.map(subject => (held.has(subject.path) ? { ...subject, inHistory: true } : subject));
}

/**
 * There is a file or a folder at a path. Where a file is there, nothing is tried on what a rule means in a folder of its name; where
 * one rule means a folder and another what lies in it, the latter stands for both.
 */
function withoutFolders(subjects: readonly DriveSubject[]): DriveSubject[] {
  const isBelow = (path: string | undefined, other: DriveSubject) =>
    path !== undefined && other.path !== undefined && path.startsWith(`${other.path}/`);
  const there = subjects.filter(({ kind, missing: isMissing }) => kind === 'read' && !isMissing);
  const tried = subjects.map(
    ({ missing: isMissing, path, ...subject }): DriveSubject =>
      isMissing && there.some(other => isBelow(path, other))
        ? { ...subject, kind: 'untold', why: 'a file is there, where it means a folder' }
        : { ...subject, ...(path === undefined ? {} : { path }), ...(isMissing ? { missing: isMissing } : {}) },
  );
  return tried.filter(subject => !tried.some(other => isBelow(other.path, subject)));
}

/** Where git keeps what it is told to run has rows of its own; a file with any name in it is nothing. */
const isGitFolder = (target: string) => /^\.git(\/(commondir|config\.worktree|info\/attributes))?$/.test(target);

const pushRules = (rules: readonly AgentRule[]) =>
  rules.filter(({ what }) => what.kind === 'push' || (what.kind === 'exec' && /^git( .*)? push\b/.test(what.command)));

/** What rules refuse whatever it is for: programs of which they name no argument, and pushes of which they name no branch. */
export function deniedWhole(rules: readonly AgentRule[]): { programs: string[]; pushes: boolean } {
  return {
    programs: rules.flatMap(({ what }) => (what.kind === 'exec' && !what.command.includes(' ') ? [what.command] : [])),
    pushes: pushRules(rules).some(
      ({ what }) => what.kind === 'push' || (what.kind === 'exec' && /\bpush$/.test(what.command)),
    ),
  };
}

/** The flag without which no rule speaks of a push; undefined where one does. */
function flagOf(rules: readonly AgentRule[]): string | undefined {
  const flags = rules.map(({ what }) => (what.kind === 'push' ? what.flag : undefined));
  return flags.length > 0 && flags.every(flag => flag !== undefined) ? flags[0] : undefined;
}

/** A subject with the rules that speak of it. */
export function withOwnRules(subject: DriveSubject, rules: readonly AgentRule[]): DriveSubject {
  const { kind, path } = subject;
  if (kind === 'push') return { ...subject, rules: pushRules(rules) };
  if (kind === 'fetch')
    return { ...subject, rules: rules.filter(({ what }) => what.kind === 'fetch' && what.host === undefined) };
  return path !== undefined && (kind === 'read' || kind === 'write')
    ? { ...subject, rules: rulesFor(rules, kind, path) }
    : subject;
}

/** Each rule of the settings that speaks of nothing so far, on an example of what it means; none is passed over unsaid. */
function withRules(planned: readonly DriveSubject[], { rules }: SubjectContext): DriveSubject[] {
  const found = new Map(planned.map(subject => [`${subject.attempt}:${subject.target}`, subject]));
  const known = new Set(planned.flatMap(subject => subject.rules));
  const push = planned.find(({ kind }) => kind === 'push');
  for (const rule of rules.filter(each => !known.has(each))) {
    const subject = pushRules([rule]).length > 0 && push ? push : exampleFor(rule, rules);
    const key = `${subject.attempt}:${subject.target}`;
    const before = found.get(key) ?? subject;
    found.set(key, { ...before, rules: [...new Set([...before.rules, ...subject.rules, rule])] });
  }
  return [...found.values()];
}

/**
 * What shells do themselves, whatever program of the name there is: POSIX's special and regular built-ins, its reserved words, and
 * those of bash(1), dash(1) and zsh(1). One that is denied may destroy, and no program of ours would run in its place.
 */
const OF_SHELLS = new Set(
  (
    '. : alias autoload bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc declare dirs ' +
    'disown do done echo elif else emulate enable esac eval exec exit export false fc fg fi for function getopts hash help history ' +
    'if in jobs kill let limit local logout mapfile noglob popd print printf pushd pwd read readarray readonly return select set ' +
    'shift shopt source suspend test then time times trap true type typeset ulimit umask unalias unset until wait whence while zmodload'
  ).split(' '),
);

/** What shows whether a rule holds. */
function exampleFor(rule: AgentRule, rules: readonly AgentRule[]): DriveSubject {
  const { what, text } = rule;
  const deny = { expect: 'deny', rules: [rule] } as const;
  const untold = (why: string): DriveSubject => ({
    ...deny,
    kind: 'untold',
    target: text,
    attempt: 'exec',
    probe: COMMAND,
    why,
  });
  if (pushRules([rule]).length > 0) {
    const probe = { safeguard: 'VCS-4', severity: 'high', group: 'production', origin: 'push' } as const;
    const all = pushRules(rules);
    return {
      ...deny,
      kind: 'push',
      target: 'main',
      attempt: 'push',
      probe,
      branch: 'main',
      flag: flagOf(all),
      rules: all,
    };
  }
  switch (what.kind) {
    case 'read':
    case 'write': {
      const path = what.pattern.startsWith('//') ? undefined : exampleOf(what.pattern);
      if (path === undefined) return untold('no file is told that it means');
      const probe = what.kind === 'read' ? SECRET : GUARD;
      const same = rulesFor(rules, what.kind, path);
      return { ...deny, kind: what.kind, target: path, attempt: what.kind, probe, path, rules: same, missing: true };
    }
    case 'exec': {
      const { command } = what;
      if (!PLAIN.test(command)) return untold('what it means cannot be typed without a quotation');
      const [program = ''] = command.split(' ');
      // What is run in its place has to be a program of ours, whichever way it is spelled.
      if (program.includes('/'))
        return untold('it means a program at a path of its own, in whose place none of ours can stand');
      if (OF_SHELLS.has(program))
        return untold('it means a word of the shell itself, in whose place no program can stand');
      return { ...deny, kind: 'exec', target: command, attempt: 'exec', probe: COMMAND, command };
    }
    case 'fetch': {
      const probe = { safeguard: 'ISO-3', severity: 'medium', group: 'outside', origin: 'outside' } as const;
      // What stands for elsewhere has no name but the loopback's, and a rule about another name says nothing of it.
      if (what.host !== undefined)
        return untold('it means one host, and what is called here has no other name than loopback');
      return { ...deny, kind: 'fetch', target: 'any host', attempt: 'connect', probe };
    }
    case 'tool':
      return { ...deny, kind: 'tool', target: what.name, attempt: 'exec', probe: COMMAND };
    default:
      return untold(what.kind === 'untold' ? what.why : 'nothing is known of it');
  }
}
