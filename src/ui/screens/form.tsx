import { type ReactNode, useRef, useState } from 'react';
import { oneLine } from '../../base/text.ts';
import { checkEntry, checkField, fieldText, fieldTexts, isSeveral, splitTexts } from '../../wizard/step.ts';
import type { Answers, Choice, Entry, Field, StepContext } from '../../wizard/types.ts';
import { Frame } from '../components/frame.tsx';
import { MultiMenu } from '../components/multi-menu.tsx';
import { type RowItem, Rows, unread } from '../components/rows.tsx';
import type { Block } from '../components/stack.tsx';
import { TextEntry } from '../components/text-entry.tsx';
import type { KeyPress } from '../hooks/use-keys.ts';
import { useKeys } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import type { Keys } from '../key-bar.ts';
import { cells, type Line, line, pad, span, TWO_COLUMNS } from '../lines.ts';

/** The row that takes the whole form. */
const DONE = '=';
/** The choice that leaves an optional field empty. */
const NOTHING = '';

/** The fields that a new entry is asked for one after the other, from `after` on. */
function nextAsked(fields: readonly Field[], entry: Entry, after: number): Field | undefined {
  return fields.slice(after).find(field => (!field.optional || field.asked) && fieldText(entry, field.id) === '');
}

function withField(entry: Entry, field: Field, text: string | readonly string[]): Entry {
  const { [field.id]: _, ...rest } = entry;
  return text.length === 0 ? rest : { ...rest, [field.id]: text };
}

/** What is offered for a text, the next one behind what stands there. */
function offered(choices: readonly Choice[], text: string): string | undefined {
  const known = choices.map(({ value }) => value);
  return known[(known.indexOf(text) + 1) % known.length];
}

/**
 * Several values under one heading: enter changes the one under the pointer, the first row takes them all. A new entry
 * is asked for value by value first, and then shown whole.
 */
export function Form({
  head,
  remark = [],
  above = [],
  fields,
  initial,
  fresh = false,
  doneLabel,
  context,
  answers,
  refused,
  onChange,
  onDone,
  onKey,
  keys,
  why,
}: {
  head: readonly Line[];
  /** What has to be known before it is answered. */
  remark?: readonly Line[];
  /** What was answered so far. */
  above?: readonly Line[];
  fields: readonly Field[];
  initial: Entry;
  /** Whether what is missing is asked for in turn. */
  fresh?: boolean;
  doneLabel: string;
  context: StepContext;
  answers: Answers;
  /** Why the form as it stands does not do, where that is known already. */
  refused?: string | undefined;
  onChange?: (entry: Entry) => void;
  /** Takes the form, or gives back why it will not do. */
  onDone: (entry: Entry) => string | undefined;
  /** Keys that mean nothing to the form, with what stands in it. */
  onKey: (press: KeyPress, entry: Entry) => void;
  /** Shown in the bar, behind those of the form. */
  keys: Keys;
  /** Why it is asked, where that is wanted now. */
  why?: readonly Line[] | undefined;
}): ReactNode {
  const { width, height } = useSize();
  const [entry, setEntry] = useState(initial);
  const [editing, setEditing] = useState<Field | undefined>(fresh ? nextAsked(fields, initial, 0) : undefined);
  const [at, setAt] = useState(editing?.id ?? DONE);
  const [problem, setProblem] = useState(refused);
  // The pointer was put somewhere, and not moved there.
  const [turn, setTurn] = useState(0);
  // Several keys can come in one read, before anything is drawn again.
  const latest = useRef(entry);

  function keep(field: Field, text: string | readonly string[]): void {
    latest.current = withField(latest.current, field, text);
    setEntry(latest.current);
    onChange?.(latest.current);
  }

  /** Takes a value and goes on: to the next that is asked for, or to the form. */
  function take(field: Field, text: string | readonly string[]): void {
    const next = withField(latest.current, field, text);
    const wrong = checkField(field, next, context, answers);
    if (wrong !== undefined) {
      setProblem(wrong);
      return;
    }
    keep(field, text);
    setProblem(undefined);
    const index = fields.indexOf(field);
    const following = fresh ? nextAsked(fields, next, index + 1) : undefined;
    setEditing(following);
    setAt(following?.id ?? (fresh ? DONE : (fields[index + 1]?.id ?? DONE)));
  }

  function done(): void {
    const wrong = checkEntry(fields, latest.current, context, answers);
    if (wrong) {
      setAt(wrong.field);
      setTurn(turn + 1);
      setProblem(wrong.reason);
    } else setProblem(onDone(latest.current));
  }

  // Of a new one nothing is the user's yet: to leave its first value is to leave it.
  const begun = !fresh || entry !== initial;

  /** Leaves a value as it was. */
  function leave(): void {
    if (!begun) onKey({ name: 'escape', text: '' }, latest.current);
    setEditing(undefined);
    setProblem(undefined);
  }

  const leaves = begun ? (fresh ? 'not this value' : 'leave it as it was') : 'do not add';

  const names = Math.max(0, ...fields.map(({ title }) => cells(title)));
  const rows: RowItem[] = [
    { value: DONE, label: doneLabel, tone: 'accent', apart: true },
    ...fields.map((field): RowItem => {
      const text = fieldText(entry, field.id);
      const wrong = checkField(field, entry, context, answers) !== undefined;
      const says = text === '' ? (field.optional ? 'none' : 'missing') : oneLine(text);
      return {
        value: field.id,
        // Where there is no second column, the value stands behind its name.
        ...(width < TWO_COLUMNS
          ? { label: `${pad(field.title, names)}  ${says}` }
          : { label: pad(field.title, names), hint: says }),
        tone: wrong ? 'warn' : 'plain',
      };
    }),
  ];
  const cut = editing ? undefined : unread(rows, at, width);
  const highlighted = editing ?? fields.find(({ id }) => id === at);
  const frame = (control: Block, bar: Keys, name?: readonly Line[]): ReactNode => (
    <Frame
      above={above}
      title={head}
      under={name === undefined ? remark : []}
      over={name ?? []}
      control={control}
      said={[
        cut === undefined ? undefined : { text: cut, rank: 6, tone: 'plain' },
        highlighted && {
          text: `${highlighted.hint}${highlighted.optional ? '; may be left empty' : ''}`,
          rank: 7,
        },
      ]}
      problem={problem}
      why={height > 16 ? why : undefined}
      keys={bar}
    />
  );

  if (editing) {
    const choices = editing.choices?.(context, answers, entry) ?? [];
    const title = [
      line(span(` ${editing.title}`, 'strong'), span(fresh ? stated(entry, fields, editing) : '', 'quiet')),
    ];
    if (editing.kind === 'text' || editing.kind === 'texts') {
      return (
        <EditText
          key={editing.id}
          field={editing}
          initial={fieldText(entry, editing.id)}
          choices={choices}
          frame={frame}
          title={title}
          leaves={leaves}
          onChange={text => {
            const value = editing.kind === 'texts' ? splitTexts(text) : text.trim();
            // What is wrong is said while it is typed; that nothing stands there yet is not.
            setProblem(
              value.length === 0
                ? undefined
                : checkField(editing, withField(latest.current, editing, value), context, answers),
            );
          }}
          onEnter={text => take(editing, editing.kind === 'texts' ? splitTexts(text) : text)}
          onLeave={leave}
        />
      );
    }
    const items: RowItem[] = choices.map(({ value, label, hint: says }) => ({ value, label, hint: says }));
    return frame(
      {
        want: items.length + (editing.optional ? 1 : 0),
        least: Math.min(3, items.length),
        rank: 0,
        draw: (rows, columns) =>
          editing.kind === 'multi' ? (
            <MultiMenu
              key={editing.id}
              items={items}
              rows={rows}
              width={columns}
              initial={fieldTexts(entry, editing.id)}
              onChoose={values => take(editing, values)}
              onOther={({ name }) => {
                if (name === 'escape' || name === 'left') leave();
              }}
            />
          ) : (
            <Rows
              finds
              key={editing.id}
              items={editing.optional ? [...items, { value: NOTHING, label: 'none', tone: 'quiet' }] : items}
              rows={rows}
              width={columns}
              initial={fieldText(entry, editing.id)}
              onKey={({ name }, item) => {
                if (name === 'enter' && item) take(editing, item.value);
                else if (name === 'escape' || name === 'left') leave();
              }}
            />
          ),
      },
      [
        ['enter', 'choose'],
        ['/', 'search'],
        ['esc', leaves],
      ],
      title,
    );
  }

  return frame(
    {
      want: rows.length,
      least: Math.min(3, rows.length),
      rank: 0,
      draw: (given, columns) => (
        <Rows
          key={turn}
          items={rows}
          rows={given}
          width={columns}
          initial={at}
          onHighlight={setAt}
          onKey={(press, item) => {
            const { name, text } = press;
            if (name === 'enter' && item?.value === DONE) done();
            else if ((name === 'enter' || (name === 'right' && item?.value !== DONE) || text === ' ') && item) {
              setAt(item.value);
              setEditing(fields.find(({ id }) => id === item.value));
            } else onKey(press, latest.current);
          }}
        />
      ),
    },
    [['enter', at === DONE ? 'take it' : 'change'], ...keys],
  );
}

/** What stands in the fields before one, so that it is known what it is about. */
function stated(entry: Entry, fields: readonly Field[], editing: Field): string {
  const before = fields.slice(0, fields.indexOf(editing)).map(({ id }) => fieldText(entry, id));
  const said = before.filter(text => text !== '').slice(0, 2);
  return said.length > 0 ? `   ${said.join(', ')}` : '';
}

function EditText({
  field,
  initial,
  choices,
  frame,
  title,
  leaves,
  onChange,
  onEnter,
  onLeave,
}: {
  field: Field;
  initial: string;
  choices: readonly Choice[];
  frame: (control: Block, bar: Keys, name: readonly Line[]) => ReactNode;
  title: readonly Line[];
  /** What escape does, in words. */
  leaves: string;
  onChange: (text: string) => void;
  onEnter: (text: string) => void;
  onLeave: () => void;
}): ReactNode {
  // Another beginning is another entry: its cursor stands at the end.
  const [begin, setBegin] = useState({ text: initial, times: 0 });
  const typed = useRef(initial);
  const some = choices.map(({ value }) => value);
  useKeys(({ name }) => {
    if (name === 'escape') onLeave();
    else if (name === 'tab' && some.length > 0) {
      // Of several, the last one: behind a comma, one more.
      const parts = isSeveral(field) ? typed.current.split(',').map(part => part.trim()) : [typed.current];
      typed.current = [...parts.slice(0, -1), offered(choices, parts.at(-1) ?? '') ?? ''].join(', ');
      setBegin(({ times }) => ({ text: typed.current, times: times + 1 }));
      onChange(typed.current);
    }
  });
  return frame(
    {
      want: 1,
      least: 1,
      rank: 0,
      draw: (_, columns) => (
        <TextEntry
          key={begin.times}
          initial={begin.text}
          width={columns}
          several={isSeveral(field)}
          onChange={text => {
            typed.current = text;
            onChange(text);
          }}
          onEnter={onEnter}
        />
      ),
    },
    [
      ['enter', 'take it'],
      ...(some.length > 0 ? [['tab', some.slice(0, 3).join(', ')] as const] : []),
      ['esc', leaves],
    ],
    title,
  );
}
