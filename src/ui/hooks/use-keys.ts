import { type Key as InkKey, useInput, usePaste } from 'ink';
import { sanitize } from '../../base/text.ts';
import { characters } from '../../report/width.ts';

export type KeyName =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'page-up'
  | 'page-down'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'tab'
  | 'shift-tab'
  | 'backspace'
  | 'delete'
  | 'clear'
  | 'outline'
  | 'interrupt'
  | 'char';

/** One key, the same on every terminal. `text` is set for `char` alone. */
export interface KeyPress {
  name: KeyName;
  text: string;
}

/** Whether a key goes back one level, where left moves nothing: escape does everywhere, and never quits. */
export function isBack(name: KeyName): boolean {
  return name === 'escape' || name === 'left' || name === 'backspace' || name === 'shift-tab';
}

/** What Ink reports of one read, as single keys. Keys that mean nothing here are left out. */
export function normalizeKeys(input: string, key: InkKey): KeyPress[] {
  if (key.eventType === 'release') return [];
  const named = name(input, key);
  if (named) return [{ name: named, text: '' }];
  if (key.ctrl || key.meta || key.super || key.hyper || input.startsWith('[')) {
    return input === '[' && !key.ctrl && !key.meta ? [{ name: 'char', text: '[' }] : [];
  }
  return characters(input).flatMap((segment): KeyPress[] => {
    if (segment === '\r' || segment === '\n' || segment === '\r\n') return [{ name: 'enter', text: '' }];
    if (segment === '\t') return [{ name: 'tab', text: '' }];
    const text = sanitize(segment);
    return text === '' ? [] : [{ name: 'char', text }];
  });
}

function name(input: string, key: InkKey): KeyName | undefined {
  if (key.ctrl && input === 'c') return 'interrupt';
  if (key.ctrl && input === 'u') return 'clear';
  if (key.ctrl && input === 'o') return 'outline';
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  if (key.leftArrow) return 'left';
  if (key.rightArrow) return 'right';
  if (key.pageUp) return 'page-up';
  if (key.pageDown) return 'page-down';
  if (key.home) return 'home';
  if (key.end) return 'end';
  if (key.return) return 'enter';
  if (key.escape) return 'escape';
  if (key.tab) return key.shift ? 'shift-tab' : 'tab';
  if (key.backspace) return 'backspace';
  if (key.delete) return 'delete';
  return undefined;
}

/** The lines of a pasted text, made safe, without the empty ones. */
export function pastedLines(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .map(row => sanitize(row.replace(/\s+/g, ' ')).trim())
    .filter(Boolean);
}

/** Calls `onKey` for every key while active, and `onPaste` with the lines of pasted text. */
export function useKeys(
  onKey: (press: KeyPress) => void,
  isActive = true,
  onPaste?: (lines: readonly string[]) => void,
): void {
  useInput(
    (input, key) => {
      for (const press of normalizeKeys(input, key)) onKey(press);
    },
    { isActive },
  );
  usePaste(
    text => {
      onPaste?.(pastedLines(text));
    },
    { isActive },
  );
}
