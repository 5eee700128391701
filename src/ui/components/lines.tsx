import { Box, Static, Text } from 'ink';
import type { ReactNode } from 'react';
import { useTheme } from '../hooks/use-theme.ts';
import { fitLine, type Line } from '../lines.ts';

/** One row. An empty one still takes a row. */
export function LineView({ line, width }: { line: Line; width: number }): ReactNode {
  const { looks, glyphs } = useTheme();
  const fitted = fitLine(line, width, glyphs.ellipsis);
  if (fitted.length === 0) return <Text> </Text>;
  return (
    <Text wrap="truncate-end">
      {fitted.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line have no other identity
        <Text key={index} {...looks[part.tone ?? 'plain']}>
          {part.text}
        </Text>
      ))}
    </Text>
  );
}

export function Lines({ lines, width }: { lines: readonly Line[]; width: number }): ReactNode {
  return (
    <Box flexDirection="column">
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
        <LineView key={index} line={line} width={width} />
      ))}
    </Box>
  );
}

/** What stays in the scrollback: each block is printed once, above everything that still changes. */
export function Printed({ blocks, width }: { blocks: readonly (readonly Line[])[]; width: number }): ReactNode {
  return <Static items={[...blocks]}>{(block, index) => <Lines key={index} lines={block} width={width} />}</Static>;
}
