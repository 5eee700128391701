import type { ReactNode } from 'react';
import { plural } from '../../base/text.ts';
import type { Report, Row } from '../../selftest/types.ts';
import { Lines } from '../components/lines.tsx';
import { SpinnerLine } from '../components/spinner.tsx';
import { type Block, SPACE, Stack } from '../components/stack.tsx';
import { type StartTest, useSelftest } from '../hooks/use-selftest.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { keyBar } from '../key-bar.ts';
import { type Line, line, type Span, span, table } from '../lines.ts';
import { markOf } from '../marks.ts';
import type { Progress } from '../progress.ts';
import type { Glyphs } from '../theme.ts';

/** `reached 9 · held 41 · works 6`: only what there is. */
export function counters(progress: Progress, glyphs: Glyphs): Line {
  const parts: Span[] = [];
  const add = (count: number, word: string, tone: Span['tone']): void => {
    if (count === 0) return;
    if (parts.length > 0) parts.push(span(` ${glyphs.dot} `, 'quiet'));
    parts.push(span(`${word} ${count}`, tone));
  };
  add(progress.reached, 'reached', 'bad');
  add(progress.tight, 'too tight', 'warn');
  add(progress.held, 'held', 'good');
  add(progress.works, 'works', 'plain');
  add(progress.unproven, 'not proven', 'quiet');
  return parts;
}

/** Rows that were reached: mark, target, what it opens. */
export function rowLines(rows: readonly Row[], width: number, glyphs: Glyphs): Line[] {
  return table(
    rows.map(row => ({
      mark: markOf(row.verdict === 'broken', glyphs),
      name: row.target,
      says: row.opens ?? row.reason,
    })),
    width,
    glyphs.ellipsis,
  );
}

/** Rows as they are judged: a counter, and the last ones that were reached. */
export function LiveTest({
  title,
  start,
  onDone,
}: {
  title: string;
  start: StartTest;
  onDone: (report: Report) => void;
}): ReactNode {
  const progress = useSelftest(start, onDone);
  const theme = useTheme();
  const { width, height } = useSize();
  const of = progress.tries > 0 ? `${progress.judged} of ${plural(progress.tries, 'thing')}` : '';
  const rows = rowLines(progress.last.slice(-Math.max(1, height - 6)), width, theme.glyphs);
  const down = progress.vantages
    .filter(vantage => vantage.down !== null)
    .map(vantage => line(' ', span(`${theme.glyphs.unproven} `, 'warn'), `${vantage.title}: ${vantage.down}`));
  const counts = counters(progress, theme.glyphs);
  const blocks: Block[] = [
    SPACE,
    {
      want: 1,
      least: 1,
      rank: 0,
      draw: (_, columns) => <SpinnerLine says={line(title, span(of && `  ${of}`, 'quiet'))} width={columns} />,
    },
    { lines: counts.length > 0 ? [line('   ', ...counts)] : [], rank: 1 },
    { lines: down, rank: 3, least: 0 },
    ...(rows.length > 0 ? [SPACE] : []),
    {
      want: rows.length,
      least: 1,
      rank: 2,
      draw: (given, columns) => <Lines lines={rows.slice(-given)} width={columns} />,
    },
    SPACE,
    {
      lines: [keyBar([['ctrl-c', 'stop']], width, theme)],
      rank: 4,
    },
  ];
  return <Stack blocks={blocks} />;
}
