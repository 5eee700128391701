/** One word for a POSIX shell, always quoted. NUL cannot be said in a shell and is left out. */
export function shellWord(text: string): string {
  return `'${text.replaceAll('\0', '').replaceAll("'", `'\\''`)}'`;
}

/** A `case` pattern for a gitignore pattern: `*`, `?`, plain bracket expressions and escapes mean the same, the rest is quoted. */
export function shellPattern(glob: string): string {
  return glob
    .split(/(\*+|\?|\[[!^]?[A-Za-z0-9_.-]+\]|\\.)/u)
    .filter(part => part !== '')
    .map(part => {
      if (/^\*+$/.test(part)) return '*';
      if (part === '?') return '?';
      if (/^\[.+\]$/.test(part)) return part.replace('[^', '[!');
      return shellWord(part.replace(/^\\(.)$/u, '$1'));
    })
    .join('');
}

/** Text in a compose file, where `$NAME` would be replaced from the environment. */
export function composeText(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** Text in devcontainer.json, where `${…}` would be replaced and nothing escapes it. */
export function devcontainerText(text: string): string {
  return text.replaceAll('${', '$ {');
}

/** Text as code in Markdown, on one line: within, nothing is markup, a mention or an import. */
export function markdownCode(text: string): string {
  return `\`${text.replace(/[`\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim() || ' '}\``;
}

/** Text in a comment on one line of any format. */
export function commentText(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

/** A regular expression (RE2) for a gitignore pattern, matched anywhere in a path. */
export function pathExpression(pattern: string): string {
  const { anchored, body, folder } = parsePattern(pattern);
  const inner = body
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map(part => {
      if (part === '**/') return '(?:.*/)?';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      return part.replace(/[\\^$.|+()[\]{}]/g, String.raw`\$&`);
    })
    .join('');
  return `${anchored ? '^' : '(?:^|/)'}${inner}${folder ? '/' : '(?:/|$)'}`;
}

/** A gitignore pattern taken apart. `anchored`: from the root; `folder`: only folders (it ended in `/`). */
export function parsePattern(pattern: string): { anchored: boolean; body: string; folder: boolean } {
  const folder = pattern.endsWith('/');
  const trimmed = pattern.replace(/\/+$/, '');
  const anchored = trimmed.includes('/') && !trimmed.startsWith('**/');
  return { anchored, body: trimmed.replace(/^(?:\*\*)?\/+/, ''), folder };
}
