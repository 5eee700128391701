import { type Void, voidsIn } from '../../agents/voids.ts';
import { formats } from '../formats/index.ts';
import { type Format, FormatProblem } from '../formats/types.ts';

/** A settings file, and what in it overrules ours by this table; `ownSandbox`: also where it is the agent's sandbox that it weakens. */
export function overruledBy(
  table: readonly Void[],
  path: string,
  { ownSandbox = false, format = 'json' }: { ownSandbox?: boolean; format?: Format['id'] } = {},
): { path: string; weaker(text: string): string | undefined } {
  return {
    path,
    weaker: text => {
      const found = voidsIn(table, parsedText(format, text), ownSandbox);
      return found.length > 0 ? `${found.join('; ')}: take it out there` : undefined;
    },
  };
}

/** The settings in a file; undefined where it cannot be read: it is not obeyed then either. */
export function parsedText(format: Format['id'], text: string): unknown {
  try {
    return formats[format].parse(text).value;
  } catch (error) {
    if (error instanceof FormatProblem) return undefined;
    throw error;
  }
}
