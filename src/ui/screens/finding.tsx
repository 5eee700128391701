import { type ReactNode, useState } from 'react';
import { plural } from '../../base/text.ts';
import type { Facts } from '../../discover/facts.ts';
import type { Report } from '../../selftest/types.ts';
import { Menu, type MenuItem } from '../components/menu.tsx';
import { type Block, SPACE, Stack } from '../components/stack.tsx';
import { Scroll } from '../components/scroll.tsx';
import { type Finding, findings, reachedCount, triedFrom } from '../findings.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { keyBar } from '../key-bar.ts';
import { cells, fitMiddle, type Line, line, pad, span, wrapText } from '../lines.ts';
import type { Theme } from '../theme.ts';

/** `If the model behind your agent turned now, it would reach 11 things:` */
export function headline(report: Report): string {
  const count = reachedCount(report);
  if (count === 0) {
    const tried = report.rows.filter(row => row.verdict !== 'skipped').length;
    return `Nothing was reached in ${plural(tried, 'try', 'tries')}. ${report.summary.inconclusive} not proven.`;
  }
  return `If the model behind your agent turned now, it would reach ${plural(count, 'thing')}:`;
}

/** Mark, target, what it opens: one row each. */
export function findingLines(list: readonly Finding[], width: number, { glyphs }: Theme): Line[] {
  const column = Math.min(Math.max(0, ...list.map(finding => cells(finding.target))), Math.floor(width * 0.5));
  return list.map(finding =>
    line(
      ' ',
      finding.tight ? span(`${glyphs.tight} `, 'warn') : span(`${glyphs.reached} `, 'bad'),
      pad(fitMiddle(finding.target, column, glyphs.ellipsis), column),
      span(`   ${finding.says}`, 'quiet'),
    ),
  );
}

/** Agents that were found and what their settings say of their own sandbox. */
export function agentLines(facts: Facts): Line[] {
  return facts.agents.map(agent => {
    const box =
      agent.ownSandbox === undefined
        ? 'cannot tell whether its own sandbox is on'
        : agent.ownSandbox
          ? 'its own sandbox is on'
          : 'its own sandbox is off';
    const where = agent.settings[0]?.path;
    return line(
      ` ${agent.title}${agent.version ? ` ${agent.version}` : ''}: ${box}`,
      span(where ? `   (${where})` : '', 'quiet'),
    );
  });
}

export type FindingChoice = 'close' | 'resume' | 'quit';

/** The first screen: what was reached, and what to do about it. */
export function FindingScreen({
  report,
  facts,
  questions,
  recorded,
  resumable,
  onChoose,
}: {
  report: Report;
  facts: Facts;
  questions: number;
  /** Whether the list stands above already, because the user came back here. */
  recorded: boolean;
  /** `2 h ago`, where answers of an earlier run are there. */
  resumable: string | undefined;
  onChoose: (choice: FindingChoice) => void;
}): ReactNode {
  const theme = useTheme();
  const { width } = useSize();
  const [all, setAll] = useState(false);
  const list = findings(report);
  const rows = findingLines(list, width, theme);
  const shown = 8;

  if (all) {
    return (
      <Scroll
        title={line(` ${headline(report)}`)}
        lines={rows}
        keys={[['esc', 'back']]}
        onClose={() => setAll(false)}
      />
    );
  }

  const minutes = questions > 6 ? 'two minutes' : 'a minute';
  const items: MenuItem<FindingChoice | 'all'>[] = [
    ...(resumable
      ? [{ value: 'resume' as const, label: 'Continue where you stopped', hint: `${resumable}; your answers are kept` }]
      : []),
    {
      value: 'close',
      label: recorded ? 'Back to the questions' : list.length > 0 ? 'Close this' : 'Keep it so',
      hint: recorded ? 'your answers are kept' : `${plural(questions, 'question')}, about ${minutes}`,
    },
    ...(list.length > shown ? [{ value: 'all' as const, label: `Show all ${list.length}` }] : []),
    { value: 'quit', label: 'Quit, change nothing' },
  ];

  const blocks: Block[] = [
    SPACE,
    { lines: wrapText(headline(report), width - 1).map(text => line(span(` ${text}`, 'strong'))), rank: 2, least: 1 },
    SPACE,
    { lines: recorded ? [] : rows.slice(0, shown), rank: 3, least: 1 },
    ...(list.length > shown && !recorded
      ? [{ lines: [line(span(`   and ${list.length - shown} more`, 'quiet'))], rank: 8 } satisfies Block]
      : []),
    SPACE,
    {
      lines: recorded ? [] : wrapText(triedFrom(report), width - 1).map(text => line(span(` ${text}`, 'quiet'))),
      rank: 6,
    },
    { lines: recorded ? [] : agentLines(facts), rank: 5, least: 1 },
    { lines: (recorded ? [] : report.notes.slice(0, 2)).map(note => line(span(` ${note}`, 'quiet'))), rank: 7, least: 1 },
    SPACE,
    {
      want: items.length,
      least: Math.min(2, items.length),
      rank: 0,
      draw: (given, columns) => (
        <Menu
          items={items}
          rows={given}
          width={columns}
          onChoose={value => (value === 'all' ? setAll(true) : onChoose(value))}
        />
      ),
    },
    SPACE,
    { lines: [keyBar([['enter', 'choose'], [`${theme.glyphs.up}${theme.glyphs.down}`, 'move'], ['esc', 'quit']], width, theme)], rank: 9 },
  ];
  return <Stack blocks={blocks} />;
}

/** What of the first screen stays above, once it is answered. */
export function findingRecord(report: Report, facts: Facts, width: number, theme: Theme): Line[] {
  const list = findings(report);
  const rows = findingLines(list.slice(0, 8), width, theme);
  return [
    line(),
    ...wrapText(headline(report), width - 1).map(text => line(span(` ${text}`, 'strong'))),
    line(),
    ...rows,
    ...(list.length > 8 ? [line(span(`   and ${list.length - 8} more`, 'quiet'))] : []),
    line(),
    ...wrapText(triedFrom(report), width - 1).map(text => line(span(` ${text}`, 'quiet'))),
    ...agentLines(facts),
  ];
}

