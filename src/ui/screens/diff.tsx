import { type ReactNode, useMemo, useState } from 'react';
import type { Change } from '../../generate/types.ts';
import { Scroll } from '../components/scroll.tsx';
import { diffLines, diffSize } from '../diff-lines.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { fitMiddle, line, span, wrapLine } from '../lines.ts';

/** The changes file by file, each line whole, over several rows where it must be: up and down scroll, left and right go to another file. */
export function DiffScreen({
  changes,
  skips,
  onSkip,
  onClose,
}: {
  changes: readonly Change[];
  /** Whether a change is left out; undefined where it cannot be. */
  skips?: (change: Change) => boolean | undefined;
  onSkip?: (change: Change) => void;
  /** Told which file was seen last. */
  onClose: (path: string | undefined) => void;
}): ReactNode {
  const { glyphs } = useTheme();
  const { width } = useSize();
  const [at, setAt] = useState(0);
  const change = changes[at];
  const lines = useMemo(() => (change ? diffLines(change) : []), [change]);
  const rows = useMemo(() => lines.flatMap(each => wrapLine(each, width)), [lines, width]);
  if (!change) return null;
  const title = line(
    span(` ${fitMiddle(change.path, Math.max(12, width - 40), glyphs.ellipsis)}`, 'strong'),
    span(`   ${diffSize(lines)}`, 'quiet'),
    span(skips?.(change) ? '   left out' : '', 'warn'),
    span(changes.length > 1 ? `   file ${at + 1} of ${changes.length}` : '', 'quiet'),
  );
  const left = skips?.(change);
  const turn = (by: number): void => setAt((at + by + changes.length) % changes.length);
  return (
    <Scroll
      key={at}
      title={title}
      lines={rows}
      keys={[
        ...(changes.length > 1 ? [[`${glyphs.left} ${glyphs.right}`, 'other file'] as const] : []),
        ...(left === undefined ? [] : [['s', left ? 'take it' : 'leave it out'] as const]),
        ['esc', 'back'],
      ]}
      onClose={() => onClose(change.path)}
      onKey={({ name, text }) => {
        if (text === 's' && left !== undefined) onSkip?.(change);
        if (changes.length < 2) return;
        if (name === 'right' || name === 'tab') turn(1);
        else if (name === 'left' || name === 'shift-tab') turn(-1);
      }}
    />
  );
}
