import { useAnimation } from 'ink';
import type { ReactNode } from 'react';
import { useTheme } from '../hooks/use-theme.ts';
import { type Line, line, span } from '../lines.ts';
import { LineView } from './lines.tsx';

/** A line before which something turns while it goes on. A screen reader is told by the words. */
export function SpinnerLine({ says, width }: { says: Line; width: number }): ReactNode {
  const { glyphs, screenReader } = useTheme();
  const { frame } = useAnimation({ interval: 100, isActive: !screenReader });
  const sign = screenReader ? '' : `${glyphs.spinner[frame % glyphs.spinner.length]} `;
  return <LineView line={line(' ', span(sign, 'accent'), ...says)} width={width} />;
}
