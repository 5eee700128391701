import type { AgentRule } from '../driver.ts';
import type { SettingsFile } from '../types.ts';
import { jsonValue } from '../values.ts';
import { patternOf } from './refused.ts';

/** `Tool` or `Tool(what)`. */
const RULE = /^([A-Za-z_][\w-]*)(?:\(([^\n\r]{1,500})\))?$/;

/** Words for what a `*` of a rule stands for, by the command before it: what such rules are mostly written against. */
const USUALLY: readonly (readonly [start: RegExp, words: string])[] = [
  [/^git push$/, 'origin main'],
  [/^git commit$/, '--allow-empty -m x'],
  [/^rm( -\w+)*$/, 'build'],
];

/** A command that a rule over the text of commands means; undefined where none can be told from it. */
export function commandOf(rule: string): string | undefined {
  const start = rule.replace(/:\*$| \*$|\*$/, '').trim();
  const open = start !== rule.trim();
  const more = open ? USUALLY.find(([pattern]) => pattern.test(start))?.[1] : undefined;
  const command = `${start.replaceAll('*', 'x')}${more === undefined ? '' : ` ${more}`}`.trim();
  return command === '' ? undefined : command;
}

/**
 * What the entries of `permissions.deny` refuse, in the syntax that Claude Code and its kin share. Source:
 * https://code.claude.com/docs/en/permissions.
 */
export function denyRules(path: string, deny: unknown): AgentRule[] {
  const all = Array.isArray(deny) ? deny.filter((rule): rule is string => typeof rule === 'string') : [];
  return all.flatMap(text => {
    const [, tool = '', what] = RULE.exec(text) ?? [];
    const kind = whatOf(tool, what);
    return kind ? [{ text, path, what: kind }] : [];
  });
}

function whatOf(tool: string, what: string | undefined): AgentRule['what'] | undefined {
  if (tool === '') return undefined;
  if (what === undefined || what === '*')
    return tool === 'WebFetch' ? { kind: 'fetch', host: undefined } : { kind: 'tool', name: tool };
  if (tool === 'Bash') {
    const command = commandOf(what);
    return command === undefined ? undefined : { kind: 'exec', command };
  }
  if (tool === 'WebFetch') return { kind: 'fetch', host: /^domain:(.+)$/.exec(what)?.[1] };
  const pattern = what.startsWith('//') ? what : patternOf(what);
  if (pattern === undefined) return undefined;
  if (tool === 'Read') return { kind: 'read', pattern };
  return tool === 'Edit' || tool === 'Write' ? { kind: 'write', pattern } : undefined;
}

export function rules(settings: readonly SettingsFile[]): AgentRule[] {
  return settings.flatMap(({ path, text }) => denyRules(path, jsonValue(text, 'permissions', 'deny')));
}
