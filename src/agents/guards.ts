import { outermost } from '../base/outermost.ts';
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
  // Tasks that start with the folder, programs that settings name, and what an agent in the editor may do unasked.
  '.vscode/',
  '.idea/',
];

/** What a server or a hook manager runs where it is there: no repository has it all, and it is not made unseen. */
export const GUARDS_IF_THERE: readonly string[] = [
  '.circleci/',
  '.travis.yml',
  'Jenkinsfile',
  'azure-pipelines.yml',
  'bitbucket-pipelines.yml',
  '.buildkite/',
  '.drone.yml',
  '.woodpecker/',
  '.gitea/workflows/',
  '.forgejo/workflows/',
];

/** Beside its own settings, lefthook obeys those that are meant for one machine, and that git mostly ignores. */
export const LEFTHOOK_GUARDS: readonly string[] = ['lefthook-local', '.lefthook-local'].flatMap(name =>
  ['yml', 'yaml', 'toml', 'json'].map(ending => `${name}.${ending}`),
);

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
