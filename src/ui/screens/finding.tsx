import { type ReactNode, useState } from 'react';
import { someSandbox } from '../../agents/index.ts';
import { formatPosition } from '../../base/errors.ts';
import { list, plural } from '../../base/text.ts';
import type { Facts } from '../../discover/facts.ts';
import { POSTURE_FILE } from '../../posture/model.ts';
import { count, goneAgents, things } from '../../report/things.ts';
import type { Report } from '../../selftest/types.ts';
import { isGuess, madeFor } from '../../wizard/steps/agents.ts';
import { declaredBox } from '../../wizard/steps/box.ts';
import { withheld } from '../../wizard/steps/credentials.ts';
import type { Path, StepContext } from '../../wizard/types.ts';
import { keyBlock } from '../components/keys.tsx';
import { Lines } from '../components/lines.tsx';
import { Menu, type MenuItem } from '../components/menu.tsx';
import { Scroll } from '../components/scroll.tsx';
import { type Block, SPACE, Stack } from '../components/stack.tsx';
import { type Finding, findings, reachedCount, singleFindings, triedFrom } from '../findings.ts';
import { useKeys } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { type Line, line, paragraph, span, table, wholeTable, wrapText } from '../lines.ts';
import { markOf } from '../marks.ts';
import type { Theme } from '../theme.ts';

/** `If the model behind your agent turned now, it would reach 11 things:` */
export function headline(report: Report): string {
  const { reached, tries, notProven } = count(things(report));
  const gone = goneAgents(report);
  const first = gone.length > 0 ? `Not tried: ${list(gone)}. ` : '';
  if (reached > 0)
    return `${first}If the model behind your agent turned now, it would reach ${plural(reached, 'thing')}:`;
  const what = tries === 0 ? 'Nothing was proven.' : `Nothing was reached in ${plural(tries, 'try', 'tries')}.`;
  return `${first}${what} ${notProven} not proven.`;
}

/** The headline in at most `rows` rows; a short one, where the sentence does not fit. */
function headlineLines(report: Report, rows: number, width: number, { glyphs }: Theme): Line[] {
  const whole = wrapText(headline(report), width - 1);
  const count = reachedCount(report);
  const text =
    whole.length <= rows
      ? whole
      : paragraph(
          count > 0 ? `Reached ${plural(count, 'thing')}:` : 'Nothing was reached.',
          width - 1,
          rows,
          glyphs.ellipsis,
        );
  return text.map(part => line(span(` ${part}`, 'strong')));
}

/** Mark, target, what it opens: one row each. */
export function findingLines(list: readonly Finding[], width: number, { glyphs }: Theme): Line[] {
  return table(
    list.map(({ tight, target, says }) => ({ mark: markOf(tight, glyphs), name: target, says })),
    width,
    glyphs.ellipsis,
  );
}

/** The first findings in at most `rows` rows, and how many things are not shown. */
function firstFindings(list: readonly Finding[], rows: number, total: number, width: number, theme: Theme): Line[] {
  const all = list.slice(0, SHOWN);
  const covered = (shown: readonly Finding[]): number => shown.reduce((sum, finding) => sum + finding.things.length, 0);
  const fits = all.length + (covered(all) < total ? 1 : 0) <= rows;
  const shown = fits ? all : all.slice(0, Math.max(1, rows - 1));
  const hidden = total - covered(shown);
  const lines = findingLines(shown, width, theme);
  return hidden > 0 && rows > 1 ? [...lines, line(span(`   and ${hidden} more`, 'quiet'))] : lines;
}

/**
 * Agents that were found and what their settings say of their own sandbox, under the box that the posture has; where no agent
 * was, for which one files are made, unless that is `asked`.
 */
export function agentLines(context: StepContext, width: number, asked = false): Line[] {
  if (isGuess(context))
    return wrapText(asked ? '' : `Files are made for ${madeFor(context)}; "Set up everything" asks`, width - 1)
      .filter(Boolean)
      .map(text => line(` ${text}`));
  const box = context.existing ? declaredBox(context) : undefined;
  const declared =
    box === undefined ? [] : [line(` The posture declares ${box}`, span(`   (${POSTURE_FILE})`, 'quiet'))];
  const found = context.facts.agents.map(agent => {
    const box = !someSandbox([agent.id])
      ? 'no sandbox of its own is known'
      : agent.ownSandbox === undefined
        ? 'cannot tell whether its own sandbox is on'
        : agent.ownSandbox
          ? 'its own sandbox is on'
          : 'its own sandbox is off';
    const where = agent.settings[0]?.path ?? formatPosition(agent.seen);
    return line(
      ` ${agent.title}${agent.version ? ` ${agent.version}` : ''}: ${box}`,
      span(where ? `   (${where})` : '', 'quiet'),
    );
  });
  return [...declared, ...found];
}

/** That this is an agent's session, and what is not asked in it. */
export function withheldLines(facts: Facts, width: number, { glyphs }: Theme): Line[] {
  const said = withheld({ facts });
  const rows = said === undefined ? [] : wrapText(said, width - 4);
  return rows.map((text, index) => line(span(` ${index === 0 ? glyphs.tight : ' '} ${text}`, 'warn')));
}

/** Notes of the report; that nothing is written stands in the first line already. */
function notesOf({ notes }: Report): readonly string[] {
  return notes.filter(note => note !== 'nothing was written').slice(0, 2);
}

/** Rows of the first screen. */
const SHOWN = 8;

export type FindingChoice = 'close' | 'whole' | 'resume' | 'back' | 'quit';

/** The first screen: what was reached, and what to do about it. */
export function FindingScreen({
  report,
  context,
  questions,
  recorded,
  resumable,
  existing = false,
  onChoose,
}: {
  report: Report;
  context: StepContext;
  /** How many are asked on each path. */
  questions: Record<Path, number>;
  /** Whether the list stands above already, because the user came back here. */
  recorded: boolean;
  /** `2 h ago`, where answers of an earlier run are there. */
  resumable: string | undefined;
  /** Whether there is a posture already, which answers may loosen as well as tighten. */
  existing?: boolean | undefined;
  onChoose: (choice: FindingChoice) => void;
}): ReactNode {
  const theme = useTheme();
  const { width, height } = useSize();
  const [all, setAll] = useState(false);
  const [at, setAt] = useState<FindingChoice | 'all'>(
    recorded ? 'back' : resumable ? 'resume' : existing ? 'whole' : 'close',
  );
  const small = height < 9;
  const list = findings(report);
  const every = singleFindings(report);
  const first = firstFindings(list, SHOWN + 1, every.length, width, theme);

  // Escape goes back everywhere, and there is nothing to go back to: who presses it once too often does not quit.
  useKeys(({ text }) => {
    if (text === 'q') onChoose('quit');
  }, !all);

  if (all) {
    return (
      <Scroll
        title={line(` ${headline(report)}`)}
        lines={wholeTable(
          every.map(({ tight, target, says }) => ({ mark: markOf(tight, theme.glyphs), name: target, says })),
          width,
        )}
        keys={[['esc', 'back']]}
        onClose={() => setAll(false)}
      />
    );
  }

  const items: MenuItem<FindingChoice | 'all'>[] = [
    ...(resumable
      ? [{ value: 'resume' as const, label: 'Continue where you stopped', hint: `${resumable}; your answers are kept` }]
      : []),
    ...(recorded
      ? [{ value: 'back' as const, label: 'Back to the questions', hint: 'your answers are kept' }]
      : existing
        ? [
            {
              value: 'whole' as const,
              label: 'Change the posture',
              hint: `choose what, among ${plural(questions.whole, 'question')}; all else stays`,
            },
            {
              value: 'close' as const,
              label: 'Answer again',
              hint: `${plural(questions.quick, 'question')}, about a minute; the posture stands as default`,
            },
          ]
        : [
            {
              value: 'close' as const,
              label: list.length > 0 ? 'Close this' : 'Keep it so',
              hint: `${plural(questions.quick, 'question')}, about a minute`,
            },
            {
              value: 'whole' as const,
              label: 'Set up everything',
              hint: `${plural(questions.whole, 'question')}, about five minutes; each has a default`,
            },
          ]),
    ...(every.length > SHOWN || (every.length > list.length && !recorded)
      ? [{ value: 'all' as const, label: `Show all ${every.length}` }]
      : []),
    { value: 'quit', label: 'Quit, change nothing' },
  ];

  const blocks: Block[] = [
    SPACE,
    { lines: headlineLines(report, small ? 1 : 2, width, theme), rank: 1 },
    SPACE,
    {
      want: recorded ? 0 : first.length,
      least: small ? 1 : 4,
      rank: 3,
      draw: given => <Lines lines={firstFindings(list, given, every.length, width, theme)} width={width} />,
    },
    SPACE,
    {
      lines: recorded ? [] : wrapText(triedFrom(report), width - 1).map(text => line(span(` ${text}`, 'quiet'))),
      rank: 6,
    },
    { lines: recorded ? [] : agentLines(context, width), rank: 5, least: 1 },
    { lines: withheldLines(context.facts, width, theme), rank: 2, least: 1 },
    {
      lines: (recorded ? [] : notesOf(report)).map(note => line(span(` ${note}`, 'quiet'))),
      rank: 7,
      least: 1,
    },
    SPACE,
    {
      want: items.length,
      least: small ? 2 : items.length,
      rank: 0,
      draw: (given, columns) => (
        <Menu
          items={items}
          rows={given}
          width={columns}
          initial={at}
          onHighlight={setAt}
          onChoose={value => (value === 'all' ? setAll(true) : onChoose(value))}
        />
      ),
    },
    SPACE,
    keyBlock(
      [
        ['enter', 'choose'],
        [theme.glyphs.upDown, 'move'],
        ['q', 'quit'],
      ],
      width,
      theme,
      9,
    ),
  ];
  return <Stack blocks={blocks} />;
}

/** What of the first screen stays above, once it is answered; on the whole path the agents are asked for. */
export function findingRecord(
  report: Report,
  context: StepContext,
  width: number,
  theme: Theme,
  path: Path = 'quick',
): Line[] {
  const total = singleFindings(report).length;
  return [
    line(),
    ...headlineLines(report, 2, width, theme),
    line(),
    ...firstFindings(findings(report), SHOWN + 1, total, width, theme),
    line(),
    ...wrapText(triedFrom(report), width - 1).map(text => line(span(` ${text}`, 'quiet'))),
    ...agentLines(context, width, path === 'whole'),
    ...withheldLines(context.facts, width, theme),
  ];
}
