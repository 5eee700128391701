import { isBuiltin } from 'node:module';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { AgentHook, AgentRule, Driver } from '../../agents/driver.ts';
import type { SettingsFile } from '../../agents/types.ts';
import { patternRules } from '../../posture/patterns.ts';
import { withoutSecrets } from '../../posture/secrets.ts';
import type { Probe } from '../probes/types.ts';
import type { SelftestOptions } from '../types.ts';
import { filesNamed } from './hook-programs.ts';
import { copyNamed, copyRepository, copySettings, filesIn, settingsOn } from './prepare.ts';
import { SafeFolder } from './safe.ts';
import type { Stage } from './stage.ts';
import { type DriveSubject, subjectsOf, withOwnRules } from './subjects.ts';

/** Credential files of the home that stand for all of them. */
const HOME_FILES = 3;

/** What a stage holds once it is laid. */
export interface Laid {
  /** Where secret files that are links lead to, by their paths: a rule over the one may hold the other. */
  links: ReadonlyMap<string, string>;
  subjects: DriveSubject[];
  settings: SettingsFile[];
  rules: AgentRule[];
  hooks: AgentHook[];
  /** Of the repository, and obeyed by its git: relative to the root. */
  gitHooks: string[];
  /** The folder of these, which git is told; undefined where there are none. */
  hooksFolder: string | undefined;
  notes: string[];
}

/** What is laid from: the repository, and with `bare` nothing of the user's own settings. `instead`: what is tried, and nothing of what
 * the plan and the rules say. */
export interface LayFrom extends Pick<SelftestOptions, 'root' | 'home' | 'facts' | 'posture'> {
  bare?: boolean;
  instead?: readonly DriveSubject[];
}

/** Copies the repository and what of the user's own steers the agent, and lays decoys where secrets are. */
export async function lay(stage: Stage, driver: Driver, probes: readonly Probe[], from: LayFrom): Promise<Laid> {
  const { root, home, facts, posture, bare = false, instead } = from;
  const notes: string[] = [];
  const secret = patternRules([
    ...(posture?.posture.isolation?.files?.hide ?? []).filter(line => !/^!?~\//.test(line)),
    '!.env*.example',
  ]);
  const listed = new Set(facts.secretFiles.map(({ path }) => path));
  const isSecret = (path: string) => listed.has(path) || secret.ignores(path) || isLoadedFirst(path);
  const cut = await copyRepository(stage, isSecret);
  if (cut) notes.push(cut);
  if (!bare) copySettings(stage, driver);
  const settings = settingsOn(stage, driver);
  const rules = (driver.rules?.(settings) ?? []).map(withoutSecret);
  const subjects = instead
    ? instead.map(subject => withOwnRules(subject, rules))
    : subjectsOf(probes, { root, home, rules, homeFiles: HOME_FILES });
  const links = new Map<string, string>();
  for (const { kind, path } of subjects) {
    if (kind !== 'read' || path === undefined) continue;
    const to = linkOf(stage, path);
    if (to !== undefined) links.set(path, to);
    else stage.write(path, '');
  }
  const folder = facts.git.hooksPath === undefined ? undefined : relative(root, resolve(root, facts.git.hooksPath));
  const gitHooks =
    folder === undefined || folder === '' || folder.startsWith('..')
      ? []
      : filesIn(stage.at(folder)).map(name => join(folder, name));
  const hooks = driver.hooks?.(settings) ?? [];
  const admitted = copyNamed(stage, hooks, isSecret);
  if (admitted.length > 0)
    notes.push(
      `hooks lean on ${admitted.join(', ')}: let in as it is, and nothing else of what it may need in the home`,
    );
  const lacking = lackingPackages(stage, hooks);
  if (lacking.length > 0)
    notes.push(
      `packages are none of the copy: ${lacking.join(', ')} may fail there for want of them, and what it would refuse go through`,
    );
  return {
    links,
    subjects,
    settings,
    rules,
    hooks,
    hooksFolder: gitHooks.length > 0 ? folder : undefined,
    gitHooks,
    notes,
  };
}

/**
 * Variables that many an agent, or what it is built on, loads where it is started, and programs that are loaded with it: BASH_ENV in a
 * tracked `.gemini/.env` ran what it named with each command. Nobody is asked about them, so they are none of the copy. Sources:
 * https://geminicli.com/docs/get-started/configuration/, https://bun.com/docs/runtime/env, https://bun.com/docs/runtime/bunfig.
 */
const isLoadedFirst = (path: string) => /^(?:\.env(?:rc|[._-].*)?|\.dev\.vars.*|bunfig\.toml)$/i.test(basename(path));

/** Programs of hooks that load packages. */
function lackingPackages(stage: Stage, hooks: readonly AgentHook[]): string[] {
  const programs = [...new Set(hooks.flatMap(hook => filesNamed(stage, hook)))];
  return programs.filter(path => {
    const loaded = /\.[cm]?[jt]s$/.test(path) ? (stage.read(path) ?? '').matchAll(LOADS) : [];
    return [...loaded].some(([, name = '']) => !isBuiltin(name));
  });
}

/** Loading by a name, and not by a path. */
const LOADS = /\b(?:require\s*\(|import\s*\(|from|import)\s*['"]([^'"./][^'"]*)['"]/g;

/** A rule over a command in which a secret seems to stand: its text would be in every row, and in what is kept of them. */
function withoutSecret(rule: AgentRule): AgentRule {
  const text = withoutSecrets(rule.text);
  const isOfFiles = rule.what.kind === 'read' || rule.what.kind === 'write';
  return isOfFiles || text === rule.text
    ? rule
    : { ...rule, text, what: { kind: 'untold', why: 'what looks like a secret stands in it' } };
}

/** Where a link of the repository leads to within it, as it says; undefined for what is none. */
function linkOf(stage: Stage, path: string): string | undefined {
  if (path.startsWith('~/')) return undefined;
  const target = new SafeFolder(stage.root).linkAt(path);
  const isInside = target !== undefined && !isAbsolute(target) && !join(dirname(path), target).startsWith('..');
  return isInside ? target : undefined;
}
