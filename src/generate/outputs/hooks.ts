import { isAbsolute, relative, resolve } from 'node:path';
import { agents } from '../../agents/index.ts';
import { list } from '../../base/text.ts';
import { isOwnPath } from '../manifest.ts';
import type { Output, RenderContext, Rendered } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { commentText, shellWord } from './encode.ts';
import { scansAt } from './guards.ts';
import { caseNotes, hiddenCases } from './hidden-cases.ts';
import { template } from './template.ts';

const FOLDER = '.githooks';

const wantsCommit = (context: RenderContext) => scansAt(context, 'commit');
const wantsPush = (context: RenderContext) => protectedPatterns(context.posture).length > 0 || scansAt(context, 'push');

const wantsMessage = ({ posture }: RenderContext) => posture.repository?.attribution === true;

type HookName = 'pre-commit' | 'prepare-commit-msg' | 'pre-push';

const namesOf = (context: RenderContext): HookName[] => [
  ...(wantsCommit(context) ? (['pre-commit'] as const) : []),
  ...(wantsMessage(context) ? (['prepare-commit-msg'] as const) : []),
  ...(wantsPush(context) ? (['pre-push'] as const) : []),
];

const ownHook = ({ facts }: RenderContext, path: string) => facts.git.ownHooks?.find(hook => hook.path === path);

/** Where ours is: aside, where the repository has a hook of that name in our folder. */
function placeOf(context: RenderContext, name: HookName): string {
  const path = `${FOLDER}/${name}`;
  return ownHook(context, path) ? `${FOLDER}/agent-posture/${name}` : path;
}

/** The lines by which somebody's own script calls ours. What git tells of a push is there once, so both get it. */
function callOf(context: RenderContext, name: HookName): string[] {
  const call = `sh ${placeOf(context, name)} "$@"`;
  if (name !== 'pre-push') return [`${call} || exit 1`];
  const input = ['$agent_posture_input', 'AGENT_POSTURE_INPUT'];
  return [
    'agent_posture_input=$(cat) || exit 1',
    'if [ -n "$agent_posture_input" ]; then',
    `  ${call} <<AGENT_POSTURE_INPUT || exit 1`,
    ...input,
    '  exec <<AGENT_POSTURE_INPUT',
    ...input,
    'else',
    `  ${call} </dev/null || exit 1`,
    '  exec </dev/null',
    'fi',
  ];
}

/** A script of somebody's that calls ours before it does anything else. */
const callIn = (context: RenderContext, name: HookName, path: string, needsBit: boolean): Rendered => ({
  mode: 'block',
  path,
  comment: '#',
  lines: callOf(context, name),
  executable: true,
  first: true,
  needsBit,
});

/** A folder of hooks in the repository, relative to it; undefined where it lies outside. */
function folderAt(root: string, hooksPath: string): string | undefined {
  const path = relative(root, resolve(root, hooksPath));
  return path === '' || isAbsolute(path) || !isOwnPath(`${path}/pre-commit`) ? undefined : path;
}

/**
 * The repository's folder of hooks where there is no manager; undefined where git was told one outside. Where it was told
 * ours by us, what it is told now does not count: it is for the plan to say that it was changed.
 */
function folderOf({ root, facts: { git }, settings }: RenderContext): string | undefined {
  const path = git.hooksPath === undefined ? FOLDER : folderAt(root, git.hooksPath);
  return path ?? (settings?.['core.hooksPath'] === undefined ? undefined : FOLDER);
}

/** Whether git is to look for its hooks in our folder. Hooks of theirs there are not switched on where they were off. */
function setsFolder(context: RenderContext): boolean {
  const { present, hookManager, hooksPath, ownHooks = [] } = context.facts.git;
  if (!present || hookManager || folderOf(context) !== FOLDER) return false;
  return (
    context.settings?.['core.hooksPath'] !== undefined ||
    hooksPath !== undefined ||
    !ownHooks.some(({ path }) => path.startsWith(`${FOLDER}/`))
  );
}

/** The hooks of git's own folder that our folder would put out of force, but for the two that call them themselves. */
function covered(context: RenderContext): string[] {
  if (namesOf(context).length === 0 || !setsFolder(context)) return [];
  const names = namesOf(context) as string[];
  return (context.facts.git.coveredHooks ?? []).filter(
    name => !names.includes(name) && !ownHook(context, `${FOLDER}/${name}`),
  );
}

/** Where git finds the hooks, without a manager. Hooks of theirs call ours, and are not switched on where they were off. */
function plainCalls(context: RenderContext): Rendered[] {
  const { hooksPath } = context.facts.git;
  const { settings } = context;
  const folder = folderOf(context);
  // Hooks kept outside by somebody's own setting are left in force; ours would put them out of it.
  if (folder === undefined) return [];
  const calls = namesOf(context).flatMap((name): Rendered[] => {
    const path = `${folder}/${name}`;
    const own = ownHook(context, path);
    if (own ? !own.shell : folder === FOLDER) return [];
    return [callIn(context, name, path, true)];
  });
  if (!setsFolder(context)) return calls;
  const asIs = hooksPath !== undefined && folderAt(context.root, hooksPath) === FOLDER;
  const value = settings?.['core.hooksPath'] ?? (asIs ? hooksPath : FOLDER);
  return [...calls, { mode: 'git-config', key: 'core.hooksPath', value }];
}

/** What is still to be done so that git calls the hooks. */
function hookNotes(context: RenderContext): string[] {
  const { present, hookManager, hooksPath, ownHooks = [], installedHooks } = context.facts.git;
  const names = namesOf(context);
  if (names.length === 0 || !present) return [];
  const unrun = names.flatMap(name => {
    const own = ownHook(context, `${folderOf(context)}/${name}`);
    return own && !own.executable
      ? [`${own.path} is not executable, so git does not call it: chmod +x ${own.path}`]
      : [];
  });
  if (hookManager) {
    const missing = names.filter(name => installedHooks && !installedHooks.includes(name));
    const next = {
      husky: 'npx husky (before version 9: npx husky install)',
      lefthook: 'lefthook install',
      'pre-commit': `pre-commit install ${names.map(name => `-t ${name}`).join(' ')}`,
    }[hookManager.id];
    return [
      ...(missing.length > 0
        ? [
            `${list(missing)} ${missing.length > 1 ? 'do' : 'does'} not run in this clone yet, as ${hookManager.id} is not set up in it: ${next}`,
          ]
        : []),
      ...unrun,
    ];
  }
  const folder = folderOf(context);
  const byHand = names.filter(name => folder === undefined || ownHook(context, `${folder}/${name}`)?.shell === false);
  const onTheWay = hooksPath === undefined ? covered(context).map(name => `.git/hooks/${name}`) : [];
  return [
    ...unrun,
    ...byHand.map(
      name =>
        `${folder ?? hooksPath}/${name} is yours and does not call ours, so it does not run: let it run sh ${placeOf(context, name)}${name === 'pre-push' ? ', with what it was given to read' : ''}`,
    ),
    ...(onTheWay.length > 0
      ? [
          `core.hooksPath leads git to ${FOLDER}, and ${list(onTheWay)} ${onTheWay.length > 1 ? 'are' : 'is'} called from there`,
        ]
      : []),
    ...(!setsFolder(context) && hooksPath === undefined && ownHooks.some(({ path }) => path.startsWith(`${FOLDER}/`))
      ? [
          `${FOLDER} holds hooks of yours that git does not call in this clone, so ours are not called either: git config core.hooksPath ${FOLDER} switches on both`,
        ]
      : []),
  ];
}

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

export const hooks: Output = {
  id: 'git-hooks',
  title: "git hooks: no secret is committed, no protected branch is pushed, an agent's commit says whose it is",
  safeguards: ['SEC-4', 'VCS-1', 'VCS-4', 'GRD-2'],
  templateVersion: 4,
  guard: true,
  notes: context => (wantsCommit(context) || scansAt(context, 'push') ? caseNotes('A git hook', context) : []),
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
            ? `gitleaks=${leaks}\n${secrets()}\n\n${template('githooks/look', {}).trimEnd()}`
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

/** Where the hooks are called from: git's own setting, or the place that a hook manager has for them. */
export const hookCalls: Output = {
  id: 'git-hook-calls',
  title: 'git, or your hook manager, calls the hooks',
  safeguards: ['SEC-4', 'VCS-1', 'VCS-4', 'GRD-2'],
  templateVersion: 2,
  guard: true,
  notes: hookNotes,
  render(context) {
    const names = namesOf(context);
    const { present, hookManager } = context.facts.git;
    if (names.length === 0 || !present) return [];
    if (hookManager === undefined) return plainCalls(context);
    const { path } = hookManager.seen;
    switch (hookManager.id) {
      case 'husky':
        return names.map(name => callIn(context, name, `.husky/${name}`, false));
      case 'lefthook':
        if (!/\.ya?ml$/.test(path)) return [];
        return [
          {
            mode: 'keys',
            path,
            format: 'yaml',
            claims: names.map(name => ({
              path: [name, 'commands', 'agent-posture'],
              value: { run: `sh ${placeOf(context, name)} {0}`, ...(name === 'pre-push' ? { use_stdin: true } : {}) },
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
                      entry: `sh ${placeOf(context, name)}`,
                      language: 'system',
                      always_run: true,
                      // The framework hands the file of the message over as a name, and nothing else does it that way.
                      pass_filenames: name === 'prepare-commit-msg',
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
