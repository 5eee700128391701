import { list, plural } from '../base/text.ts';
import { undoneScans } from './scanning.ts';
import type { Posture } from './schema.ts';

/**
 * What a posture declares and this version does nothing about, each in a few words: it must never be taken for covered.
 * `remote`: the forge that git has as its remote.
 */
export function undoneParts(posture: Posture, remote?: string): string[] {
  const { credentials = [], secrets, review = {}, monitoring } = posture;
  const managers = [...new Set(Object.values(secrets?.managers ?? {}))];
  const rules = Object.values(review).filter(action => action !== 'off').length;
  const scans = undoneScans(posture, remote);
  return [
    ...(credentials.length > 0 ? [`${plural(credentials.length, 'credential')}, not made`] : []),
    ...(managers.length > 0 ? [`secrets in ${list(managers)}, not set up`] : []),
    ...(rules > 0 ? ['review rules, on the checklist and not searched for'] : []),
    ...(monitoring ? ['alarms, not raised'] : []),
    ...(scans === undefined ? [] : [scans]),
  ];
}

/** The sentence about it, for whoever relies on it; undefined where all that is declared is done. */
export function undoneNote(posture: Posture, remote?: string): string | undefined {
  const parts = undoneParts(posture, remote);
  return parts.length === 0 ? undefined : `declared, and not covered by this version: ${parts.join('; ')}`;
}
