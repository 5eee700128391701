import type { Posture } from '../../posture/schema.ts';

/**
 * The protected patterns that can match a branch at all: git refuses names with blanks, control characters and any of
 * `~ ^ : \`, so a pattern that holds one is inert and left out. See git-check-ref-format(1).
 */
export function protectedPatterns(posture: Posture): string[] {
  return (posture.repository?.protected ?? [])
    .map(pattern => pattern.replace(/^refs\/heads\//, ''))
    .filter(pattern => /^[^\s\p{C}~^:\\]+$/u.test(pattern));
}
