import { type ReactNode, useState } from 'react';
import { formatPosition } from '../../base/errors.ts';
import type { Answer, Answers, Choice, Step, StepContext } from '../../wizard/types.ts';
import { labelColumn, Menu, type MenuItem } from '../components/menu.tsx';
import { MultiMenu } from '../components/multi-menu.tsx';
import { Scroll } from '../components/scroll.tsx';
import { type Block, SPACE, Stack } from '../components/stack.tsx';
import { TextEntry } from '../components/text-entry.tsx';
import { useKeys } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { keyBar } from '../key-bar.ts';
import { cells, edges, type Line, line, pad, span, TWO_COLUMNS, together, wrapText } from '../lines.ts';
import type { Theme } from '../theme.ts';

/** An answer in the words of its choices. */
export function answerText(step: Step, answer: Answer, context: StepContext, answers: Answers): string {
  const labels = new Map(step.choices(context, answers).map(choice => [choice.value, choice.label]));
  // The name alone: what stands beside it in brackets was read in the question.
  const nameOf = (value: string): string => (labels.get(value) ?? value).replace(/ \([^()]*\)$/, '');
  const values = typeof answer === 'string' ? [answer] : answer;
  const words = values.filter(value => value !== '').map(nameOf);
  return words.length > 0 ? words.join(', ') : 'none';
}

/** Fewer cells than these beside the names, and answers stand under them. */
const ANSWER = 16;

/** `✓ Never touch   orders-db`: what was answered so far. */
export function answeredLines(
  done: readonly Step[],
  answers: Answers,
  context: StepContext,
  width: number,
  { glyphs }: Theme,
): Line[] {
  const names = Math.max(0, ...done.map(step => cells(step.title)));
  const beside = width - names - 7 >= ANSWER;
  const room = beside ? width - names - 7 : width - 4;
  return done.flatMap(step => {
    const parts = answerText(step, answers[step.id] ?? '', context, answers).split(', ');
    const given = wrapText(parts.map(part => (cells(part) < room ? together(part) : part)).join(', '), room);
    const name = (text: string): Line => line(' ', span(`${glyphs.done} `, 'good'), span(text, 'quiet'));
    if (!beside) return [name(step.title), ...given.map(text => line(`   ${text}`))];
    return given.map((text, index) =>
      index === 0 ? [...name(pad(step.title, names)), ...line(`   ${text}`)] : line(' '.repeat(names + 6), text),
    );
  });
}

function hintOf(choice: Choice): string | undefined {
  const seen = choice.seen && `found in ${formatPosition(choice.seen)}`;
  return [choice.hint, seen].filter(Boolean).join('; ') || undefined;
}

/** One question. The answer that stands is under the pointer; `?` says why it is asked; left goes back. */
export function Question({
  step,
  number,
  of,
  context,
  answers,
  done,
  onAnswer,
  onBack,
  onQuit,
}: {
  step: Step;
  number: number;
  of: number;
  context: StepContext;
  answers: Answers;
  done: readonly Step[];
  /** Takes the answer, or gives back why it will not do. */
  onAnswer: (answer: Answer) => string | undefined;
  onBack: () => void;
  onQuit: () => void;
}): ReactNode {
  const theme = useTheme();
  const { width, height } = useSize();
  const [why, setWhy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const choices = step.choices(context, answers);
  // What was typed or marked, but not given yet, outlives a look at the reason.
  const [standing, setStanding] = useState<Answer>(answers[step.id] ?? step.fallback(context, answers));
  const [at, setAt] = useState<string | undefined>(typeof standing === 'string' ? standing : choices[0]?.value);

  function give(answer: Answer): void {
    setProblem(onAnswer(answer));
  }

  const typing = step.kind === 'text';
  const reasons = wrapText(step.why, Math.min(width, 90) - 4).map(text => line(`   ${text}`));
  const answered = answeredLines(done, answers, context, width, theme);
  // Where there is no room beside the question, as in a low or a narrow window, the reason takes its place.
  const aside = why && (height < 16 || reasons.length + answered.length + (typing ? 1 : choices.length) + 12 > height);
  useKeys(({ name, text }) => {
    if (name === 'escape') {
      if (why) setWhy(false);
      else onQuit();
    } else if (name === 'shift-tab' || (typing ? name === 'up' : name === 'left' || name === 'backspace')) onBack();
    else if (text === '?' && !typing) setWhy(!why);
    else if (name === 'tab' && typing) setWhy(!why);
    else if (text === 'q' && !typing) onQuit();
  }, !aside);

  const items: MenuItem<string>[] = choices.map(choice => ({
    value: choice.value,
    label: choice.label,
    hint: hintOf(choice),
  }));
  const { glyphs } = theme;
  const progress = `${number} of ${of}`;
  const room = width - 3 - cells(progress);
  const whole = wrapText(step.question(context, answers), Math.max(room, 16));
  // The name of the answer asks as well, where the question would be cut before its end.
  const question = whole.length <= (height < 9 ? 2 : 4) ? whole : [`${step.title}?`];
  const head: Line[] = question.map((text, index) =>
    index === 0
      ? edges(line(span(` ${text}`, 'strong')), line(span(progress, 'quiet')), width, glyphs.ellipsis)
      : line(span(` ${text}`, 'strong')),
  );
  const highlighted = choices.find(choice => choice.value === at);
  const hint = highlighted && hintOf(highlighted);
  // The hint again, whole, where its place beside the name is too narrow for it.
  const mark = step.kind === 'multi' ? cells(glyphs.on) + 1 : 0;
  const beside = width < TWO_COLUMNS ? 0 : width - 6 - mark - labelColumn(items, width - 3 - mark);
  const cut = hint !== undefined && cells(hint) > beside;

  const control: Block = typing
    ? {
        want: 1,
        least: 1,
        rank: 0,
        draw: (_, columns) => (
          <TextEntry
            initial={typeof standing === 'string' ? standing : standing.join(', ')}
            width={columns}
            onEnter={give}
            onChange={text => {
              setStanding(text);
              setProblem(undefined);
            }}
          />
        ),
      }
    : {
        want: items.length,
        least: Math.min(2, items.length),
        rank: 0,
        draw: (rows, columns) =>
          step.kind === 'multi' ? (
            <MultiMenu
              items={items}
              rows={rows}
              width={columns}
              initial={typeof standing === 'string' ? [standing] : standing}
              onChoose={give}
              onHighlight={setAt}
              onMark={marked => {
                setStanding(marked);
                setProblem(undefined);
              }}
            />
          ) : (
            <Menu items={items} rows={rows} width={columns} initial={at} onChoose={give} onHighlight={setAt} />
          ),
      };

  if (aside)
    return (
      <Scroll
        title={line(span(' Why', 'strong'))}
        lines={reasons}
        keys={[['esc', 'back']]}
        onClose={() => setWhy(false)}
        onKey={({ name, text }) => {
          if (text === '?' || name === 'tab') setWhy(false);
        }}
      />
    );

  const back = typing ? glyphs.up : glyphs.left;
  const keys: [string, string][] = [
    ['enter', typing ? 'take it' : step.kind === 'multi' ? taking(standing) : 'choose'],
    ...(step.kind === 'multi' ? ([['space', 'mark']] as [string, string][]) : []),
    [typing ? 'tab' : '?', why ? 'hide why' : 'why'],
    [back, 'back'],
    ['esc', 'quit'],
  ];
  const blocks: Block[] = [
    SPACE,
    { lines: answered, rank: 6, least: 1 },
    ...(answered.length > 0 ? [SPACE] : []),
    { lines: head, rank: 1 },
    SPACE,
    control,
    ...(cut
      ? [SPACE, { lines: wrapText(hint, width - 4).map(text => line(span(`   ${text}`, 'quiet'))), rank: 7, least: 1 }]
      : []),
    ...(problem === undefined
      ? []
      : [
          {
            lines: wrapText(problem, width - 3).map(text => line(span(` ${glyphs.tight} ${text}`, 'warn'))),
            rank: 2,
            least: 1,
          },
        ]),
    ...(why ? [SPACE, { lines: reasons, rank: 3, least: 1 }] : []),
    SPACE,
    { lines: [keyBar(keys, width, theme)], rank: 4 },
  ];
  return <Stack blocks={blocks} />;
}

/** What enter does with a list in which each is marked first: that it takes none is no surprise then. */
function taking(marked: Answer | undefined): string {
  const count = typeof marked === 'string' ? 1 : (marked?.length ?? 0);
  return count === 0 ? 'take none' : `take ${count}`;
}
