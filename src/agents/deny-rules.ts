import type { AgentRule } from './driver.ts';

/** `Tool` or `Tool(what)`. */
const RULE = /^([A-Za-z_][\w-]*)(?:\(([^\n\r]{1,500})\))?$/;

/** Words for what a `*` of a rule stands for, by the command before it: what such rules are mostly written against. */
const USUALLY: readonly (readonly [start: RegExp, words: string])[] = [
  [/^git push$/, 'origin main'],
  [/^git commit$/, '--allow-empty -m x'],
  [/^rm( -\w+)*$/, 'build'],
];

/** Of pushes, and of what passes by hooks that refuse them. */
const PUSH = /^git(?: \*)? push\b|^git\b.*(?:hooksPath|--no-verify)|^git(?: \*)? commit .*-\w*n/i;
/** Only forced ones, whatever they go to. */
const flagOf = (rule: string) => {
  const flag = /^git(?: \*)? push \*?(--force|-f)\b[^:\w]*(?::\*)?$/.exec(rule)?.[1];
  return flag === undefined ? {} : { flag };
};

/** A command that a rule over the text of commands means; undefined where none can be told from it. */
export function commandOf(rule: string): string | undefined {
  const start = rule.replace(/:\*$| \*$|\*$/, '').trim();
  // A star within a word is no word that anybody types.
  if (/\S\*|\*\S/.test(start)) return undefined;
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
  return all.map(text => {
    const [, tool = '', what] = RULE.exec(text) ?? [];
    return { text, path, what: whatOf(tool, what) };
  });
}

const untold = (why: string) => ({ kind: 'untold', why }) as const;

function whatOf(tool: string, what: string | undefined): AgentRule['what'] {
  if (tool === '') return untold('it has not the form of a rule');
  if (what === undefined || what === '*')
    return tool === 'WebFetch' ? { kind: 'fetch', host: undefined } : { kind: 'tool', name: tool };
  if (tool === 'Bash') {
    if (PUSH.test(what)) return { kind: 'push', ...flagOf(what) };
    const command = commandOf(what);
    return command === undefined ? untold('no command is told that it means') : { kind: 'exec', command };
  }
  if (tool === 'WebFetch') return { kind: 'fetch', host: /^domain:(.+)$/.exec(what)?.[1] };
  if (tool !== 'Read' && tool !== 'Edit' && tool !== 'Write')
    return untold(`what ${tool} does cannot be seen from here`);
  // Braces mean themselves to one reader of patterns, and several names to another.
  if (/[{}]/.test(what)) return untold('braces in it may mean themselves or several names');
  const pattern = what.startsWith('//') ? undefined : patternOf(what);
  if (pattern === undefined) return untold('it speaks of a place outside the repository and the home');
  return { kind: tool === 'Read' ? 'read' : 'write', pattern };
}

/** The path of a rule as a posture writes it; undefined for what no posture speaks of. */
export function patternOf(path: string): string | undefined {
  if (path.startsWith('//') || path.startsWith('!')) return undefined;
  if (path.startsWith('~/')) return path;
  const anchored = /^\.?\//.test(path);
  const body = path.replace(/^\.?\//, '');
  if (body === '' || body.startsWith('../')) return undefined;
  const pattern = /^\*\*\/([^/]+)$/.exec(body)?.[1] ?? (anchored && !body.includes('/') ? `/${body}` : body);
  // Said in another place, these would mean the opposite, or something of the home.
  return /^(?:!|~\/)/.test(pattern) ? undefined : pattern;
}
