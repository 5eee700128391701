import { parse } from 'smol-toml';
import { commandOf } from '../deny-rules.ts';
import type { AgentRule } from '../driver.ts';
import type { SettingsFile } from '../types.ts';
import { jsonValue } from '../values.ts';

type What = AgentRule['what'];
type Table = Record<string, unknown>;

/** What its settings exclude, and what its policies deny, as far as that can be told from an expression. */
export const rules = (settings: readonly SettingsFile[]): AgentRule[] =>
  settings.flatMap(file => (file.path.endsWith('.toml') ? policyRules(file) : excluded(file)));

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === 'string');

/** Source: https://github.com/google-gemini/gemini-cli/blob/main/docs/reference/configuration.md. */
function excluded({ path, text }: SettingsFile): AgentRule[] {
  return texts(jsonValue(text, 'tools', 'exclude')).flatMap(rule => {
    const [, tool = '', what] = /^([\w*-]+)(?:\((.*)\))?$/.exec(rule) ?? [];
    const kind = what === undefined ? toolRule(tool) : execRule(what);
    return kind ? [{ text: rule, path, what: kind }] : [];
  });
}

function toolRule(name: string): What | undefined {
  if (name === '') return undefined;
  return name === 'web_fetch' ? { kind: 'fetch', host: undefined } : { kind: 'tool', name };
}

function execRule(prefix: string): What | undefined {
  const command = commandOf(`${prefix} *`);
  return command === undefined ? undefined : { kind: 'exec', command };
}

/** Source: https://github.com/google-gemini/gemini-cli/blob/main/docs/reference/policy-engine.md. */
function policyRules({ path, text }: SettingsFile): AgentRule[] {
  let found: unknown;
  try {
    found = parse(text).rule;
  } catch {}
  const list = Array.isArray(found) ? (found as Table[]) : [];
  return list
    .filter(({ decision, mcpName, subagent }) => decision === 'deny' && mcpName === undefined && subagent === undefined)
    .flatMap(rule => whatOf(rule).map(what => ({ text: said(rule), path, what })));
}

function said({ toolName, commandPrefix, commandRegex, argsPattern }: Table): string {
  const parts = [toolName, commandPrefix, commandRegex, argsPattern].flatMap(each => texts(each).join('|') || []);
  return `deny ${parts.join(' ')}`.slice(0, 200);
}

function whatOf({ toolName, commandPrefix, commandRegex, argsPattern }: Table): What[] {
  const prefixes = texts(commandPrefix);
  if (prefixes.length > 0) return prefixes.flatMap(prefix => execRule(prefix) ?? []);
  const command = literalOf(texts(commandRegex)[0]);
  if (commandRegex !== undefined) return command === undefined ? [] : [execRule(command) ?? []].flat();
  const tools = texts(toolName);
  if (argsPattern === undefined) return tools.flatMap(name => toolRule(name) ?? []);
  const literal = literalOf(texts(argsPattern)[0]?.replace(/^\\?"(?:command|file_path)\\?":\\?"?/, ''));
  return literal === undefined ? [] : tools.flatMap(name => argumentRule(name, literal) ?? []);
}

/** The rule's expression is looked for anywhere in the arguments. */
function argumentRule(tool: string, literal: string): What | undefined {
  if (tool === 'run_shell_command') return execRule(literal);
  const pattern = literal.includes('/') ? `**/${literal.replace(/^\/+/, '')}` : `**/*${literal}*`;
  if (tool === 'read_file') return { kind: 'read', pattern };
  return tool === 'write_file' || tool === 'replace' ? { kind: 'write', pattern } : undefined;
}

/** The text that an expression stands for, where it stands for one alone. */
function literalOf(expression: string | undefined): string | undefined {
  const text = expression?.replace(/\\b|^\^|\$$/g, '');
  if (
    text === undefined ||
    text === '' ||
    /(^|[^\\])(?:\\\\)*[[\](){}*+?|^$.]/.test(text) ||
    /\\[A-Za-z0-9]/.test(text)
  )
    return undefined;
  return text.replace(/\\(.)/g, '$1').replaceAll('"', '');
}
