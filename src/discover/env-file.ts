import { secretShape } from '../posture/secrets.ts';

/** A variable of an environment file. The value is for looking into at once, and is never kept. */
export interface Assignment {
  name: string;
  value: string;
  line: number;
}

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]{0,200})[ \t]*=[ \t]*(.*)$/;

/** What ends a value that goes over several lines, by what it begins with. */
const ENDS: readonly [begins: RegExp, ends: RegExp][] = [
  [/^["']?-----BEGIN /, /-----END /],
  [/^"/, /(?<!\\)"/],
  [/^'/, /(?<!\\)'/],
  [/^`/, /(?<!\\)`/],
];

const HEREDOC = /<<-?[ \t]*["']?([A-Za-z_]\w{0,100})/;

/** A last line of base64 with its padding is no name with nothing behind: `aGVsbG8gd29ybGQ=`, `Zm9vYg==`. */
function isPadded(name: string, value: string): boolean {
  if (value === '=') return true;
  return (
    value === '' &&
    (name.length + 1) % 4 === 0 &&
    /^[A-Za-z0-9]+$/.test(name) &&
    /[a-z]/.test(name) &&
    /[A-Z]/.test(name)
  );
}

/**
 * The assignments of a dotenv or shell file, comments and lines over 4,000 characters left out. A value in quotes, or a
 * key, may go over several lines: its first is told, and no line of it is an assignment, though it may look like one (`Zm9v=`).
 */
export function* assignments(text: string): Generator<Assignment> {
  const lines = text.split(/\r?\n/);
  // Ends that no later line has need not be looked for again.
  const missing = new Set<RegExp>();
  for (let at = 0; at < lines.length; at++) {
    const content = lines[at] as string;
    const match = content.length > 4_000 ? undefined : ASSIGNMENT.exec(content);
    const [, name = '', value = content.trim()] = match ?? [];
    if (match && !isPadded(name, value)) yield { name, value: unquoted(value), line: at + 1 };
    const tag = HEREDOC.exec(content)?.[1];
    if (tag !== undefined) {
      const last = lines.findIndex((line, index) => index > at && line.trim() === tag);
      if (last >= 0) at = last;
      continue;
    }
    if (value.endsWith('\\')) {
      while (at < lines.length && lines[at]?.trimEnd().endsWith('\\')) at++;
      continue;
    }
    const ends = ENDS.find(([begins]) => begins.test(value))?.[1];
    if (ends === undefined || ends.test(value.slice(1)) || missing.has(ends)) continue;
    let last = at + 1;
    while (last < lines.length && !ends.test(lines[last] as string)) last++;
    if (last === lines.length) missing.add(ends);
    else at = last;
  }
}

/** Names that are taken of one file. */
const NAMES = 1_000;

/** The names of a dotenv file's variables, once each, and nothing that looks like a secret itself. */
export function variableNames(text: string): string[] {
  const names = new Set<string>();
  for (const { name } of assignments(text)) {
    if (names.size >= NAMES) break;
    if (!secretShape(name)) names.add(name);
  }
  return [...names];
}

function unquoted(value: string): string {
  const quoted = /^(["'`])(.*?)\1/.exec(value);
  return quoted ? (quoted[2] as string) : value.replace(/\s+#.*$/, '').trim();
}
