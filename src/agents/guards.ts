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
];

/** The settings of the agents with these ids, instructions in Markdown left out: agents write those every day. */
export function agentGuards(ids: readonly string[]): string[] {
  const files = agents.filter(({ id }) => ids.includes(id)).flatMap(({ guardFiles }) => guardFiles);
  return [...new Set(files)].filter(path => !path.endsWith('.md'));
}
