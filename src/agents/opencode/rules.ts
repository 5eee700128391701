import type { AgentRule } from '../driver.ts';
import type { SettingsFile } from '../types.ts';
import { jsonValue, object } from '../values.ts';

type What = AgentRule['what'];

/** The permissions whose patterns say what of; a key of the settings is a pattern of their names. */
const KINDS: readonly { name: string; whats(pattern: string): What[] }[] = [
  { name: 'read', whats: pattern => pathsOf(pattern).map(path => ({ kind: 'read', pattern: path })) },
  { name: 'edit', whats: pattern => pathsOf(pattern).map(path => ({ kind: 'write', pattern: path })) },
  { name: 'bash', whats: commandsOf },
  { name: 'webfetch', whats: pattern => [{ kind: 'fetch', host: hostOf(pattern) }] },
  { name: 'external_directory', whats: outsideOf },
];

/**
 * What opencode's settings deny: for all agents, and for the one that is driven, which is the default one. Source:
 * https://opencode.ai/docs/permissions/.
 */
export function rules(settings: readonly SettingsFile[]): AgentRule[] {
  return settings.flatMap(({ path, text }) => {
    const chosen = jsonValue(text, 'default_agent');
    const agent = typeof chosen === 'string' ? chosen : 'build';
    return [['permission'], ['agent', agent, 'permission'], ['mode', agent, 'permission']].flatMap(keys =>
      deniedIn(jsonValue(text, ...keys)).map(({ key, pattern, what }) => ({
        text: `${[...keys, ...(key === undefined ? [] : [key])].join('.')}${pattern === undefined ? '' : ` "${pattern}"`}: deny`,
        path,
        what,
      })),
    );
  });
}

interface Denied {
  key?: string;
  pattern?: string;
  what: What;
}

/** A permission that is denied as a whole takes its tool away; two of them are more than a tool. */
const WHOLE: Readonly<Record<string, readonly What[]>> = {
  webfetch: [{ kind: 'fetch', host: undefined }],
  external_directory: outsideOf('*'),
};

function deniedIn(permission: unknown): Denied[] {
  if (permission === 'deny') return [{ what: { kind: 'tool', name: '*' } }];
  return Object.entries(object(permission)).flatMap(([key, value]): Denied[] => {
    const whole = WHOLE[key] ?? [{ kind: 'tool', name: key }];
    if (value === 'deny') return whole.map(what => ({ key, what }));
    const meant = KINDS.filter(({ name }) => wildcard(key).test(name));
    const denied = Object.entries(object(value)).flatMap(([pattern, action]) => (action === 'deny' ? [pattern] : []));
    return denied.flatMap(pattern =>
      (pattern === '*' ? whole : meant.flatMap(({ whats }) => whats(pattern))).map(what => ({ key, pattern, what })),
    );
  });
}

/** A pattern as opencode reads it: `*` is anything, `?` one character, the whole of what is compared. */
const wildcard = (pattern: string) =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  );

/**
 * The same as a gitignore pattern: its star passes over slashes, so that one that stands for folders is any number of them.
 * None for what is said from the repository to lie outside: which file that is, where it lies tells.
 */
function pathsOf(pattern: string): string[] {
  if (pattern.startsWith('/') || pattern.startsWith('../') || pattern === '') return [];
  if (/^(?:~|\$HOME)(?:\/|$)/.test(pattern)) return homePath(pattern);
  const path = pattern.replace(/(^|\/)\*(?=\/|$)/g, '$1**').replace(/[[\]\\!#]/g, '\\$&');
  return [path.includes('*') && !path.includes('/') ? path : `/${path}`.replace(/^\/\*\*\//, '**/')];
}

const homePath = (pattern: string) => {
  const path = pattern.replace(/^(?:~|\$HOME)\/?/, '').replace(/(^|\/)\*$/, '$1**');
  return [`~/${path === '' ? '**' : path}`];
};

/** A folder outside, of which nothing is read and nothing is written; any of them is shown by the home. */
function outsideOf(pattern: string): What[] {
  const inHome = pattern === '*' ? ['~/**'] : /^(?:~|\$HOME)(?:\/|$)/.test(pattern) ? homePath(pattern) : [];
  const path = inHome[0] ?? (pattern.startsWith('/') ? `/${pattern}` : undefined);
  return path === undefined
    ? []
    : [
        { kind: 'read', pattern: path },
        { kind: 'write', pattern: path },
      ];
}

/**
 * A command that the pattern means. None for one that begins with a star, or has one in the middle: those speak of what stands
 * behind any command, such as a file, which is tried by its own rules. Pushes are told by git's name alone.
 */
function commandsOf(pattern: string): What[] {
  const start = pattern.replace(/\s*\*$/, '').trim();
  if (/^git(?: \*)? push\b/.test(start)) return [{ kind: 'exec', command: 'git push origin main' }];
  return start === '' || /[*?]/.test(start) ? [] : [{ kind: 'exec', command: start }];
}

const hostOf = (pattern: string) => /^https?:\/\/([\w.:-]+)/.exec(pattern)?.[1];
