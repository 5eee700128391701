/**
 * Regular expressions (the part that JavaScript, Rust and RE2 share) that find a path or a push in what an agent's tool is
 * given, for agents whose rules are such expressions. What they look at is a text, so there are ways round them: a variable,
 * a link, an interpreter. No group is repeated, since some agents refuse that as too slow.
 */

/** Characters that a shell or JSON may set before a path: none that belongs to a name, or an escaped line end. */
const BEFORE = String.raw`(?:^|[^\w.-]|\\[nrt])`;
const AFTER = String.raw`(?:$|[^\w.-])`;

/** Text as it stands in an expression over JSON, where quotes and backslashes are escaped once more. */
function literal(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

function globBody(glob: string): string {
  return glob
    .split(/(\*\*\/|\*+|\?|\[[!^]?[\w.-]+\])/u)
    .map((part, index) => {
      if (index % 2 === 0) return literal(part);
      if (part === '**/') return '.*';
      if (part.startsWith('**')) return '.*';
      if (part === '*') return String.raw`[^/\s"']*`;
      if (part === '?') return '[^/]';
      return part.replace('[!', '[^');
    })
    .join('');
}

/** Whether an expression for this glob can be made at all: a bracket such as `[z-a]` is none. */
function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return text.length < 1500;
  } catch {
    return false;
  }
}

/** What finds a gitignore pattern, or a `~/…` path, after whatever stands before it in a path. Undefined where none can be made. */
function bodyOf(pattern: string): string | undefined {
  const folder = /[^/]\/+$/.test(pattern);
  const inHome = pattern.startsWith('~/');
  const trimmed = pattern
    .replace(/^~/, '')
    .replace(/\/+$/, '')
    .replace(/^(?:\*\*)?\/+/, '');
  if (trimmed === '') return undefined;
  const text = `${inHome ? '/' : ''}${globBody(trimmed)}${folder ? String.raw`(?:/|["\0]|$)` : AFTER}`;
  return isExpression(text) ? text : undefined;
}

/** Finds the path in the JSON of a tool's argument with this name, however it is led up to. `\0` parts arguments where an agent sets it. */
export function inArgument(name: string, pattern: string): string | undefined {
  const body = bodyOf(pattern);
  const before = pattern.startsWith('~/') ? String.raw`[^\0]*` : String.raw`(?:[^\0]*[^\w.-]|)`;
  return body && `"${name}":"${before}${body}`;
}

/**
 * Finds the path in a command. Undefined for patterns that are plain words, such as `secrets`: commands say those for other
 * reasons too.
 */
export function inCommand(pattern: string): string | undefined {
  if (!/[./]/.test(pattern.replace(/^~\//, '/').replace(/\/+$/, '/').replace(/\*+/g, ''))) return undefined;
  const body = bodyOf(pattern);
  return body && `${pattern.startsWith('~/') ? '' : BEFORE}${body}`;
}

const WRITERS = [
  'tee',
  'cp',
  'mv',
  'ln',
  'rm',
  'dd',
  'install',
  'truncate',
  'chmod',
  'patch',
  'rsync',
  'touch',
  'mkdir',
];

/** Finds a command that writes to the path by a usual tool or by redirection. */
export function writesInCommand(pattern: string): string | undefined {
  const body = bodyOf(pattern);
  return body && String.raw`(?:>|\b(?:${WRITERS.join('|')})\b|\bsed\b.*\s-\w*i)[^;&|]*${BEFORE}${body}`;
}

/** Finds pushes that could move one of these branches, and what passes by the hooks that would stop them. */
export function pushesIn(branches: readonly string[]): string[] {
  const named = branches
    .filter(branch => /^[\w./@+*?[\]-]+$/.test(branch))
    .map(
      branch =>
        String.raw`\bgit\b[^;&|"']*\bpush\b[^;&|]*(?:[\s:+'"]|refs/heads/)${globBody(branch)}(?:[\s'";&|)\\]|$)`,
    )
    .filter(isExpression);
  if (named.length === 0) return [];
  return [
    ...named,
    String.raw`\bgit\b[^;&|"']*\bpush\b[^;&|]*\s--(?:all|mirror|no-verify)\b`,
    String.raw`\bgit\b[^;&|"']*\bcommit\b[^;&|]*\s(?:--no-verify\b|-n\b)`,
    String.raw`\bgit\b.*core\.hooks[Pp]ath`,
  ];
}
