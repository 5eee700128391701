import { managerPlace } from '../../agents/guards.ts';
import { list } from '../../base/text.ts';
import { isTable } from '../formats/values.ts';
import type { Output, RenderContext, Rendered } from '../types.ts';
import {
  covered,
  FOLDER,
  folderAt,
  folderOf,
  type HookName,
  namesOf,
  ownHook,
  placeOf,
  setsFolder,
} from './hook-places.ts';
import { parsedText } from './overruled.ts';

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

const formatOf = (path: string) => (path.endsWith('.toml') ? 'toml' : path.endsWith('.json') ? 'json' : 'yaml');

/** What lefthook passes a whole hook over for, ours with it, whatever is pushed or committed. */
function skippedBy(settings: unknown, names: readonly HookName[]): string | undefined {
  for (const name of names) {
    const { skip, only, exclude_tags: tags, files } = tableAt(settings, name);
    const conditions = [skip].flat();
    const said =
      conditions.some(one => one === true || isTable(one)) || (only !== undefined && only !== false)
        ? skip === undefined
          ? 'only'
          : 'skip'
        : tags !== undefined
          ? 'exclude_tags'
          : files !== undefined && 'files';
    if (said) return `${name}.${said} can keep our command from being run: say it of your own commands alone`;
  }
  return undefined;
}

function tableAt(value: unknown, key: string): Readonly<Record<string, unknown>> {
  const found = isTable(value) ? value[key] : undefined;
  return isTable(found) ? found : {};
}

/** A command of ours for each hook in the settings of lefthook, in whatever format they are: https://lefthook.dev/configuration/ */
const lefthookCalls = (context: RenderContext, path: string): Rendered => ({
  mode: 'keys',
  path,
  format: formatOf(path),
  claims: namesOf(context).map(name => ({
    path: [name, 'commands', 'agent-posture'],
    value: { run: `sh ${placeOf(context, name)} {0}`, ...(name === 'pre-push' ? { use_stdin: true } : {}) },
    guard: true,
  })),
});

/** A local repository of hooks in the settings of pre-commit. */
function preCommitCalls(context: RenderContext, path: string): Rendered {
  const hooks = namesOf(context).map(name => ({
    id: `agent-posture-${name}`,
    name: `agent-posture ${name}`,
    entry: `sh ${placeOf(context, name)}`,
    language: 'system',
    always_run: true,
    // The framework hands the file of the message over as a name, and nothing else does it that way.
    pass_filenames: name === 'prepare-commit-msg',
    stages: [name],
  }));
  const claims = [{ path: ['repos'], guard: true, elements: [{ repo: 'local', hooks }] }];
  return { mode: 'keys', path, format: 'yaml', claims };
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

/** Where the hooks are called from: git's own setting, or the place that a hook manager has for them. */
export const hookCalls: Output = {
  id: 'git-hook-calls',
  title: 'git, or your hook manager, calls the hooks',
  safeguards: ['SEC-4', 'VCS-1', 'VCS-4', 'GRD-2'],
  templateVersion: 2,
  guard: true,
  overrules(context) {
    const { present, hookManager } = context.facts.git;
    if (!present || hookManager?.id !== 'lefthook') return [];
    const path = managerPlace(hookManager);
    const format = formatOf(path);
    return [{ path, weaker: text => skippedBy(parsedText(format, text), namesOf(context)) }];
  },
  notes: hookNotes,
  render(context) {
    const names = namesOf(context);
    const { present, hookManager } = context.facts.git;
    if (names.length === 0 || !present) return [];
    if (hookManager === undefined) return plainCalls(context);
    const path = managerPlace(hookManager);
    switch (hookManager.id) {
      case 'husky':
        return names.map(name => callIn(context, name, `.husky/${name}`, false));
      case 'lefthook':
        return [lefthookCalls(context, path)];
      case 'pre-commit':
        return [preCommitCalls(context, path)];
    }
  },
};
