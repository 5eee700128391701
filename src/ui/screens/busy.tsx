import { Box } from 'ink';
import type { ReactNode } from 'react';
import { Lines } from '../components/lines.tsx';
import { Spinner } from '../components/spinner.tsx';
import { SPACE, Stack } from '../components/stack.tsx';
import { line } from '../lines.ts';

/** One sentence about what goes on and takes no question. */
export function Busy({ text }: { text: string }): ReactNode {
  return (
    <Stack
      blocks={[
        SPACE,
        {
          want: 1,
          least: 1,
          rank: 0,
          draw: (_, width) => (
            <Box>
              <Lines lines={[line(' ')]} width={1} />
              <Spinner />
              <Lines lines={[line(' ', text)]} width={width - 3} />
            </Box>
          ),
        },
      ]}
    />
  );
}
