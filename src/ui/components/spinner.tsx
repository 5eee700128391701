import { Text, useAnimation } from 'ink';
import type { ReactNode } from 'react';
import { useTheme } from '../hooks/use-theme.ts';

/** Shows that something goes on. A screen reader is told by the words beside it. */
export function Spinner(): ReactNode {
  const { glyphs, looks, screenReader } = useTheme();
  const { frame } = useAnimation({ interval: 100, isActive: !screenReader });
  if (screenReader) return null;
  return <Text {...looks.accent}>{glyphs.spinner[frame % glyphs.spinner.length]}</Text>;
}
