import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { outermost } from '../base/outermost.ts';
import type { Facts } from '../discover/facts.ts';
import { POSTURE_FILE } from '../posture/model.ts';
import { agents } from './index.ts';

/** What steers or judges an agent in every repository; folders with a trailing `/`. */
export const COMMON_GUARDS: readonly string[] = [
  POSTURE_FILE,
  '.agent-posture/',
  '.git/hooks/',
  '.git/config',
  '.githooks/',
  '.husky/',
  '.github/workflows/',
  '.gitlab-ci.yml',
  '.pre-commit-config.yaml',
  'lefthook.yml',
  '.gitleaks.toml',
  '.devcontainer/',
  '.devcontainer.json',
  // Tasks that start with the folder, programs that settings name, and what an agent in the editor may do unasked.
  '.vscode/',
  '.idea/',
];

/**
 * Where a hook manager is told what to run, a folder with a trailing `/`. Where only package.json speaks of it, that is
 * where it looks next: nobody wants their package.json kept from changes.
 */
export function managerPlace({ id, seen }: NonNullable<Facts['git']['hookManager']>): string {
  if (id === 'husky') return '.husky/';
  return seen.path === 'package.json' ? 'lefthook.yml' : seen.path;
}

const ENDINGS = ['yml', 'yaml', 'toml', 'json'];
const withEndings = (names: readonly string[], endings: readonly string[]) =>
  names.flatMap(name => endings.map(ending => `${name}.${ending}`));

/**
 * What is obeyed without anybody running the project's own code, where it is there: no repository has it all, and a
 * placeholder would be in the way of programs inside. See docs/decisions/0019.
 */
const GUARDS_IF_THERE: readonly string[] = [
  // What a server runs, and whom it asks.
  '.circleci/',
  '.travis.yml',
  'Jenkinsfile',
  'azure-pipelines.yml',
  '.azure-pipelines/',
  'bitbucket-pipelines.yml',
  '.buildkite/',
  '.drone.yml',
  '.woodpecker/',
  '.woodpecker.yml',
  '.woodpecker.yaml',
  '.appveyor.yml',
  'appveyor.yml',
  'cloudbuild.yaml',
  '.gitlab/ci/',
  '.gitlab/agent-posture.yml',
  '.gitea/workflows/',
  '.forgejo/workflows/',
  '.github/actions/',
  '.github/dependabot.yml',
  '.github/dependabot.yaml',
  ...[
    'CODEOWNERS',
    '.github/CODEOWNERS',
    '.gitlab/CODEOWNERS',
    '.gitea/CODEOWNERS',
    '.forgejo/CODEOWNERS',
    'docs/CODEOWNERS',
  ],
  // What git obeys of the working tree, and what hook managers do.
  '.gitattributes',
  '.gitmodules',
  '.gitleaksignore',
  // What writes the agents' settings, hooks and pages.
  '.rulesync/',
  'rulesync.jsonc',
  'rulesync.json',
  'rulesync.local.jsonc',
  '.pre-commit-config.yml',
  ...withEndings(['lefthook', '.lefthook', '.config/lefthook'], ENDINGS),
  '.overcommit.yml',
  '.lintstagedrc',
  ...withEndings(
    ['.lintstagedrc', 'lint-staged.config'],
    ['json', 'yaml', 'yml', 'js', 'mjs', 'cjs', 'ts', 'mts', 'cts'],
  ),
  ...withEndings(['.simple-git-hooks', 'simple-git-hooks'], ['json', 'js', 'cjs']),
  // What package managers, tool managers and shells take programs and addresses from.
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  '.yarn/releases/',
  '.yarn/plugins/',
  '.pnpmfile.cjs',
  'bunfig.toml',
  '.bazelrc',
  '.envrc',
  'mise.toml',
  '.mise.toml',
  'mise.local.toml',
  '.mise.local.toml',
  '.mise/',
  '.config/mise/',
  '.config/mise.toml',
  '.cargo/',
  // What editors run when the folder is opened.
  '.vs/',
  '.zed/',
  '.fleet/',
  '.helix/',
  '.nvim.lua',
  '.nvimrc',
  '.exrc',
  '.vimrc',
  '.dir-locals.el',
  // What other version systems and file watchers run.
  '.hg/hgrc',
  '.jj/repo/config.toml',
  '.watchmanconfig',
  // Settings of agents that have no folder here.
  '.kiro/',
  '.roo/',
  '.roomodes',
  '.kilocode/',
  '.kilocodemodes',
  '.continue/',
  '.trae/',
  '.augment/',
  '.junie/',
  '.goose/',
  'crush.json',
  '.crush.json',
  '.clinerules',
  '.cursorrules',
  '.windsurfrules',
];

/**
 * The guards of `GUARDS_IF_THERE` that are there, those of every agent that is known, installed or not (a colleague may
 * use it), and the workspaces of editors.
 */
export function guardsThere(root: string): string[] {
  const known = agents.flatMap(({ guardFiles }) => guardFiles).filter(path => !path.endsWith('.md'));
  const there = [...GUARDS_IF_THERE, ...LEFTHOOK_GUARDS, ...known].filter(path => existsSync(join(root, path)));
  let names: string[] = [];
  try {
    names = readdirSync(root);
  } catch {}
  return [...new Set([...there, ...names.filter(name => name.endsWith('.code-workspace'))])];
}

/** Beside its own settings, lefthook obeys those that are meant for one machine, and that git mostly ignores. */
export const LEFTHOOK_GUARDS: readonly string[] = withEndings(
  ['lefthook-local', '.lefthook-local', '.config/lefthook-local'],
  ENDINGS,
);

/** What is obeyed only in the root, by servers and by hook managers: below it, it is an example or a package's own. */
const ROOT_ONLY =
  /^(\.git\/|\.github|\.gitlab|\.gitea|\.forgejo|\.git(attributes|modules)|\.(circleci|buildkite|woodpecker|husky|githooks|azure)|\.(travis|appveyor|drone|woodpecker|overcommit)|Jenkinsfile|azure|bitbucket|appveyor|cloudbuild|.*CODEOWNERS|\.pre-commit|\.gitleaks|\.lintstaged|lint-staged|\.?simple-git|\.yarn\/|.*\.md$)/;

/** What editors, agents, shells and package managers obey in whatever folder they are opened or started in. */
export function guardsAnywhere(): string[] {
  const known = agents.flatMap(({ guardFiles }) => guardFiles);
  const all = [...COMMON_GUARDS, ...GUARDS_IF_THERE, ...LEFTHOOK_GUARDS, ...known];
  return [...new Set(all)].filter(path => !ROOT_ONLY.test(path));
}

/** What is not there in most repositories, and would make git outside run a program once it is made. */
export const GIT_GUARDS: readonly string[] = ['.git/commondir', '.git/config.worktree', '.git/info/attributes'];

/**
 * What the agents with these ids must not change: the common guards and the agents' own settings. Instructions in
 * Markdown are left out, since agents write those every day, and so is what lies in another guard: programs that keep a
 * folder read-only cannot keep something in it once more.
 */
export function agentGuards(ids: readonly string[]): string[] {
  const files = agents.filter(({ id }) => ids.includes(id)).flatMap(({ guardFiles }) => guardFiles);
  return outermost([...COMMON_GUARDS, ...files]).filter(path => !path.endsWith('.md'));
}
