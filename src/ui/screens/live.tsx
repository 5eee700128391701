import type { ReactNode } from 'react';
import { plural } from '../../base/text.ts';
import { type Counts, happened, type Thing } from '../../report/things.ts';
import type { Report } from '../../selftest/types.ts';
import { Lines } from '../components/lines.tsx';
import { SpinnerLine } from '../components/spinner.tsx';
import { type Block, SPACE, Stack } from '../components/stack.tsx';
import { type StartTest, useSelftest } from '../hooks/use-selftest.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { keyBar } from '../key-bar.ts';
import { clip } from '../layout.ts';
import { cells, fitWords, type Line, line, lineCells, type Span, span, TWO_COLUMNS, table } from '../lines.ts';
import { stateMark } from '../marks.ts';
import { driveLines, standing } from '../progress.ts';
import type { Glyphs } from '../theme.ts';

/** `reached 9 · held 41 · works 6`: only what there is, and has room as a whole. */
export function counters(counts: Counts, width: number, glyphs: Glyphs): Line {
  const { reached, tooTight, held, works, accepted, notProven } = counts;
  const parts: Span[] = [];
  const add = (count: number, word: string, tone: Span['tone']): void => {
    const part = [...(parts.length > 0 ? [span(` ${glyphs.dot} `, 'quiet')] : []), span(`${word} ${count}`, tone)];
    if (count > 0 && lineCells(parts) + lineCells(part) <= width) parts.push(...part);
  };
  add(reached, 'reached', 'bad');
  add(tooTight, 'too tight', 'warn');
  add(held, 'held', 'good');
  add(works, 'works', 'plain');
  add(notProven, 'not proven', 'quiet');
  add(accepted, 'accepted', 'quiet');
  return parts;
}

/** What is said beside a thing. That it was opened goes without saying beside what it opens. */
function says(thing: Thing): string {
  const { state, rows } = thing;
  const [first] = rows;
  if (state === 'held') return ['held', first?.layer && `by the ${first.layer}`].filter(Boolean).join(' ');
  if (state === 'not proven') return `not proven: ${first?.reason}`;
  return happened(thing);
}

/** Things as they come, one line each: mark, target, what happened. */
export function thingLines(list: readonly Thing[], width: number, glyphs: Glyphs): Line[] {
  return table(
    list.map(thing => ({
      mark: stateMark(thing.state, glyphs),
      name: thing.target === '.' ? 'the repository' : thing.target,
      says: says(thing),
    })),
    width,
    glyphs.ellipsis,
  );
}

/** As many as a column is measured by: lines that come do not move the ones that stand there. */
const MEASURED = 200;
/** Lines of what is as it should be: enough to see that something goes on. */
const OTHERS = 6;

/** Things as they are judged: a counter, the gravest that were reached, and the last of the others. */
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
  const { counts, judged, of, open, others } = standing(progress);
  const shown = open.slice(0, MEASURED);
  const lines = thingLines([...shown, ...others.slice(-MEASURED)], width, theme.glyphs);
  const opened = lines.slice(0, shown.length);
  const last = lines.slice(shown.length).slice(-OTHERS);
  // What a narrower window makes of these rows has mostly room in it still, and can be taken off.
  const half = Math.max(1, Math.floor(height / 2));
  const more = (count: number): Line => [span(`   ${theme.glyphs.ellipsis} ${count} more`, 'quiet')];
  const down = progress.vantages
    .filter(vantage => vantage.down !== null)
    .map(vantage => line(' ', span(`${theme.glyphs.unproven} `, 'warn'), `${vantage.title}: ${vantage.down}`));
  const counted = counters(counts, width - 3, theme.glyphs);
  const progressed = of === 0 ? '' : `  ${judged} of ${width < TWO_COLUMNS ? of : plural(of, 'thing')}`;
  const heading = fitWords(title, width - 3 - cells(progressed), theme.glyphs.ellipsis);
  const blocks: Block[] = [
    SPACE,
    {
      want: 1,
      least: 1,
      rank: 0,
      draw: (_, columns) => <SpinnerLine says={line(heading, span(progressed, 'quiet'))} width={columns} />,
    },
    { lines: counted.length > 0 ? [line('   ', ...counted)] : [], rank: 1 },
    { lines: driveLines(progress).map(text => line('   ', span(text, 'quiet'))), rank: 2, least: 1 },
    { lines: down, rank: 2, least: 1 },
    ...(lines.length > 0 ? [SPACE] : []),
    {
      want: Math.min(opened.length, half),
      least: 1,
      rank: 3,
      draw: (given, columns) => <Lines lines={clip(opened, given, more)} width={columns} />,
    },
    {
      want: Math.min(last.length, Math.max(1, half - opened.length)),
      least: 1,
      rank: 5,
      draw: (given, columns) => <Lines lines={last.slice(-given)} width={columns} />,
    },
    SPACE,
    {
      lines: [keyBar([['ctrl-c', 'stop']], width, theme)],
      rank: 4,
    },
  ];
  return <Stack blocks={blocks} />;
}
