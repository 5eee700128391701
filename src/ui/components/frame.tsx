import { createContext, type ReactNode, useState } from 'react';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { type Keys, withSearch } from '../key-bar.ts';
import { type Line, line, span, wrapText } from '../lines.ts';
import type { Tone } from '../theme.ts';
import { keyBlock } from './keys.tsx';
import { type Block, SPACE, Stack } from './stack.tsx';

/** Something said below the control: the lower its rank, the longer it stays where there is no room. */
export interface Said {
  text: string;
  rank: number;
  tone?: Tone;
  least?: number;
}

/** From this many rows on, the keys stand apart. */
const ROOMY = 20;

/** By which a list says which keys its search has now: they stand in the bar below it. */
export const SearchKeys = createContext<(keys: Keys | undefined) => void>(() => {});

/** A whole screen around one control: what came before, a title, the control, what is to be known about it, and the keys. */
export function Frame({
  above = [],
  title,
  under = [],
  over = [],
  control,
  said = [],
  problem,
  why = [],
  keys,
}: {
  /** What was answered so far. */
  above?: readonly Line[];
  title: readonly Line[];
  /** Directly below the title. */
  under?: readonly Line[];
  /** Directly above the control: what it is for. */
  over?: readonly Line[];
  control: Block;
  said?: readonly (Said | undefined)[];
  /** Why what stands there does not do. */
  problem?: string | undefined;
  /** Why it is asked, where that is wanted now. */
  why?: readonly Line[] | undefined;
  keys: Keys;
}): ReactNode {
  const theme = useTheme();
  const { width, height } = useSize();
  const [search, setSearch] = useState<Keys>();
  const apart = (lines: readonly Line[], rank: number, least: number): Block[] =>
    lines.length > 0 ? [SPACE, { lines, rank, least: Math.min(least, lines.length) }] : [];
  const blocks: Block[] = [
    ...apart(above, 9, 1),
    SPACE,
    { lines: title, rank: 1 },
    { lines: under, rank: 3, least: 1 },
    SPACE,
    { lines: over, rank: 3 },
    control,
    ...said.flatMap(one =>
      one === undefined
        ? []
        : apart(
            wrapText(one.text, width - 4).map(text => line(span(`   ${text}`, one.tone ?? 'quiet'))),
            one.rank,
            one.least ?? 1,
          ),
    ),
    {
      lines:
        problem === undefined
          ? []
          : wrapText(problem, width - 4).map((text, index) =>
              line(span(` ${index === 0 ? theme.glyphs.tight : ' '} ${text}`, 'warn')),
            ),
      rank: 2,
      least: 1,
    },
    ...apart(why, 8, 2),
    // A list that takes all rows leaves one between what is said and the keys, unless there are few.
    height < ROOMY ? SPACE : { ...SPACE, rank: 4, least: 1 },
    keyBlock(withSearch(keys, search), width, theme, 4),
  ];
  return (
    <SearchKeys.Provider value={setSearch}>
      <Stack blocks={blocks} />
    </SearchKeys.Provider>
  );
}
