import { createTwoFilesPatch } from 'diff';
import { shownSides } from './mask.ts';
import type { Change } from './types.ts';

/** One change as a unified diff, or one line for a setting, without the values of secrets. Raw: what prints it makes it safe for the terminal. */
export function formatDiff(change: Change): string {
  if (change.gitConfig) {
    const { key, before, after } = change.gitConfig;
    const show = (value: string | null) => (value === null ? '(not set)' : value);
    return before === after ? '' : `git config ${key}: ${show(before)} -> ${show(after)}\n`;
  }
  const before = change.beside ? change.beside.before : change.before;
  const path = change.beside?.path ?? change.path;
  const { after } = change;
  if (before === null && after === null) return '';
  if (before && after && before.equals(after))
    return change.executable && change.state === 'update' ? `${path}: made executable\n` : '';
  const sides = shownSides(before, after);
  if (!sides) return `${path}: binary file changes\n`;
  const [old, next] = sides;
  return createTwoFilesPatch(
    before ? `a/${path}` : '/dev/null',
    after ? `b/${path}` : '/dev/null',
    old,
    next,
    undefined,
    undefined,
    { context: 3 },
  ).replace(/^=+\n/, '');
}
