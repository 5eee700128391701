import type { ReactNode } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cells } from '../../src/ui/lines.ts';
import { Form } from '../../src/ui/screens/form.tsx';
import { Outline } from '../../src/ui/screens/outline.tsx';
import { Question } from '../../src/ui/screens/question.tsx';
import { systems } from '../../src/wizard/steps/systems.ts';
import type { Answers, Entry, Field, ListStep, StepContext } from '../../src/wizard/types.ts';
import { FACTS, STEPS } from '../support/demo-engine.ts';
import { type Shown, show } from '../support/screen.tsx';

let shown: Shown | undefined;
afterEach(() => shown?.unmount());

const context: StepContext = { facts: FACTS, posture: { version: 1, project: 'shop-api' } };

const FIELDS: readonly Field[] = [
  {
    id: 'id',
    title: 'Name',
    kind: 'text',
    hint: 'a short name',
    validate: value => (/^[a-z-]+$/.test(value) ? undefined : 'lower-case letters'),
  },
  {
    id: 'kind',
    title: 'Kind',
    kind: 'select',
    hint: 'what it is',
    choices: () => [
      { value: 'postgres', label: 'PostgreSQL' },
      { value: 'redis', label: 'Redis' },
    ],
  },
  {
    id: 'environment',
    title: 'Environment',
    kind: 'text',
    hint: 'where it runs',
    optional: true,
    asked: true,
    choices: () => [
      { value: 'production', label: 'production' },
      { value: 'staging', label: 'staging' },
    ],
  },
  {
    id: 'holds',
    title: 'Holds',
    kind: 'texts',
    hint: 'names, with commas',
    optional: true,
    choices: () => [{ value: 'pii', label: 'pii' }],
  },
  {
    id: 'rights',
    title: 'Rights',
    kind: 'multi',
    hint: 'what it may',
    optional: true,
    choices: () => [
      { value: 'read', label: 'read' },
      { value: 'write', label: 'write' },
    ],
  },
];

describe('a form', () => {
  const onDone = vi.fn<(entry: Entry) => string | undefined>();
  const onChange = vi.fn<(entry: Entry) => void>();
  const onKey = vi.fn();
  afterEach(() => {
    for (const spy of [onDone, onChange, onKey]) spy.mockReset();
  });
  const form = (initial: Entry, extra: Partial<Parameters<typeof Form>[0]> = {}): ReactNode => (
    <Form
      head={[]}
      fields={FIELDS}
      initial={initial}
      doneLabel="Add it"
      context={context}
      answers={{}}
      onDone={onDone}
      onChange={onChange}
      onKey={onKey}
      keys={[]}
      {...extra}
    />
  );
  const FULL = { id: 'orders', kind: 'postgres' };

  it('asks a new entry for value after value, leaves out what may be left out, and shows it whole', async () => {
    shown = await show(form({}, { fresh: true }));
    expect(shown.frame()).toMatch(/Name\n ❯/);
    await shown.press({ text: 'orders' }, 'enter');
    expect(shown.frame()).toContain('Kind   orders');
    await shown.press('down', 'enter');
    expect(shown.frame()).toContain('Environment   orders, redis');
    await shown.press('enter');
    // Nothing asks for Holds and Rights: they can be filled in, and need not be.
    expect(shown.frame()).toMatch(/❯ Add it/);
    expect(shown.frame()).toMatch(/Holds +none/);
    await shown.press('enter');
    expect(onDone).toHaveBeenLastCalledWith({ id: 'orders', kind: 'redis' });
  });

  it('asks only for what is missing where a part of it was found', async () => {
    shown = await show(form({ id: 'orders', environment: 'production' }, { fresh: true }));
    expect(shown.frame()).toMatch(/ Kind +orders/);
    await shown.press('enter');
    expect(shown.frame()).toMatch(/❯ Add it/);
  });

  it('says what is wrong while it is typed, keeps what was typed when it is refused, and takes it once it will do', async () => {
    shown = await show(form({}, { fresh: true }));
    await shown.press({ text: 'Ord' });
    expect(shown.frame()).toContain('! lower-case letters');
    await shown.press('enter');
    expect(shown.frame()).toMatch(/Name\n ❯ Ord/);
    expect(onChange).not.toHaveBeenCalled();
    await shown.press('ctrl-u');
    expect(shown.frame()).not.toContain('lower-case letters');
    await shown.press('enter');
    expect(shown.frame()).toContain('name is missing: a short name');
    await shown.press({ text: 'ord' }, 'enter');
    expect(shown.frame()).toContain('Kind   ord');
  });

  it('leaves a value as it was by escape, also in a choice and in a list to mark', async () => {
    const initial = { ...FULL, environment: 'staging', rights: ['read'] };
    shown = await show(form(initial));
    for (const [down, keys] of [
      [1, [{ text: 'xyz' }]],
      [1, ['down']],
      [1, ['ctrl-u']],
      [2, [{ text: 'a' }]],
    ] as const) {
      for (let at = 0; at < down; at++) await shown.press('down');
      await shown.press('enter', ...keys, 'escape');
      expect(shown.frame()).toContain('Add it');
    }
    await shown.press('home', 'enter');
    expect(onDone).toHaveBeenLastCalledWith(initial);
    expect(onChange).not.toHaveBeenCalled();
  });

  it('changes the value under the pointer and goes to the next one; an optional one is emptied', async () => {
    shown = await show(form({ ...FULL, environment: 'staging' }));
    await shown.press('down', 'enter', 'backspace', 'enter');
    expect(shown.frame()).toMatch(/❯ Kind/);
    await shown.press('down', 'enter', 'ctrl-u', 'enter', 'home', 'enter');
    expect(onDone).toHaveBeenLastCalledWith({ id: 'order', kind: 'postgres' });
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  it('says what an entry is about only while a new one is filled in', async () => {
    shown = await show(form(FULL));
    await shown.press('down', 'down', 'enter');
    expect(shown.frame()).toMatch(/^ Kind$/m);
  });

  it('takes several texts with commas once each, and several marked ones', async () => {
    shown = await show(form(FULL));
    await shown.press('down', 'down', 'down', 'down', 'enter', { text: 'pii, logs,pii ,' }, 'enter');
    expect(shown.frame()).toMatch(/❯ Rights/);
    await shown.press('enter', 'space', 'down', 'space', 'enter', 'home', 'enter');
    expect(onDone).toHaveBeenLastCalledWith({ ...FULL, holds: ['pii', 'logs'], rights: ['read', 'write'] });
  });

  it('takes each pasted line as a text of its own where several are meant', async () => {
    shown = await show(form(FULL));
    await shown.press('down', 'down', 'down', 'down', 'enter', {
      text: '\u001b[200~pii\r\n\u001b[2J\n  logs \nmail,\u001b[201~',
    });
    expect(shown.frame()).toContain('pii, logs, mail,');
    await shown.press('enter', 'home', 'enter');
    expect(onDone).toHaveBeenLastCalledWith({ ...FULL, holds: ['pii', 'logs', 'mail'] });
  });

  it('offers by tab one after the other, and in a list of texts behind what stands there', async () => {
    shown = await show(form(FULL));
    await shown.press('down', 'down', 'down', 'enter', 'tab');
    expect(shown.frame()).toMatch(/❯ production/);
    await shown.press('tab');
    expect(shown.frame()).toMatch(/❯ staging/);
    await shown.press('tab', 'enter', 'enter', { text: 'logs, ' }, 'tab', 'enter', 'home', 'enter');
    expect(onDone).toHaveBeenLastCalledWith({ ...FULL, environment: 'production', holds: ['logs', 'pii'] });
  });

  it('goes to what is wrong where the whole will not do, and says why', async () => {
    shown = await show(form({ id: 'orders' }));
    await shown.press('enter');
    expect(onDone).not.toHaveBeenCalled();
    expect(shown.frame()).toMatch(/❯ Kind +missing/);
    expect(shown.frame()).toContain('kind is missing: what it is');
  });

  it('says why whoever asked for it will not take it', async () => {
    onDone.mockReturnValue('orders is here already');
    shown = await show(form(FULL));
    await shown.press('enter');
    await shown.waitFor('! orders is here already');
  });

  it.each([40, 49, 60])('shows each value with its name in a window of %i columns', async cols => {
    shown = await show(form({ ...FULL, environment: 'staging' }), { cols, rows: 12 });
    expect(shown.frame()).toMatch(/Name +orders/);
    expect(shown.frame()).toMatch(/Environment +staging/);
    for (const row of shown.frame().split('\n')) expect(cells(row)).toBeLessThan(cols);
  });

  it('takes pasted lines into a text on one line, and a secret not at all, without repeating it', async () => {
    shown = await show(form({}, { fresh: true }));
    shown.press({ text: '\u001b[200~orders\r\nq\u001b[31m\n\u001b[201~' });
    await shown.waitFor('orders q');
    const secret = ['gh', 'p_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('');
    await shown.press('ctrl-u', { text: `\u001b[200~${secret}\u001b[201~` }, 'enter');
    expect(shown.frame()).toMatch(/this looks like .*token/);
    expect(onChange).not.toHaveBeenCalled();
    await shown.press('escape');
    expect(shown.frame()).not.toContain(secret);
  });
});

const LIST: ListStep = {
  id: 'things',
  title: 'Things',
  kind: 'list',
  noun: 'kind of data',
  nouns: 'kinds of data',
  key: 'id',
  paths: ['whole'],
  question: () => 'Which things?',
  why: 'Because.',
  fields: FIELDS,
  describe: entry => ({ label: String(entry.id ?? ''), hint: String(entry.kind ?? '') }),
  fallback: () => [],
  suggestions: (_context, answers) =>
    [
      { entry: { id: 'found', kind: 'redis' }, label: 'found', hint: 'whole' },
      { entry: { id: 'half' }, label: 'half', hint: 'without a kind' },
    ].filter(({ entry }) => !(answers.things as Entry[]).some(({ id }) => id === entry.id)),
  applies: () => true,
  dependsOn: [],
  edits: () => [],
};

describe('a list of entries', () => {
  const onAnswer = vi.fn<(answer: unknown) => string | undefined>();
  const onDraft = vi.fn();
  const onBack = vi.fn();
  afterEach(() => {
    for (const spy of [onAnswer, onDraft, onBack]) spy.mockReset();
  });
  const ask = (given?: readonly Entry[], step: ListStep = LIST): ReactNode => (
    <Question
      step={step}
      number={1}
      of={9}
      context={context}
      answers={given ? { [step.id]: given } : {}}
      done={[]}
      onAnswer={onAnswer}
      onDraft={onDraft}
      onBack={onBack}
      onOutline={() => {}}
      onQuit={() => {}}
    />
  );
  const A = { id: 'a', kind: 'redis' };
  const B = { id: 'b', kind: 'postgres' };
  const C = { id: 'c', kind: 'redis' };

  it('goes on by the first row with what is there, and names how many that are', async () => {
    shown = await show(ask());
    expect(shown.frame()).toMatch(/❯ Go on without/);
    shown.unmount();
    shown = await show(ask([A]));
    expect(shown.frame()).toMatch(/❯ Go on with this one/);
    shown.unmount();
    shown = await show(ask([A, B]));
    expect(shown.frame()).toMatch(/❯ Go on with these 2 kinds of data/);
    await shown.press('enter');
    expect(onAnswer).toHaveBeenCalledWith([A, B]);
  });

  it('adds by a, and stands on going on afterwards', async () => {
    shown = await show(ask([A]));
    await shown.press({ text: 'a' }, { text: 'new' }, 'enter', 'enter', 'enter', 'enter');
    expect(onDraft).toHaveBeenLastCalledWith([A, { id: 'new', kind: 'postgres' }]);
    expect(shown.frame()).toMatch(/❯ Go on with these 2/);
    await shown.press('enter');
    expect(onAnswer).toHaveBeenLastCalledWith([A, { id: 'new', kind: 'postgres' }]);
  });

  it('changes an entry in its place, and keeps what is not in the form', async () => {
    shown = await show(ask([A, B, C]));
    await shown.press('down', 'down', 'enter', 'down', 'enter', { text: 'x' }, 'enter', 'home', 'enter');
    expect(onDraft).toHaveBeenLastCalledWith([A, { id: 'bx', kind: 'postgres' }, C]);
  });

  it('leaves an entry as it was by escape, and drops a new one', async () => {
    shown = await show(ask([A]));
    await shown.press('down', 'enter', 'down', 'enter', { text: 'x' }, 'enter', 'escape');
    expect(onDraft.mock.lastCall).toEqual([undefined]);
    await shown.press({ text: 'a' }, { text: 'new' }, 'enter', 'escape', 'escape');
    expect(onDraft.mock.lastCall).toEqual([undefined]);
    expect(shown.frame()).toContain('Go on with this one');
  });

  it('leaves a new entry at once where nothing of it was taken, and says so, as it says that one is the first', async () => {
    shown = await show(ask([]));
    expect(shown.frame()).toContain('+ a first kind of data');
    await shown.press({ text: 'a' });
    expect(shown.frame()).toContain('esc do not add');
    await shown.press({ text: 'new' }, 'enter');
    expect(shown.frame()).toContain('esc not this value');
    await shown.press('escape');
    expect(shown.frame()).toMatch(/Add it[\s\S]*esc do not add/);
    await shown.press('escape', { text: 'a' }, { text: 'x' }, 'escape');
    expect(shown.frame()).toMatch(/❯ Go on without/);
    shown.unmount();
    shown = await show(ask([A]));
    expect(shown.frame()).toContain('+ another kind of data');
  });

  it('hands out an entry that is not finished with each value that is taken, and takes it back with the entry', async () => {
    shown = await show(ask([A]));
    await shown.press({ text: 'a' }, { text: 'new' });
    // What is still typed is handed to nobody: it may be the beginning of a secret.
    expect(onDraft).not.toHaveBeenCalled();
    await shown.press('enter');
    expect(onDraft.mock.lastCall).toEqual([[A, { id: 'new' }]]);
    await shown.press('enter', 'enter', 'enter');
    expect(onDraft.mock.lastCall).toEqual([[A, { id: 'new', kind: 'postgres' }]]);
    await shown.press({ text: 'a' }, { text: 'more' }, 'enter', 'escape', 'escape');
    expect(onDraft.mock.lastCall).toEqual([[A, { id: 'new', kind: 'postgres' }]]);
  });

  it('takes out by d, says so, and puts it back by u in its place', async () => {
    shown = await show(ask([A, B, C]));
    await shown.press('down', 'down', { text: 'd' });
    expect(onDraft).toHaveBeenLastCalledWith([A, C]);
    expect(shown.frame()).toContain('b is taken out; u puts it back');
    expect(shown.frame()).toMatch(/❯ · c/);
    await shown.press({ text: 'u' });
    expect(onDraft).toHaveBeenLastCalledWith([A, B, C]);
    expect(shown.frame()).not.toContain('taken out');
    expect(shown.frame()).toMatch(/❯ · b/);
    await shown.press({ text: 'u' });
    expect(onDraft).toHaveBeenLastCalledWith([A, B, C]);
  });

  it('takes out the only one and stands on going on; d means nothing on the other rows', async () => {
    shown = await show(ask([A]));
    await shown.press({ text: 'd' }, 'end', { text: 'd' });
    expect(onDraft).not.toHaveBeenCalled();
    await shown.press('home', 'down', { text: 'd' }, 'enter');
    expect(onAnswer).toHaveBeenLastCalledWith([]);
  });

  it('takes a suggestion whole, and opens it where something is missing', async () => {
    shown = await show(ask());
    expect(shown.frame()).toMatch(/\+ found +whole/);
    await shown.press('down', 'enter');
    expect(onDraft).toHaveBeenLastCalledWith([{ id: 'found', kind: 'redis' }]);
    expect(shown.frame()).not.toMatch(/\+ found/);
    await shown.press('down', 'down', 'enter');
    expect(shown.frame()).toMatch(/ Kind +half/);
    await shown.press('enter', 'enter', 'enter');
    expect(onDraft).toHaveBeenLastCalledWith([
      { id: 'found', kind: 'redis' },
      { id: 'half', kind: 'postgres' },
    ]);
  });

  it('refuses the same key twice, and keeps what was filled in', async () => {
    shown = await show(ask([A]));
    await shown.press({ text: 'a' }, { text: 'a' }, 'enter', 'enter', 'enter', 'enter');
    expect(shown.frame()).toContain('! a is here already');
    expect(shown.frame()).toMatch(/Kind +postgres/);
    // Under its own name an entry stays what it is.
    await shown.press('escape', 'home', 'down', 'enter', 'enter');
    expect(onDraft).toHaveBeenLastCalledWith([A]);
  });

  it('marks an entry that will not do, with the reason', async () => {
    shown = await show(ask([{ id: 'A' }]));
    expect(shown.frame()).toMatch(/! A +lower-case letters/);
  });

  it('says why the list will not do', async () => {
    onAnswer.mockReturnValue('too few');
    shown = await show(ask());
    await shown.press('enter');
    await shown.waitFor('! too few');
  });

  it('turns and searches in 500, and changes the right one', async () => {
    const all = Array.from({ length: 500 }, (_, at) => ({
      id: `system-${'abcdefghij'[at % 10]}${'x'.repeat(at / 10)}`,
      kind: 'redis',
    }));
    shown = await show(ask(all));
    expect(shown.frame().split('\n').length).toBeLessThan(24);
    expect(shown.frame()).toContain('/ search');
    await shown.press('end', 'page-up', 'page-up', 'home');
    expect(shown.frame()).toMatch(/❯ Go on with these 500 kinds of data/);
    await shown.press({ text: '/' }, { text: `system-c${'x'.repeat(49)}` }, 'enter');
    await shown.press('down', 'enter', { text: 'z' }, 'enter', 'home', 'enter');
    const [drafted] = onDraft.mock.lastCall as [Entry[]];
    expect(drafted).toHaveLength(500);
    expect(drafted.filter((entry, at) => entry !== all[at])).toEqual([
      { id: `system-c${'x'.repeat(49)}z`, kind: 'redis' },
    ]);
  });

  it.each([40, 60])(
    'says below the list, in %i columns, what the row under the pointer has no room for',
    async cols => {
      const entry = {
        id: 'orders-db',
        kind: 'postgres',
        environment: 'production',
        address: 'db.prod.example.com:5432',
      };
      shown = await show(ask([entry], systems), { cols, rows: 16 });
      await shown.press('down');
      expect(shown.frame().replace(/\s+/g, ' ')).toMatch(
        /orders-db \(postgres, db.prod.example.com:5432\)(; production)? enter/,
      );
      for (const row of shown.frame().split('\n')) expect(cells(row)).toBeLessThan(cols);
    },
  );

  it('goes back by left with what was done kept', async () => {
    shown = await show(ask([A]));
    await shown.press('down', { text: 'd' }, 'left');
    expect(onBack).toHaveBeenCalledTimes(1);
    expect(onDraft).toHaveBeenLastCalledWith([]);
  });
});

describe('all questions', () => {
  const onStep = vi.fn();
  const onPlan = vi.fn();
  const onBack = vi.fn();
  const onQuit = vi.fn();
  afterEach(() => {
    for (const spy of [onStep, onPlan, onBack, onQuit]) spy.mockReset();
  });
  const whole: Answers = { systems: ['orders-db'], box: 'bubblewrap', protected: 'main', scan: 'yes' };
  const outline = (answers: Answers, current?: string, facts = FACTS): ReactNode => (
    <Outline
      steps={STEPS}
      context={{ ...context, facts }}
      answers={answers}
      whole={whole}
      current={current}
      onStep={onStep}
      onPlan={onPlan}
      onBack={onBack}
      onQuit={onQuit}
    />
  );

  it('says what was answered, what stands without an answer, and how many are open', async () => {
    shown = await show(outline({ systems: ['orders-db'] }));
    expect(shown.frame()).toContain('1 of 4 answered');
    expect(shown.frame()).toMatch(/✓ \S[^\n]*orders-db/);
    expect(shown.frame()).toMatch(/· Box [^\n]*Bubblewrap/);
    expect(shown.frame()).toContain('what is not answered stays as it stands below');
    shown.unmount();
    shown = await show(outline(whole));
    expect(shown.frame()).toContain('all answered');
  });

  it('goes to the one under the pointer, begins where one was, and finds one by its answer', async () => {
    shown = await show(outline(whole, 'box'));
    await shown.press('enter');
    expect(onStep).toHaveBeenLastCalledWith('box');
    await shown.press({ text: '/' }, { text: 'orders' }, 'enter');
    expect(onStep).toHaveBeenLastCalledWith('systems');
    await shown.press('escape', 'home', 'enter');
    expect(onPlan).toHaveBeenCalledTimes(1);
  });

  it('goes back by left, o and escape, but not out of a search, and quits by q', async () => {
    shown = await show(outline(whole));
    await shown.press('left', { text: 'o' });
    expect(onBack).toHaveBeenCalledTimes(2);
    await shown.press({ text: '/' }, { text: 'o' });
    expect(shown.frame()).toMatch(/\n enter take it {3}esc end the search$/);
    await shown.press('escape');
    expect(onBack).toHaveBeenCalledTimes(2);
    await shown.press('escape');
    expect(onBack).toHaveBeenCalledTimes(3);
    expect(onQuit).not.toHaveBeenCalled();
    await shown.press({ text: 'q' });
    expect(onQuit).toHaveBeenCalledTimes(1);
  });

  it("says in an agent's session what is not asked there, and nothing of it elsewhere", async () => {
    shown = await show(outline(whole, undefined, { ...FACTS, insideAgent: 'Claude Code' }));
    expect(shown.frame().replace(/\s+/g, ' ')).toContain(
      '! This is a session of Claude Code: whoever answers may be the agent',
    );
    shown.unmount();
    shown = await show(outline(whole));
    expect(shown.frame()).not.toContain('session');
  });

  it('shows the whole answer of the row under the pointer where it is narrow', async () => {
    shown = await show(outline(whole, 'systems'), { cols: 40, rows: 14 });
    expect(shown.frame()).toMatch(/\n {3}orders-db/);
  });

  it('leaves two rows for what a row has no room for, however low the window', async () => {
    const answers = { ...whole, protected: 'main, release/one, release/two, release/three' };
    shown = await show(
      <Outline
        steps={STEPS}
        context={context}
        answers={answers}
        whole={answers}
        current="protected"
        onStep={onStep}
        onPlan={onPlan}
        onBack={onBack}
        onQuit={onQuit}
      />,
      { cols: 40, rows: 8 },
    );
    expect(shown.frame()).toMatch(/\n {3}main, release\/one, release\/two,\n {3}release\/three/);
  });
});
