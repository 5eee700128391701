import type { Output, RenderContext, Rendered } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { parsePattern, shellPattern, shellWord } from './encode.ts';
import { scansAt } from './guards.ts';
import { hiddenOf } from './hidden.ts';
import { template } from './template.ts';

const FOLDER = '.githooks';

const wantsCommit = (context: RenderContext) => scansAt(context, 'commit');
const wantsPush = ({ posture }: RenderContext) => protectedPatterns(posture).length > 0;

/** The hidden patterns as lines of the hook: each sets or, for an exception, clears the mark; the last match wins. */
function hiddenCases(context: RenderContext): string {
  const cases = hiddenOf(context).patterns.map(pattern => {
    const exception = pattern.startsWith('!');
    const { anchored, body, folder } = parsePattern(exception ? pattern.slice(1) : pattern);
    const glob = shellPattern(body);
    const places = anchored ? [glob] : [glob, `*/${glob}`];
    // In a case pattern a star crosses folders, so one at the end takes in what lies below.
    const below = glob.endsWith('*') && !folder ? [] : places.map(place => `${place}/*`);
    return `  case $1 in ${[...(folder ? [] : places), ...below].join(' | ')}) hidden=${exception ? 'no' : 'yes'} ;; esac`;
  });
  if (cases.length === 0) return '';
  return ['  hidden=no', ...cases, '  [ "$hidden" = no ] || return 0', ''].join('\n');
}

export const hooks: Output = {
  id: 'git-hooks',
  title: 'git hooks: no secret is committed, no protected branch is pushed',
  safeguards: ['SEC-4', 'VCS-4', 'GRD-2'],
  templateVersion: 1,
  guard: true,
  render(context) {
    const files: Rendered[] = [];
    if (wantsCommit(context))
      files.push({
        mode: 'owned',
        path: `${FOLDER}/pre-commit`,
        executable: true,
        content: template('githooks/pre-commit', {
          GITLEAKS: context.posture.scanning?.engines.includes('gitleaks') ? 'yes' : 'no',
          HIDDEN: hiddenCases(context),
        }),
      });
    if (wantsPush(context))
      files.push({
        mode: 'owned',
        path: `${FOLDER}/pre-push`,
        executable: true,
        content: template('githooks/pre-push', {
          PROTECTED: shellWord(protectedPatterns(context.posture).join('\n')),
        }),
      });
    return files;
  },
};

/** Where the hooks are called from: git's own setting, or the place that a hook manager has for them. */
export const hookCalls: Output = {
  id: 'git-hook-calls',
  title: 'git, or your hook manager, calls the hooks',
  safeguards: ['SEC-4', 'VCS-4', 'GRD-2'],
  templateVersion: 1,
  guard: true,
  render(context) {
    const names = [...(wantsCommit(context) ? ['pre-commit'] : []), ...(wantsPush(context) ? ['pre-push'] : [])];
    const { present, hookManager, hooksPath } = context.facts.git;
    if (names.length === 0 || !present) return [];
    if (hookManager === undefined) {
      // Hooks kept elsewhere by somebody's own setting are left in force; ours would put them out of it.
      return hooksPath === undefined || hooksPath === FOLDER
        ? [{ mode: 'git-config', key: 'core.hooksPath', value: FOLDER }]
        : [];
    }
    const { path } = hookManager.seen;
    switch (hookManager.id) {
      case 'husky':
        return names.map(name => ({
          mode: 'block',
          path: `.husky/${name}`,
          comment: '#',
          lines: [`sh ${FOLDER}/${name} "$@" || exit 1`],
        }));
      case 'lefthook':
        if (!/\.ya?ml$/.test(path)) return [];
        return [
          {
            mode: 'keys',
            path,
            format: 'yaml',
            claims: names.map(name => ({
              path: [name, 'commands', 'agent-posture'],
              value: { run: `sh ${FOLDER}/${name} {0}`, ...(name === 'pre-push' ? { use_stdin: true } : {}) },
              guard: true,
            })),
          },
        ];
      case 'pre-commit':
        return [
          {
            mode: 'keys',
            path,
            format: 'yaml',
            claims: [
              {
                path: ['repos'],
                guard: true,
                elements: [
                  {
                    repo: 'local',
                    hooks: names.map(name => ({
                      id: `agent-posture-${name}`,
                      name: `agent-posture ${name}`,
                      entry: `sh ${FOLDER}/${name}`,
                      language: 'system',
                      always_run: true,
                      pass_filenames: false,
                      stages: [name],
                    })),
                  },
                ],
              },
            ],
          },
        ];
    }
  },
};
