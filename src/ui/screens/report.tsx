import { Box, Text } from 'ink';
import { type ReactNode, useState } from 'react';
import { UserError } from '../../base/errors.ts';
import { oneLine } from '../../base/text.ts';
import type { Plan } from '../../generate/types.ts';
import { callOf, headingOf, VERDICT_WORDS } from '../../report/things.ts';
import type { Fix, Report, Row } from '../../selftest/types.ts';
import { Scroll } from '../components/scroll.tsx';
import { type Block, SPACE, Stack } from '../components/stack.tsx';
import { type KeyPress, useKeys } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { keyBar } from '../key-bar.ts';
import { useLifecycle } from '../lifecycle.ts';
import { fitMiddle, type Line, line, pad, span, wrapText } from '../lines.ts';
import type { Theme, Tone } from '../theme.ts';
import { Busy } from './busy.tsx';
import { PlanScreen } from './plan.tsx';

/** What the keys of a report do; from the caller, because screens do not know the features. */
export interface ReportActions {
  /** The change of a fix, as it would be applied. */
  plan(fix: Fix): Promise<Plan>;
  /** Why a safeguard is asked for, in a few sentences. */
  why(safeguard: string): string;
  /** The report that was printed, in at most so many rows: drawn again once another view has pushed it out of the window. */
  again(rows: number): readonly string[];
}

/**
 * How the reader left the report: `apply` asks the caller to apply this fix and try its rows again. `covered`: what was
 * printed is no longer in the window.
 */
export type ReportEnding = { by: 'quit'; covered: boolean } | { by: 'apply'; fix: Fix; plan: Plan };

/** In the order of the rows. */
const TONES: Record<Row['verdict'], Tone> = {
  exposed: 'bad',
  broken: 'warn',
  inconclusive: 'warn',
  blocked: 'good',
  works: 'plain',
  skipped: 'quiet',
};

/** Every row, reached ones first: word, target, way, and in as many lines as it takes why, and what held it. */
export function allRows(report: Report, width: number, { glyphs }: Theme): Line[][] {
  const order = Object.keys(TONES);
  const rows = [...report.rows].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const column = Math.max(12, Math.min(44, Math.floor(width * 0.4)));
  return rows.map(row => {
    const word = VERDICT_WORDS[row.verdict];
    const name = `${row.attempt} ${row.target}${row.escape ? ` (${row.escape})` : ''}`;
    const by = row.layer ? `held by ${row.layer}; ` : '';
    const indent = 15 + column;
    const [why = '', ...more] = wrapText(by + row.reason + callOf(row), Math.max(8, width - indent - 1));
    return [
      line(
        ' ',
        span(pad(row.accepted ? 'accepted' : word, 10), TONES[row.verdict]),
        '  ',
        pad(fitMiddle(oneLine(name), column, glyphs.ellipsis), column),
        span(`  ${why}`, 'quiet'),
      ),
      ...more.map(text => line(span(' '.repeat(indent) + text, 'quiet'))),
    ];
  });
}

/** Why the reached rows matter: one paragraph for each safeguard that one of them belongs to. */
export function whyLines(report: Report, why: (safeguard: string) => string, width: number): Line[] {
  const open = report.rows.filter(row => (row.verdict === 'exposed' || row.verdict === 'broken') && !row.accepted);
  const ids = [...new Set(open.map(row => row.safeguard))];
  return ids.flatMap(id => {
    const rows = open.filter(row => row.safeguard === id);
    const targets = [...new Set(rows.map(row => row.target))];
    return [
      line(span(` ${headingOf((rows[0] as Row).group, report)}`, 'strong'), span(`   ${id}`, 'quiet')),
      line(
        span(
          `   ${targets.slice(0, 4).join(', ')}${targets.length > 4 ? ` and ${targets.length - 4} more` : ''}`,
          'accent',
        ),
      ),
      ...wrapText(why(id), Math.min(width, 90) - 4).map(text => line(`   ${text}`)),
      line(),
    ];
  });
}

type View =
  | { at: 'bar'; said?: Line[] }
  | { at: 'rows' }
  | { at: 'why' }
  | { at: 'planning'; fix: Fix }
  | { at: 'fix'; fix: Fix; plan: Plan };

function reportBlock(height: number, { again }: ReportActions): Block {
  return {
    want: again(height).length,
    least: 1,
    rank: 2,
    draw: rows => (
      <Box flexDirection="column">
        {again(rows).map((text, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
          <Text key={index} wrap="truncate-end">
            {text || ' '}
          </Text>
        ))}
      </Box>
    ),
  };
}

/** Under the printed report: its keys, and what they open. */
export function ReportScreen({
  report,
  actions,
  onEnd,
}: {
  report: Report;
  actions: ReportActions;
  onEnd: (ending: ReportEnding) => void;
}): ReactNode {
  const theme = useTheme();
  const { width, height } = useSize();
  const lifecycle = useLifecycle();
  const [view, setShown] = useState<View>({ at: 'bar' });
  const [covered, setCovered] = useState(false);
  function setView(next: View): void {
    setShown(next);
    // Who is read to has heard the report: nothing of it is gone.
    if (next.at !== 'bar' && next.at !== 'planning' && !theme.screenReader) setCovered(true);
  }
  const bar = (): void => setView({ at: 'bar' });
  // Without a posture there is nothing yet that a fix could change: the report names `init`.
  const shown = report.posture === null ? [] : report.fixes;

  const sayAs = (tone: Tone, text: string): void =>
    setView({
      at: 'bar',
      said: text.split('\n').flatMap(part => wrapText(part, width - 2).map(row => line(span(` ${row}`, tone)))),
    });

  function see(fix: Fix): void {
    // Without a command it is the user's to do: there is no plan to show.
    if (fix.command === null) {
      sayAs('plain', `[${fix.n}] ${fix.text}`);
      return;
    }
    setView({ at: 'planning', fix });
    lifecycle
      .job(() => actions.plan(fix))
      .then(
        plan => setView({ at: 'fix', fix, plan }),
        error => (error instanceof UserError ? sayAs('warn', error.message) : lifecycle.fail(error)),
      );
  }

  function onKey({ name, text }: KeyPress): void {
    const fix = shown.find(({ n }) => String(n) === text);
    if (text === 'q') onEnd({ by: 'quit', covered });
    // One level back is what was said last; the report itself is left by `q`.
    else if (name === 'escape') bar();
    else if (name === 'enter') setView({ at: 'rows' });
    else if (text === '?') setView({ at: 'why' });
    else if (fix) see(fix);
  }
  useKeys(onKey, view.at === 'bar');

  const keys = [['esc', 'back']] as const;
  switch (view.at) {
    case 'rows':
      return (
        <Scroll
          title={line(span(` All ${report.rows.length} rows`, 'strong'))}
          entries={[
            ...allRows(report, width, theme),
            ...report.notes.map((note, at) => [
              ...(at === 0 ? [line()] : []),
              ...wrapText(note, width - 1).map(text => line(span(` ${text}`, 'quiet'))),
            ]),
          ]}
          keys={keys}
          onClose={bar}
        />
      );
    case 'why':
      return (
        <Scroll
          title={line(span(' Why it matters', 'strong'))}
          lines={whyLines(report, actions.why, width)}
          keys={[['esc ?', 'back']]}
          onClose={bar}
          onKey={({ text }) => {
            if (text === '?') bar();
          }}
        />
      );
    case 'planning':
      return <Busy text={`Making the plan of [${view.fix.n}]; nothing is written`} />;
    case 'fix':
      return (
        <PlanScreen
          title={`[${view.fix.n}] ${view.fix.title}`}
          plan={view.plan}
          answered={wrapText(view.fix.text, width - 2).map(text => line(` ${text}`))}
          applyLabel="Apply, and try these rows again"
          onChoose={choice => (choice === 'apply' ? onEnd({ by: 'apply', fix: view.fix, plan: view.plan }) : bar())}
        />
      );
    case 'bar': {
      const last = shown.at(-1)?.n ?? 0;
      const opens = shown.some(({ command }) => command !== null) ? 'see change' : 'what to do';
      return (
        <Stack
          blocks={[
            ...(covered ? [reportBlock(height, actions)] : []),
            SPACE,
            {
              lines: view.said ? [...view.said, line()] : [],
              rank: 1,
              least: 1,
            },
            {
              lines: [
                keyBar(
                  [
                    ...(last > 0 ? [[last === 1 ? '1' : `1-${last}`, opens] as const] : []),
                    ['enter', 'all rows'],
                    ...(report.summary.exposed + report.summary.broken > 0 ? [['?', 'why'] as const] : []),
                    ['q', 'quit'],
                  ],
                  width,
                  theme,
                ),
              ],
              rank: 0,
            },
          ]}
        />
      );
    }
  }
}
