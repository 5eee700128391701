import { Box, Text } from 'ink';
import { type ReactNode, useRef, useState } from 'react';
import { characters as split } from '../../report/width.ts';
import { type KeyPress, useKeys } from '../hooks/use-keys.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { cells } from '../lines.ts';

/** The characters around `at` that fit into `width` cells together with a cell for the cursor behind the last one. */
export function visiblePart(characters: readonly string[], at: number, width: number): { from: number; to: number } {
  let from = at;
  let to = Math.min(at + 1, characters.length);
  let used = to > at ? cells(characters[at] as string) : 1;
  while (from > 0 && used + cells(characters[from - 1] as string) <= width) used += cells(characters[--from] as string);
  while (to < characters.length && used + cells(characters[to] as string) <= width)
    used += cells(characters[to++] as string);
  return { from, to };
}

export interface Typed {
  characters: readonly string[];
  /** The cursor stands before this character. */
  at: number;
}

/** What a key, or pasted text, makes of the text. */
export function edit({ characters, at }: Typed, press: KeyPress): Typed {
  const count = characters.length;
  switch (press.name) {
    case 'char': {
      const added = split(press.text);
      return { characters: [...characters.slice(0, at), ...added, ...characters.slice(at)], at: at + added.length };
    }
    case 'backspace':
      return at > 0 ? { characters: characters.toSpliced(at - 1, 1), at: at - 1 } : { characters, at };
    case 'delete':
      return { characters: characters.toSpliced(at, 1), at };
    case 'clear':
      return { characters: [], at: 0 };
    case 'left':
      return { characters, at: Math.max(0, at - 1) };
    case 'right':
      return { characters, at: Math.min(count, at + 1) };
    case 'home':
      return { characters, at: 0 };
    case 'end':
      return { characters, at: count };
    default:
      return { characters, at };
  }
}

/** One line of text, or several texts on it with commas. Enter gives it; up goes back. Longer text scrolls sideways, with a mark where it is cut. */
export function TextEntry({
  initial,
  width,
  isActive = true,
  several = false,
  onEnter,
  onChange,
}: {
  initial: string;
  width: number;
  isActive?: boolean;
  /** Whether each pasted line is a text of its own. */
  several?: boolean;
  onEnter: (text: string) => void;
  onChange?: (text: string) => void;
}): ReactNode {
  const { glyphs, looks, colored } = useTheme();
  const [typed, setTyped] = useState<Typed>(() => ({ characters: split(initial), at: split(initial).length }));
  // Several keys can come in one read, before anything is drawn again.
  const latest = useRef(typed);

  function take(press: KeyPress): void {
    if (press.name === 'enter') {
      onEnter(latest.current.characters.join('').trim());
      return;
    }
    const before = latest.current.characters;
    latest.current = edit(latest.current, press);
    setTyped(latest.current);
    if (latest.current.characters !== before) onChange?.(latest.current.characters.join(''));
  }
  useKeys(take, isActive, lines => take({ name: 'char', text: lines.join(several ? ', ' : ' ') }));

  const { characters, at } = typed;
  // Three cells before it and one behind it: the marks of what is cut stand in the last and in the first of those.
  const { from, to } = visiblePart(characters, at, Math.max(2, width - (colored ? 4 : 5)));
  const cut = (mark: string): string => (cells(glyphs.ellipsis) === 1 ? glyphs.ellipsis : mark);
  return (
    <Box aria-role="textbox">
      <Text aria-hidden {...looks.accent}>
        {` ${glyphs.pointer}${from > 0 ? cut('<') : ' '}`}
      </Text>
      <Text>
        {characters.slice(from, at).join('')}
        {colored ? (
          <Text inverse={isActive}>{characters[at] ?? ' '}</Text>
        ) : (
          `${isActive ? '|' : ''}${characters[at] ?? ''}`
        )}
        {characters.slice(at + 1, to).join('')}
      </Text>
      {to < characters.length ? (
        <Text aria-hidden {...looks.accent}>
          {cut('>')}
        </Text>
      ) : null}
    </Box>
  );
}
