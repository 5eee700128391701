import { denyRules } from '../deny-rules.ts';
import type { AgentRule } from '../driver.ts';
import type { SettingsFile } from '../types.ts';
import { jsonValue } from '../values.ts';

/** Claude Code's names for what its rules may also call by its own. Source: `packages/core/src/permissions/rule-parser.ts`, see below. */
const NAMES: Readonly<Record<string, string>> = {
  run_shell_command: 'Bash',
  ShellTool: 'Bash',
  Shell: 'Bash',
  read_file: 'Read',
  ReadFile: 'Read',
  ReadFileTool: 'Read',
  write_file: 'Write',
  WriteFile: 'Write',
  WriteFileTool: 'Write',
  edit: 'Edit',
  EditTool: 'Edit',
  web_fetch: 'WebFetch',
  WebFetchTool: 'WebFetch',
};

/**
 * `permissions.deny`, in Claude Code's syntax, and what settings of older versions exclude. Source:
 * https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/, and https://github.com/QwenLM/qwen-code.
 */
export function rules(settings: readonly SettingsFile[]): AgentRule[] {
  return settings.flatMap(({ path, text }) =>
    [jsonValue(text, 'permissions', 'deny'), jsonValue(text, 'tools', 'exclude')].flatMap(list =>
      (Array.isArray(list) ? list : []).flatMap(rule =>
        typeof rule === 'string' ? denyRules(path, [renamed(rule)]).map(found => ({ ...found, text: rule })) : [],
      ),
    ),
  );
}

/** A command that settings exclude is excluded with whatever follows it. */
function renamed(rule: string): string {
  const [, name = '', rest = ''] = /^(\w+)(.*)$/s.exec(rule) ?? [];
  return Object.hasOwn(NAMES, name) ? `${NAMES[name]}${rest}` : rule;
}
