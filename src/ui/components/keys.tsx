import { type Keys, keyBar, keyRows } from '../key-bar.ts';
import type { Theme } from '../theme.ts';
import { Lines } from './lines.tsx';
import type { NodeBlock } from './stack.tsx';

/** The keys at the foot of a screen: all of them, or in a single row those that matter most. */
export function keyBlock(keys: Keys, width: number, theme: Theme, rank: number): NodeBlock {
  const rows = keyRows(keys, width, theme);
  return {
    want: rows.length,
    least: Math.min(1, rows.length),
    rank,
    draw: (given, columns) => (
      <Lines lines={given < rows.length ? [keyBar(keys, width, theme)] : rows} width={columns} />
    ),
  };
}
