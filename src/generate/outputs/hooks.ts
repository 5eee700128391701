import { agents } from '../../agents/index.ts';
import { unsayableBranches } from '../../agents/pushes.ts';
import { list } from '../../base/text.ts';
import type { Output, RenderContext, Rendered } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { commentText, shellWord } from './encode.ts';
import { caseNotes, hiddenCases } from './hidden-cases.ts';
import { covered, FOLDER, placeOf, scansAt, wantsCommit, wantsMessage, wantsPush } from './hook-places.ts';
import { gitleaksOver, template } from './template.ts';

/** For each agent that tells what it starts, a line that takes its name; the first one counts. */
function markLines(): string {
  return agents
    .flatMap(({ id, marks }) =>
      marks.map(({ variable, value }) => {
        const there = value === undefined ? `-n "\${${variable}+set}"` : `"\${${variable}-}" = ${shellWord(value)}`;
        return `[ -z "$agent" ] && [ ${there} ] && agent=${id}`;
      }),
    )
    .join('\n');
}

/** The agent's own identity as a trailer names it: neither a line end nor a bracket of its own. */
function coAuthor({ posture }: RenderContext): { COAUTHOR: string; EMAIL: string } {
  const plain = (text = '') => commentText(text.replace(/[<>]/g, ' '));
  const [name, email] = [posture.repository?.agentIdentity?.name, posture.repository?.agentIdentity?.email].map(plain);
  const whole = name && email ? `${name} <${email}>` : '';
  return { COAUTHOR: shellWord(whole), EMAIL: shellWord(email ?? '') };
}

/** What the hook does with git-secrets where it is asked for; nothing else. */
function gitSecretsCheck({ posture }: RenderContext): string {
  if (!posture.scanning?.engines.includes('git-secrets')) return '';
  return [
    template('githooks/git-secrets', {}),
    'if command -v git-secrets >/dev/null 2>&1; then',
    '  git_secrets git -c core.quotePath=false -c core.fsmonitor=false -c "$git_secrets_with" secrets --pre_commit_hook',
    'else',
    "  printf 'agent-posture: git-secrets is not installed, so it did not look\\n' >&2",
    'fi',
    '',
  ].join('\n');
}

const ownHookPart = (name: string) => template('githooks/own', { NAME: name }).trimEnd();

/** The branches that the hook holds, and no rule of an agent. */
function unsaidBranches({ posture }: RenderContext): string[] {
  const unsaid = posture.agents?.length ? unsayableBranches(protectedPatterns(posture)) : [];
  if (unsaid.length === 0) return [];
  return [`The rules of agents cannot say ${list(unsaid)} of repository.protected: git's hook refuses pushes there`];
}

export const hooks: Output = {
  id: 'git-hooks',
  title: "git hooks: no secret is committed, no protected branch is pushed, an agent's commit says whose it is",
  safeguards: ['SEC-4', 'VCS-1', 'VCS-4', 'GRD-2'],
  templateVersion: 4,
  guard: true,
  notes: context => [
    ...(wantsCommit(context) || scansAt(context, 'push') ? caseNotes('A git hook', context) : []),
    ...unsaidBranches(context),
  ],
  render(context) {
    const files: Rendered[] = [];
    const leaks = context.posture.scanning?.engines.includes('gitleaks') ? 'yes' : 'no';
    const secrets = () => template('githooks/secrets', { HIDDEN: hiddenCases(context) }).trimEnd();
    if (wantsCommit(context))
      files.push({
        mode: 'owned',
        path: placeOf(context, 'pre-commit'),
        executable: true,
        content: template('githooks/pre-commit', {
          GITLEAKS: leaks,
          GITLEAKSOVER: gitleaksOver(),
          SECRETS: secrets(),
          GITSECRETS: gitSecretsCheck(context),
          OWN: ownHookPart('pre-commit'),
        }),
      });
    if (wantsPush(context)) {
      const scan = scansAt(context, 'push');
      files.push({
        mode: 'owned',
        path: placeOf(context, 'pre-push'),
        executable: true,
        content: template('githooks/pre-push', {
          PROTECTED: shellWord(protectedPatterns(context.posture).join('\n')),
          ABOUT: scan ? ', and of commits that hold secrets' : '',
          SCAN: scan
            ? `gitleaks=${leaks}\n${secrets()}\n\n${gitleaksOver()}\n\n${template('githooks/look', {}).trimEnd()}`
            : 'look() { :; }',
          OWN: ownHookPart('pre-push'),
        }),
      });
    }
    if (wantsMessage(context))
      files.push({
        mode: 'owned',
        path: placeOf(context, 'prepare-commit-msg'),
        executable: true,
        content: template('githooks/prepare-commit-msg', {
          ...coAuthor(context),
          MARKS: markLines(),
          OWN: ownHookPart('prepare-commit-msg'),
        }),
      });
    for (const name of covered(context))
      files.push({
        mode: 'owned',
        path: `${FOLDER}/${name}`,
        executable: true,
        content: template('githooks/forward', { OWN: ownHookPart(name) }),
      });
    return files;
  },
};
