/** A variable of an environment file. The value is for looking into at once, and is never kept. */
export interface Assignment {
  name: string;
  value: string;
  line: number;
}

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]{0,200})[ \t]*=[ \t]*(.*)$/;

/** The assignments of a dotenv or shell file, comments and lines over 4,000 characters left out. */
export function* assignments(text: string): Generator<Assignment> {
  let line = 0;
  for (const content of text.split(/\r?\n/)) {
    line++;
    if (content.length > 4_000) continue;
    const match = ASSIGNMENT.exec(content);
    if (match) yield { name: match[1] as string, value: unquoted(match[2] as string), line };
  }
}

function unquoted(value: string): string {
  const quoted = /^(["'`])(.*?)\1/.exec(value);
  return quoted ? (quoted[2] as string) : value.replace(/\s+#.*$/, '').trim();
}
