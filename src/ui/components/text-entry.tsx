import { Box, Text } from 'ink';
import { type ReactNode, useState } from 'react';
import { useKeys } from '../hooks/use-keys.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { cells } from '../lines.ts';

const segmenter = new Intl.Segmenter();
const split = (text: string): string[] => [...segmenter.segment(text)].map(({ segment }) => segment);

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

/** One line of text. Enter gives it; up goes back. Longer text scrolls sideways. */
export function TextEntry({
  initial,
  width,
  isActive = true,
  onEnter,
  onChange,
}: {
  initial: string;
  width: number;
  isActive?: boolean;
  onEnter: (text: string) => void;
  onChange?: (text: string) => void;
}): ReactNode {
  const { glyphs, looks, colored } = useTheme();
  const [{ characters, at }, setState] = useState(() => ({ characters: split(initial), at: split(initial).length }));

  function change(next: readonly string[], position: number): void {
    setState({ characters: [...next], at: Math.max(0, Math.min(position, next.length)) });
    onChange?.(next.join(''));
  }
  function insert(text: string): void {
    const added = split(text);
    change([...characters.slice(0, at), ...added, ...characters.slice(at)], at + added.length);
  }

  useKeys(
    ({ name, text }) => {
      if (name === 'char') insert(text);
      else if (name === 'backspace' && at > 0) change(characters.toSpliced(at - 1, 1), at - 1);
      else if (name === 'delete') change(characters.toSpliced(at, 1), at);
      else if (name === 'clear') change([], 0);
      else if (name === 'left') setState({ characters, at: Math.max(0, at - 1) });
      else if (name === 'right') setState({ characters, at: Math.min(characters.length, at + 1) });
      else if (name === 'home') setState({ characters, at: 0 });
      else if (name === 'end') setState({ characters, at: characters.length });
      else if (name === 'enter') onEnter(characters.join('').trim());
    },
    isActive,
    insert,
  );

  const { from, to } = visiblePart(characters, at, Math.max(2, width - 4));
  return (
    <Box aria-role="textbox">
      <Text aria-hidden {...looks.accent}>
        {` ${glyphs.pointer} `}
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
    </Box>
  );
}
