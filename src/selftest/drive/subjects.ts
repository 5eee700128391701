import { join } from 'node:path';
import type { AgentRule } from '../../agents/driver.ts';
import { PLAIN } from '../../agents/escapes/index.ts';
import { agents } from '../../agents/index.ts';
import { displayPath, isWithin } from '../../base/files.ts';
import { exampleOf, patternRules } from '../../posture/patterns.ts';
import type { Probe } from '../probes/types.ts';
import type { Attempt } from '../types.ts';

/** What an agent is to be refused, or has to be let do: one target, with the rules of its settings that speak of it. */
export interface DriveSubject {
  kind: 'read' | 'write' | 'exec' | 'fetch' | 'push' | 'tool' | 'work';
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
    } else if (probe.origin === 'push') {
      // On a remote of the scratch copy, whatever the real one is.
      const branch = exampleOf(target)?.replace(/^\//, '');
      if (branch !== undefined) found.push({ ...base, kind: 'push', branch, rules: pushRules(rules) });
    } else if (subject.kind === 'workspace') found.push({ ...base, kind: 'work', rules: [] });
    else if (probe.origin === 'work' && subject.kind === 'command')
      found.push({ ...base, kind: 'work', command: target, rules: [] });
  }
  return withoutFolders(withRules(found, context));
}

/** Where a rule means a folder and another what lies in it, the latter stands for both: there is one or the other at a path. */
function withoutFolders(subjects: readonly DriveSubject[]): DriveSubject[] {
  const paths = subjects.flatMap(({ path }) => path ?? []);
  return subjects.filter(({ path }) => path === undefined || !paths.some(other => other.startsWith(`${path}/`)));
}

/** Where git keeps what it is told to run has rows of its own; a file with any name in it is nothing. */
const isGitFolder = (target: string) => /^\.git(\/(commondir|config\.worktree|info\/attributes))?$/.test(target);

const pushRules = (rules: readonly AgentRule[]) =>
  rules.filter(({ what }) => what.kind === 'exec' && /^git( .*)? push\b/.test(what.command));

/** Each rule of the settings that speaks of nothing so far, on an example of what it means. */
function withRules(found: DriveSubject[], { rules }: SubjectContext): DriveSubject[] {
  const known = new Set(found.flatMap(subject => subject.rules));
  const targets = new Set(found.map(({ attempt, target }) => `${attempt}:${target}`));
  const add = (subject: DriveSubject) => {
    const key = `${subject.attempt}:${subject.target}`;
    if (targets.has(key)) return;
    targets.add(key);
    found.push(subject);
  };
  const hasPush = found.some(({ kind }) => kind === 'push');
  for (const rule of rules.filter(each => !known.has(each))) {
    const { what } = rule;
    if (what.kind === 'read' || what.kind === 'write') {
      const path = what.pattern.startsWith('//') ? undefined : exampleOf(what.pattern);
      if (path === undefined) continue;
      const same = rules.filter(({ what: other }) => other.kind === what.kind && means(other.pattern, path));
      const probe = what.kind === 'read' ? SECRET : GUARD;
      add({
        kind: what.kind,
        target: path,
        attempt: what.kind,
        expect: 'deny',
        probe,
        path,
        rules: same,
        missing: true,
      });
    } else if (what.kind === 'exec') {
      if (pushRules([rule]).length > 0) {
        if (hasPush || targets.has('push:main')) continue;
        add({
          kind: 'push',
          target: 'main',
          attempt: 'push',
          expect: 'deny',
          probe: { safeguard: 'VCS-4', severity: 'high', group: 'production', origin: 'push' },
          branch: 'main',
          rules: pushRules(rules),
        });
      } else if (PLAIN.test(what.command))
        add({
          kind: 'exec',
          target: what.command,
          attempt: 'exec',
          expect: 'deny',
          probe: COMMAND,
          command: what.command,
          rules: [rule],
        });
    } else if (what.kind === 'fetch')
      add({
        kind: 'fetch',
        target: what.host ?? 'any host',
        attempt: 'connect',
        expect: 'deny',
        probe: { safeguard: 'ISO-3', severity: 'medium', group: 'outside', origin: 'outside' },
        rules: [rule],
      });
    else if (what.kind === 'tool')
      add({ kind: 'tool', target: what.name, attempt: 'exec', expect: 'deny', probe: COMMAND, rules: [rule] });
  }
  return found;
}

/** What other agents, the editor, git, CI and the shell would obey: files of agents that nobody uses here, as well. */
export function crossAgentFiles(own: string): string[] {
  return agents
    .filter(({ id }) => id !== own)
    .flatMap(({ guardFiles }) => guardFiles.filter(path => !path.endsWith('/') && !path.endsWith('.md')));
}
