import { basename } from 'node:path';
import type { AgentHook } from '../driver.ts';
import type { SettingsFile } from '../types.ts';

/**
 * Where it looks for hooks: https://github.com/cline/cline/blob/main/sdk/packages/shared/src/storage/paths.ts. Those in
 * .clinerules, in .cline and in ~/.cline were seen to be asked in 3.0.65.
 */
export const HOOK_FILES: readonly string[] = [
  '.clinerules/hooks/',
  '.cline/hooks/',
  '~/.cline/hooks/',
  '~/Documents/Cline/Hooks/',
];

/** The name of the file is the event, in upper and lower case alike. */
const EVENTS =
  'TaskStart TaskResume TaskCancel TaskComplete TaskError PreToolUse PostToolUse UserPromptSubmit PreCompact SessionShutdown'.split(
    ' ',
  );

/** By what a file of each ending is run; one that names its interpreter is run by that, executable or not. */
const INTERPRETERS: readonly (readonly [ending: RegExp, program: string])[] = [
  [/\.[cm]?js$/i, 'node'],
  [/\.[cm]?ts$/i, 'bun run'],
  [/\.py$/i, 'python3'],
  [/\.ps1$/i, 'pwsh -File'],
  [/(?:^|\/)[^./]+$|\.(?:ba|z)?sh$/i, 'bash'],
];

/** Seconds for which it waits for one: `toolCallTimeoutMs` in @cline/core. */
const PATIENCE = 120;

/**
 * Its hooks are files by the name of their event, and the only thing of its settings that refuses a call. One that fails, or
 * cannot be started, refuses nothing: seen in 3.0.65. Source:
 * https://github.com/cline/cline/blob/main/sdk/packages/core/src/hooks/hook-file-config.ts and …/hook-file-hooks.ts.
 */
export function hooks(files: readonly SettingsFile[]): AgentHook[] {
  return files.flatMap(({ path, text }) => {
    if (!HOOK_FILES.some(folder => path === `${folder}${basename(path)}`)) return [];
    const name = basename(path)
      .replace(/\.\w+$/, '')
      .toLowerCase();
    const event = EVENTS.find(each => each.toLowerCase() === name);
    const interpreter = named(text) ?? INTERPRETERS.find(([ending]) => ending.test(path))?.[1];
    return event && interpreter
      ? [{ path, event, matcher: '', command: `${interpreter} ${path}`, timeout: PATIENCE, goesOn: true }]
      : [];
  });
}

/** The interpreter that a file names, without `env` and without the folder of a shell, which it leaves out as well. */
function named(text: string): string | undefined {
  const words = /^#![ \t]*([^\r\n]+)/
    .exec(text)?.[1]
    ?.trim()
    .replace(/^\S*\benv[ \t]+/, '');
  return words?.replace(/^\S*\/(?=(?:ba|z)?sh\b|python3?\b)/, '');
}
