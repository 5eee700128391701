import type { ReactNode } from 'react';
import { SpinnerLine } from '../components/spinner.tsx';
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
          draw: (_, width) => <SpinnerLine says={line(text)} width={width} />,
        },
      ]}
    />
  );
}
