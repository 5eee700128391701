import { type ReactNode, type RefObject, useRef, useState } from 'react';
import { aboutOf, asEntry, asList, asText, partsOf, splitTexts, standing } from '../../wizard/step.ts';
import type { Answer, Answers, FormStep, PlainStep, Step, StepContext } from '../../wizard/types.ts';
import { Frame } from '../components/frame.tsx';
import { Menu, type MenuItem } from '../components/menu.tsx';
import { MultiMenu } from '../components/multi-menu.tsx';
import { unread } from '../components/rows.tsx';
import { Scroll } from '../components/scroll.tsx';
import type { Block } from '../components/stack.tsx';
import { TextEntry } from '../components/text-entry.tsx';
import { isBack, type KeyPress, useKeys } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import type { Keys } from '../key-bar.ts';
import { cells, edges, fitWords, type Line, line, pad, span, together, wrapText } from '../lines.ts';
import type { Theme } from '../theme.ts';
import { Entries } from './entries.tsx';
import { Form } from './form.tsx';

/** An answer in the words of its choices. */
export function answerText(step: Step, answer: Answer, context: StepContext, answers: Answers): string {
  // The name alone: what stands beside it in brackets was read in the question.
  const words = partsOf(step, answer, context, answers).map(part => part.replace(/ \([^()]*\)$/, ''));
  return words.length > 0 ? words.join(', ') : 'none';
}

/** Fewer cells than these beside the names, and answers stand under them. */
const ANSWER = 16;

/** `✓ Never touch   orders-db`: what was answered so far, and before it what was taken unasked; with `brief` on one row each. */
export function answeredLines(
  done: readonly Step[],
  answers: Answers,
  context: StepContext,
  width: number,
  { glyphs }: Theme,
  {
    brief = false,
    unasked = [],
  }: { brief?: boolean; unasked?: readonly (readonly [title: string, says: string])[] } = {},
): Line[] {
  const rows = [
    ...unasked.map(([title, says]) => ({ title, parts: [says] })),
    ...done.map(step => ({
      title: step.title,
      parts: answerText(step, answers[step.id] ?? '', context, answers).split(', '),
    })),
  ];
  const names = Math.max(0, ...rows.map(({ title }) => cells(title)));
  const beside = width - names - 7 >= ANSWER;
  const room = beside ? width - names - 7 : width - 4;
  return rows.flatMap(({ title, parts }) => {
    const given = brief
      ? [fitWords(parts.join(', '), room, glyphs.ellipsis)]
      : wrapText(parts.map(part => (cells(part) < room ? together(part) : part)).join(', '), room);
    const name = (text: string): Line => line(' ', span(`${glyphs.done} `, 'good'), span(text, 'quiet'));
    if (!beside && given.length === 1 && cells(`${title}  ${given[0]}`) <= room)
      return [[...name(title), ...line(`  ${given[0]}`)]];
    if (!beside) return [name(title), ...given.map(text => line(`   ${text}`))];
    return given.map((text, index) =>
      index === 0 ? [...name(pad(title, names)), ...line(`   ${text}`)] : line(' '.repeat(names + 6), text),
    );
  });
}

/** How many of the answers before are shown above a question: the last ones; in a low window the last alone. */
const ABOVE = 4;
const LOW = 16;

/** What all kinds of question have in common. */
export interface Asking {
  number: number;
  of: number;
  context: StepContext;
  answers: Answers;
  done: readonly Step[];
  /** Why the answer that was given does not fit the others, where that is so. */
  refused?: string | undefined;
  /** What was typed or marked here before, and not given yet. */
  draft?: Answer | undefined;
  /** Hears of what is typed or marked: it outlives a look at the reason, or at another question. */
  onDraft: (answer: Answer | undefined) => void;
  /** Takes the answer, or gives back why it will not do. */
  onAnswer: (answer: Answer) => string | undefined;
  onBack: () => void;
  onOutline: () => void;
  onQuit: () => void;
}

/** One question. The answer that stands is under the pointer; `?` says why it is asked; escape and left go back. */
export function Question({ step, draft, ...rest }: { step: Step } & Asking): ReactNode {
  const latest = useRef(draft);
  const asking: Asking = {
    ...rest,
    draft: latest.current,
    onDraft: answer => {
      latest.current = answer;
      rest.onDraft(answer);
    },
  };
  const theme = useTheme();
  const { width, height } = useSize();
  const { number, of, context, answers, done, onBack, onOutline, onQuit } = asking;
  const [why, setWhy] = useState(false);
  // What is said of the answer under the pointer: in a low window it may be cut, and is read with the reason.
  const under = useRef<string>(undefined);
  const typing = step.kind === 'text' || step.kind === 'texts';
  const { glyphs } = theme;
  const room = Math.min(width, 90) - 4;
  const reasons = [
    ...wrapText(step.why, room).map(text => line(`   ${text}`)),
    ...(step.quote === undefined
      ? []
      : wrapText(`The article: "${step.quote}"`, room).map(text => line(span(`   ${text}`, 'quiet')))),
  ];
  const last = done.slice(height < LOW ? -1 : -ABOVE);
  const above = answeredLines(last, answers, context, width, theme, { brief: done.length > last.length });
  const rows = 'choices' in step ? step.choices(context, answers).length : 6;
  // Where there is no room beside the question, as in a low or a narrow window, the reason takes its place.
  const below =
    under.current === undefined ? [] : [...wrapText(under.current, room), ''].map(text => line(`   ${text}`));
  const taken = reasons.length + below.length + above.length + (typing ? 1 : rows) + 12;
  const aside = why && (height < LOW || taken > height);

  function take({ name, text }: KeyPress): void {
    if (name === 'escape') {
      if (why) setWhy(false);
      else onBack();
    } else if (name === 'outline' || (text === 'o' && !typing)) onOutline();
    else if (typing ? name === 'shift-tab' || name === 'up' : isBack(name)) onBack();
    else if (text === '?' && !typing) setWhy(!why);
    else if (name === 'tab' && typing) setWhy(!why);
    else if (text === 'q' && !typing) onQuit();
  }

  const notice = step.remark?.(context, answers);
  if (aside)
    return (
      <Scroll
        title={line(span(' Why', 'strong'))}
        lines={[...(notice === undefined ? [] : [...warned(notice, room), line()]), ...below, ...reasons]}
        keys={[['esc', 'back']]}
        onClose={() => setWhy(false)}
        onKey={({ name, text }) => {
          if (text === '?' || name === 'tab') setWhy(false);
        }}
      />
    );

  const progress = `${number} of ${of}`;
  const whole = wrapText(step.question(context, answers), Math.max(width - 3 - cells(progress), 16));
  // The name of the answer asks as well, where the question would be cut before its end.
  const question = whole.length <= (height < 9 ? 2 : 4) ? whole : [`${step.title}?`];
  const head: Line[] = question.map((text, index) =>
    index === 0
      ? edges(line(span(` ${text}`, 'strong')), line(span(progress, 'quiet')), width, glyphs.ellipsis)
      : line(span(` ${text}`, 'strong')),
  );
  const remark = notice === undefined ? [] : warned(notice, width - 2);
  const keys: [string, string][] = [
    [typing ? 'tab' : '?', why ? 'hide why' : 'why'],
    [`esc ${typing ? glyphs.up : glyphs.left}`, 'back'],
    ...(of > 4 ? ([[typing ? 'ctrl+o' : 'o', 'all questions']] as [string, string][]) : []),
    typing ? ['ctrl-c', 'quit'] : ['q', 'quit'],
  ];
  const shared = { head, remark, above, why: why ? reasons : undefined, keys, under, onKey: take };
  switch (step.kind) {
    case 'form':
      return <FormQuestion step={step} {...asking} {...shared} />;
    case 'list':
      return <Entries step={step} {...asking} {...shared} />;
    default:
      return <Plain step={step} {...asking} {...shared} />;
  }
}

function warned(text: string, width: number): Line[] {
  return wrapText(text, width).map(row => line(span(` ${row}`, 'warn')));
}

interface Shared {
  head: readonly Line[];
  /** What has to be known before it is answered. */
  remark: readonly Line[];
  above: readonly Line[];
  why: readonly Line[] | undefined;
  keys: Keys;
  /** Where what is said of the answer under the pointer is left. */
  under: RefObject<string | undefined>;
  onKey: (press: KeyPress) => void;
}

function FormQuestion({
  step,
  head,
  remark,
  above,
  why,
  keys,
  context,
  answers,
  refused,
  draft,
  onDraft,
  onAnswer,
  onKey,
}: { step: FormStep } & Asking & Shared): ReactNode {
  return (
    <Form
      head={head}
      remark={remark}
      above={above}
      fields={step.fields}
      initial={asEntry(draft ?? standing(step, context, answers))}
      onChange={onDraft}
      doneLabel="Go on with these"
      context={context}
      answers={answers}
      refused={refused}
      onDone={onAnswer}
      onKey={onKey}
      keys={keys}
      why={why}
    />
  );
}

/** A question with choices, or a text. */
function Plain({
  step,
  head,
  remark,
  above,
  why,
  keys,
  under,
  context,
  answers,
  refused,
  draft,
  onDraft,
  onAnswer,
  onKey,
}: { step: PlainStep } & Asking & Shared): ReactNode {
  const theme = useTheme();
  const { width } = useSize();
  const { glyphs } = theme;
  const [problem, setProblem] = useState(refused);
  const choices = step.choices(context, answers);
  const [stands, setStanding] = useState<string | readonly string[]>(() => {
    const answer = draft ?? standing(step, context, answers);
    return typeof answer === 'string' ? answer : asList(answer);
  });
  const setStands = (answer: string | readonly string[]): void => {
    setStanding(answer);
    onDraft(answer);
  };
  const [at, setAt] = useState<string | undefined>(typeof stands === 'string' ? stands : choices[0]?.value);
  const typing = step.kind === 'text' || step.kind === 'texts';
  const read = (text: string) => (step.kind === 'texts' ? splitTexts(text) : text);
  const give = (answer: Answer): void => setProblem(onAnswer(answer));
  // A list of our own hands on what it does not know; the others leave keys alone.
  useKeys(onKey, step.kind !== 'multi');

  const items: MenuItem<string>[] = choices.map(choice => ({
    value: choice.value,
    label: choice.label,
    hint: aboutOf(choice) || undefined,
  }));
  // What its row has no room for, whole.
  const mark = { text: glyphs.on, tone: 'plain' as const };
  const below = unread(step.kind === 'multi' ? items.map(item => ({ ...item, mark })) : items, at, width);
  under.current = below;

  const control: Block = typing
    ? {
        want: 1,
        least: 1,
        rank: 0,
        draw: (_, columns) => (
          <TextEntry
            initial={asText(stands)}
            width={columns}
            several={step.kind === 'texts'}
            onEnter={text => give(read(text))}
            onChange={text => {
              setStands(read(text));
              // What is wrong is said while it is typed; that nothing stands there yet is not.
              setProblem(text.trim() === '' ? undefined : step.validate(read(text.trim()), context, answers));
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
              initial={asList(stands)}
              onChoose={give}
              onHighlight={setAt}
              onMark={marked => {
                setStands(marked);
                setProblem(undefined);
              }}
              onOther={onKey}
            />
          ) : (
            <Menu items={items} rows={rows} width={columns} initial={at} onChoose={give} onHighlight={setAt} />
          ),
      };

  const bar: Keys = [
    ['enter', typing ? 'take it' : step.kind === 'multi' ? taking(stands) : 'choose'],
    ...(step.kind === 'multi' ? ([['space', 'mark']] as const) : []),
    ...(step.kind === 'multi' && items.length > 10 ? ([['/', 'search']] as const) : []),
    ...keys,
  ];
  return (
    <Frame
      above={above}
      title={head}
      under={remark}
      control={control}
      said={[below === undefined ? undefined : { text: below, rank: 7, least: 2 }]}
      problem={problem}
      why={why}
      keys={bar}
    />
  );
}

/** What enter does with a list in which each is marked first: that it takes none is no surprise then. */
function taking(marked: string | readonly string[]): string {
  const count = asList(marked).length;
  return count === 0 ? 'take none' : `take ${count}`;
}
