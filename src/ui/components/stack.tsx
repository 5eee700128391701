import { Box } from 'ink';
import { Fragment, type ReactNode } from 'react';
import { plural } from '../../base/text.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { clip, type Part, share } from '../layout.ts';
import { BLANK, type Line, span } from '../lines.ts';
import { Lines } from './lines.tsx';

/** Rows of text; the end is cut where there is no room, and `more` says that it was. */
export interface TextBlock {
  lines: readonly Line[];
  rank: number;
  least?: number;
}

/** Something that draws itself into as many rows as it is given. */
export interface NodeBlock {
  want: number;
  least: number;
  rank: number;
  draw: (rows: number, width: number) => ReactNode;
}

export type Block = TextBlock | NodeBlock;

/** One empty row, the first thing to go. */
export const SPACE: TextBlock = { lines: [BLANK], rank: 90, least: 0 };

function part(block: Block): Part {
  return 'draw' in block
    ? block
    : { want: block.lines.length, least: block.least ?? block.lines.length, rank: block.rank };
}

/** A whole screen: its blocks from top to bottom, never as tall as the window. */
export function Stack({ blocks }: { blocks: readonly Block[] }): ReactNode {
  const { width, height } = useSize();
  const { glyphs } = useTheme();
  const rows = share(height, blocks.map(part));
  return (
    <Box flexDirection="column">
      {blocks.map((block, index) => {
        const given = rows[index] as number;
        if (given === 0) return null;
        if ('draw' in block) {
          // biome-ignore lint/suspicious/noArrayIndexKey: blocks keep their place
          return <Fragment key={index}>{block.draw(given, width)}</Fragment>;
        }
        const lines = clip(block.lines, given, count => [
          span(`   ${glyphs.ellipsis} ${plural(count, 'more line')}`, 'quiet'),
        ]);
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks keep their place
        return <Lines key={index} lines={lines} width={width} />;
      })}
    </Box>
  );
}
