import { type ReactNode, type RefObject, useRef, useState } from 'react';
import { plural } from '../../base/text.ts';
import { aboutOf, asEntries, checkEntry, fieldText, keyOf, standing } from '../../wizard/step.ts';
import type { Answer, Answers, Entry, ListStep, StepContext, Suggestion } from '../../wizard/types.ts';
import { Frame } from '../components/frame.tsx';
import { type RowItem, Rows, unread } from '../components/rows.tsx';
import type { Block } from '../components/stack.tsx';
import type { KeyPress } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import type { Keys } from '../key-bar.ts';
import { type Line, line, span } from '../lines.ts';
import { Form } from './form.tsx';

const GO_ON = '=';
const ADD = '+';

/** The entry that is open: at its place, or behind the last one where it is new. */
interface Open {
  index: number;
  entry: Entry;
  fresh: boolean;
}

/** A list to add to, change and take from. The first row goes on with it as it is. */
export function Entries({
  step,
  head,
  remark,
  above,
  context,
  answers,
  why,
  keys,
  under,
  refused,
  draft,
  onDraft,
  onAnswer,
  onKey,
}: {
  step: ListStep;
  head: readonly Line[];
  /** What has to be known before it is answered. */
  remark: readonly Line[];
  /** What was answered so far. */
  above: readonly Line[];
  context: StepContext;
  answers: Answers;
  why?: readonly Line[] | undefined;
  keys: Keys;
  /** Where what is said of the row under the pointer is left. */
  under: RefObject<string | undefined>;
  /** Why the list as it stands does not do, where that is known already. */
  refused?: string | undefined;
  draft?: Answer | undefined;
  /** Hears of the list as it stands, with the entry that is open; undefined: nothing of it is the user's. */
  onDraft: (answer: Answer | undefined) => void;
  onAnswer: (answer: Answer) => string | undefined;
  onKey: (press: KeyPress) => void;
}): ReactNode {
  const { glyphs } = useTheme();
  const { width, height } = useSize();
  const [entries, setEntries] = useState<readonly Entry[]>(() => asEntries(draft ?? standing(step, context, answers)));
  const [open, setOpen] = useState<Open>();
  const [gone, setGone] = useState<{ entry: Entry; index: number }>();
  const [at, setAt] = useState(GO_ON);
  const [problem, setProblem] = useState(refused);
  // Several keys can come in one read, before anything is drawn again.
  const latest = useRef(entries);
  const touched = useRef(draft !== undefined);
  const become = (next: readonly Entry[]): void => {
    latest.current = next;
    touched.current = true;
    setEntries(next);
    setProblem(undefined);
    onDraft(next);
  };
  const current: Answers = { ...answers, [step.id]: entries };
  const suggestions = step.suggestions?.(context, current) ?? [];

  function add(suggestion: Suggestion): void {
    const entry = suggestion.entry;
    if (suggestion.asks || checkEntry(step.fields, entry, context, current))
      setOpen({ index: latest.current.length, entry, fresh: true });
    else {
      become([...latest.current, entry]);
      // Enter once more goes on, and does not open what was just added.
      setAt(GO_ON);
    }
  }

  function remove(index: number): void {
    const entry = latest.current[index];
    if (!entry) return;
    setGone({ entry, index });
    become(latest.current.filter((_, place) => place !== index));
    setAt(latest.current.length > 0 ? placeOf(Math.min(index, latest.current.length - 1)) : GO_ON);
  }

  function putBack(): void {
    if (!gone) return;
    become(latest.current.toSpliced(gone.index, 0, gone.entry));
    setAt(placeOf(gone.index));
    setGone(undefined);
  }

  function create(): void {
    setOpen({ index: latest.current.length, entry: step.blank?.(context, current) ?? {}, fresh: true });
  }

  if (open) {
    const { index, entry, fresh } = open;
    const name = fieldText(entry, step.key);
    return (
      <Form
        head={[line(span(` ${name === '' ? `A new ${step.noun}` : name}`, 'strong'))]}
        fields={step.fields}
        initial={entry}
        fresh={fresh}
        doneLabel={fresh ? 'Add it' : 'Keep it so'}
        context={context}
        answers={{ ...answers, [step.id]: entries.filter((_, place) => place !== index) }}
        onChange={next => onDraft(latest.current.toSpliced(index, 1, next))}
        onDone={next => {
          const key = keyOf(step, next);
          if (latest.current.some((other, place) => place !== index && keyOf(step, other) === key))
            return `${fieldText(next, step.key)} is here already`;
          become(latest.current.toSpliced(index, 1, next));
          setOpen(undefined);
          setGone(undefined);
          setAt(GO_ON);
          return undefined;
        }}
        onKey={({ name: key }) => {
          if (key !== 'escape' && key !== 'left' && key !== 'backspace') return;
          setOpen(undefined);
          onDraft(touched.current ? latest.current : undefined);
        }}
        keys={[['esc', fresh ? 'do not add' : 'leave it as it was']]}
      />
    );
  }

  const items: RowItem[] = [
    { value: GO_ON, label: goOn(entries.length, step), tone: 'accent', apart: true },
    ...entries.map((entry, index): RowItem => {
      const { label, hint } = step.describe(entry, context, current);
      const wrong = checkEntry(step.fields, entry, context, current);
      return {
        value: placeOf(index),
        // Of one that is not finished, what stands in brackets may be missing.
        label: label.replace(/ \(\)$/, '') || `a ${step.noun}`,
        hint: wrong ? wrong.reason : hint,
        mark: wrong ? { text: glyphs.tight, tone: 'warn', says: 'unfinished:' } : { text: glyphs.entry, tone: 'quiet' },
      };
    }),
    ...suggestions.map(
      (suggestion, index): RowItem => ({
        value: `${ADD}${index}`,
        label: suggestion.label,
        hint: aboutOf(suggestion),
        mark: { text: '+', tone: 'good', says: 'add' },
        tone: 'quiet',
      }),
    ),
    {
      value: ADD,
      label: `${entries.length === 0 ? 'a first' : 'another'} ${step.noun}`,
      mark: { text: '+', tone: 'good', says: 'add' },
      tone: 'quiet',
    },
  ];
  const below = unread(items, at, width);
  under.current = below;
  const bar: Keys = [
    ['enter', at === GO_ON ? 'go on' : at.startsWith(ADD) ? 'add' : 'change'],
    ['a', 'add'],
    ...(indexOf(at) === undefined ? [] : [['d', 'remove'] as const]),
    ...(gone ? [['u', 'put it back'] as const] : []),
    ...(items.length > height - 8 ? [['/', 'search'] as const] : []),
    ...keys,
  ];
  const control: Block = {
    want: items.length,
    least: Math.min(3, items.length),
    rank: 0,
    draw: (rows, columns) => (
      <Rows
        key={`${entries.length} ${suggestions.length}`}
        items={items}
        rows={rows}
        width={columns}
        initial={at}
        onHighlight={setAt}
        onKey={(press, item) => {
          const { name, text } = press;
          const index = indexOf(item?.value);
          if (name === 'enter') {
            if (item?.value === GO_ON) setProblem(onAnswer(latest.current));
            else if (item?.value === ADD) create();
            else if (index !== undefined && latest.current[index])
              setOpen({ index, entry: latest.current[index], fresh: false });
            else {
              const suggestion = suggestions[Number(item?.value.slice(1))];
              if (suggestion) add(suggestion);
            }
          } else if (text === 'a') create();
          else if (text === 'u') putBack();
          else if ((text === 'd' || name === 'delete') && index !== undefined) remove(index);
          else onKey(press);
        }}
      />
    ),
  };
  return (
    <Frame
      above={above}
      title={head}
      under={remark}
      control={control}
      said={[
        below === undefined ? undefined : { text: below, rank: 7, least: 2 },
        gone && { text: `${fieldText(gone.entry, step.key)} is taken out; u puts it back`, rank: 5 },
      ]}
      problem={problem}
      why={why}
      keys={bar}
    />
  );
}

const placeOf = (index: number): string => `#${index}`;

function indexOf(value: string | undefined): number | undefined {
  return value?.startsWith('#') ? Number(value.slice(1)) : undefined;
}

function goOn(count: number, { noun, nouns }: ListStep): string {
  if (count === 0) return 'Go on without';
  return count === 1 ? 'Go on with this one' : `Go on with these ${plural(count, noun, nouns)}`;
}
