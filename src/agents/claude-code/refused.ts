import { patternOf } from '../deny-rules.ts';
import { jsonValue } from '../values.ts';

/** A `Read` rule's path may not hold what ends it. */
const READ_RULE = /^Read\(([^()\n\r]{1,500})\)$/;

/**
 * The paths that settings refuse Claude Code to read, as a posture writes them: `./` and `/` at the start of a rule mean the
 * project, `//` the whole disk, which no posture speaks of. Source: https://code.claude.com/docs/en/permissions.
 */
export function refusedReads(settings: string): string[] {
  const deny = jsonValue(settings, 'permissions', 'deny');
  const paths = (Array.isArray(deny) ? deny : []).flatMap(rule =>
    typeof rule === 'string' ? (READ_RULE.exec(rule)?.[1] ?? []) : [],
  );
  return [...new Set(paths.flatMap(path => patternOf(path) ?? []))];
}
