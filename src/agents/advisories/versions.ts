interface Version {
  numbers: readonly number[];
  /** Made before the release of these numbers. */
  early: boolean;
}

const FORM = /^v?(\d{1,15}(?:\.\d{1,15}){1,3})([\w.+~-]{0,60})$/;
/** What a release itself may end with: `+build`, and the time at which editors number their Debian packages (`1.95.3-1731513102`). */
const STILL_RELEASE = /^(?:-\d{8,})?(?:\+.*)?$/;

/** Undefined where it is no version of numbers. */
function read(version: string): Version | undefined {
  const [, numbers, rest = ''] = FORM.exec(version) ?? [];
  return numbers === undefined
    ? undefined
    : { numbers: numbers.split('.').map(Number), early: !STILL_RELEASE.test(rest) };
}

/**
 * Below zero where `a` comes before `b`, above zero where it comes after; undefined where one of them is no version. What is
 * made before a release (`2.1.0-beta.3`, `2.1.0~rc1`) comes before it; among such of one release nothing is told apart.
 */
export function compareVersions(a: string, b: string): number | undefined {
  const [one, other] = [read(a), read(b)];
  if (!one || !other) return undefined;
  for (let at = 0; at < Math.max(one.numbers.length, other.numbers.length); at++) {
    const difference = (one.numbers[at] ?? 0) - (other.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(other.early) - Number(one.early);
}
