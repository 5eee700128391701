import { list, oneLine, plural } from '../base/text.ts';
import { LOOSENED, type Report } from '../selftest/types.ts';

/** Targets that are named in one line. */
const NAMED = 3;

/**
 * What was reached in the last kept run and has no row at all in this one, in a line: that nothing of it is reached now
 * proves nothing. Where a guard was loosened is looked for every time, and so are processes: such a row that is gone is mended.
 */
export function noLongerTried(last: Report | undefined, report: Report): string | undefined {
  const answered = new Set(report.vantages.filter(({ available }) => available).map(({ id }) => id));
  const now = new Set(report.rows.map(({ id }) => id));
  const gone = (last?.rows ?? []).filter(
    ({ id, vantage, verdict, escape: round, attempt }) =>
      verdict === 'exposed' &&
      answered.has(vantage) &&
      round !== LOOSENED &&
      attempt !== 'process' &&
      !vantage.startsWith('via:') &&
      !now.has(id),
  );
  if (gone.length === 0) return undefined;
  const targets = [...new Set(gone.map(({ target }) => oneLine(target)))];
  const rest = targets.length - NAMED;
  const names = list([...targets.slice(0, NAMED), ...(rest > 0 ? [`${rest} more`] : [])]);
  const were = gone.length === 1 ? 'that was reached is not tried' : 'that were reached are not tried';
  return `${plural(gone.length, 'row')} ${were} any more: ${names}`;
}
