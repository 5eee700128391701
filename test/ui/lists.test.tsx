import { type ReactNode, useState } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MultiMenu } from '../../src/ui/components/multi-menu.tsx';
import { type RowItem, Rows, unread, wholeHeight } from '../../src/ui/components/rows.tsx';
import { matches, windowStart } from '../../src/ui/hooks/use-list.ts';
import { cells } from '../../src/ui/lines.ts';
import { type Shown, show } from '../support/screen.tsx';

let shown: Shown | undefined;
afterEach(() => shown?.unmount());

const ITEMS: RowItem[] = [
  { value: 'orders-db', label: 'orders-db', hint: 'production' },
  { value: 'cache', label: 'cache', hint: 'staging' },
  { value: 'mail', label: 'mail', hint: 'production' },
];
const many = (count: number): RowItem[] =>
  Array.from({ length: count }, (_, at) => ({ value: `v${at}`, label: `system-${at}` }));

const pointed = (): string => /❯ (?:\S+ )?(\S+)/.exec(shown?.frame() ?? '')?.[1] ?? 'nothing';
const rows = (): string[] => shown?.frame().split('\n') ?? [];

let change: (items: RowItem[]) => void = () => {};
function Changing({ draw }: { draw: (items: RowItem[]) => ReactNode }): ReactNode {
  const [items, setItems] = useState(ITEMS);
  change = setItems;
  return draw(items);
}

describe('a list', () => {
  const onKey = vi.fn();
  const onHighlight = vi.fn();
  afterEach(() => {
    onKey.mockReset();
    onHighlight.mockReset();
  });
  const list = (items: readonly RowItem[], given = 6, width = 60, extra = {}) => (
    <Rows items={items} rows={given} width={width} onKey={onKey} onHighlight={onHighlight} {...extra} />
  );
  const taken = (): unknown[] =>
    onKey.mock.calls.filter(([{ name }]) => name === 'enter').map(([, item]) => item?.value);

  it('moves by keys, over both ends, and says what is under the pointer', async () => {
    shown = await show(list(ITEMS));
    await shown.press('up');
    expect(pointed()).toBe('mail');
    await shown.press('down', { text: 'j' });
    expect(pointed()).toBe('cache');
    await shown.press({ text: 'k' });
    expect(onHighlight.mock.calls.map(([value]) => value)).toEqual(['mail', 'orders-db', 'cache', 'orders-db']);
  });

  it('turns under the pointer by pages, and goes to both ends', async () => {
    shown = await show(list(many(40), 5));
    expect(rows()).toHaveLength(5);
    await shown.press('page-down');
    expect(pointed()).toBe('system-4');
    await shown.press('page-down', 'page-down', 'page-up');
    expect(pointed()).toBe('system-8');
    await shown.press('end');
    expect(pointed()).toBe('system-39');
    expect(rows().at(-1)).toContain('system-39');
    await shown.press('page-down');
    expect(pointed()).toBe('system-39');
    await shown.press('home');
    expect([pointed(), rows()[0]]).toEqual(['system-0', ' ❯ system-0']);
  });

  it('searches as it is typed, in names and in what is said, and counts what is left', async () => {
    shown = await show(list(ITEMS));
    await shown.press({ text: '/' }, { text: 'PROD' });
    expect(shown.frame()).toMatch(/ \/ PROD\|? +2 of 3 entries/);
    expect(shown.frame()).not.toContain('cache');
    await shown.press({ text: ' ma' });
    expect(shown.frame()).toContain('1 of 3 entries');
    expect(pointed()).toBe('mail');
    expect(onKey).not.toHaveBeenCalled();
  });

  it('takes by enter what is under the pointer of a search; where several can be marked, it goes into what is left', async () => {
    shown = await show(list(ITEMS));
    await shown.press({ text: '/' }, { text: 'prod' }, 'down', 'enter');
    expect(taken()).toEqual(['mail']);
    shown.unmount();
    onKey.mockReset();
    shown = await show(list(ITEMS, 6, 60, { several: true }));
    for (const text of ['prod', 'mail', 'nowhere', '']) {
      await shown.press({ text: '/' }, 'ctrl-u', { text }, 'enter');
      expect([text, taken()]).toEqual([text, []]);
      await shown.press('escape');
    }
    await shown.press({ text: '/' }, { text: 'prod' }, 'enter', 'end', 'enter');
    expect(taken()).toEqual(['mail']);
  });

  it('leaves a command above the list out of a search, so that enter does not give it', async () => {
    const command: RowItem = { value: '=', label: 'Go on with these', apart: true };
    shown = await show(list([command, ...ITEMS]));
    await shown.press({ text: '/' }, { text: 'o' });
    expect(shown.frame()).toContain('2 of 3 entries');
    expect(shown.frame()).not.toContain('Go on');
    await shown.press('enter');
    expect(taken()).toEqual(['orders-db']);
  });

  it('begins a search by a letter where that is no command', async () => {
    shown = await show(list(ITEMS, 6, 60, { finds: true }));
    await shown.press({ text: 'c' }, { text: 'ache' });
    expect(shown.frame()).toContain('1 of 3 entries');
    await shown.press('enter');
    expect(taken()).toEqual(['cache']);
  });

  it('leaves the typing by tab, with the search in force, and gives keys on again', async () => {
    shown = await show(list(ITEMS));
    await shown.press({ text: '/' }, { text: 'cache' }, 'tab', { text: 'd' });
    expect(onKey).toHaveBeenLastCalledWith(expect.objectContaining({ text: 'd' }), ITEMS[1], [ITEMS[1]]);
    expect(shown.frame()).toContain('1 of 3 entries');
    await shown.press('escape');
    expect(shown.frame()).toContain('orders-db');
    expect(shown.frame()).not.toContain('entries');
    // The pointer stays on what was found.
    expect(pointed()).toBe('cache');
  });

  it('ends the search by escape, and by taking back its last letter and once more, without leaving the list', async () => {
    shown = await show(list(ITEMS));
    for (const keys of [['escape'], ['backspace', 'backspace', 'backspace']] as const) {
      await shown.press({ text: '/' }, { text: 'ca' }, ...keys);
      expect(shown.frame()).not.toContain('entries');
    }
    expect(onKey).not.toHaveBeenCalled();
    await shown.press('escape');
    expect(onKey).toHaveBeenCalledTimes(1);
  });

  it('says that nothing is left, takes nothing then, and lives on', async () => {
    shown = await show(list(ITEMS));
    await shown.press({ text: '/' }, { text: 'nowhere' });
    expect(shown.frame()).toContain('0 of 3 entries');
    await shown.press('enter', 'down', 'page-down', 'end', 'enter');
    expect(taken()).toEqual([undefined]);
    await shown.press('escape', 'enter');
    expect(taken()).toEqual([undefined, 'orders-db']);
  });

  it('takes several keys that come in one read, each after the one before', async () => {
    shown = await show(list(ITEMS));
    await shown.press({ text: '/cache\r' });
    expect(taken()).toEqual(['cache']);
    await shown.press({ text: '\u0015mail' });
    await shown.press('escape', { text: 'jj' });
    expect(onHighlight).toHaveBeenCalled();
  });

  it('takes what is pasted into a search on one line, and nowhere else', async () => {
    shown = await show(list(ITEMS));
    await shown.press({ text: '\u001b[200~q\rd\u001b[201~' });
    expect(onKey).not.toHaveBeenCalled();
    await shown.press({ text: '/' }, { text: '\u001b[200~orders\n\u001b[2J\u202e-db\u001b[201~' });
    expect(shown.frame()).toContain('/ orders -db');
    expect(shown.frame()).not.toMatch(/[\u001b\u202e]/);
  });

  it('keeps the pointer on its item where others come and go, and gives way where it is gone', async () => {
    shown = await show(<Changing draw={items => list(items)} />);
    await shown.press('down');
    change([{ value: 'new', label: 'new-one' }, ...ITEMS]);
    await shown.waitFor('new-one');
    expect(pointed()).toBe('cache');
    change(ITEMS.filter(({ value }) => value !== 'cache'));
    await shown.waitFor(/^(?![\s\S]*cache)/);
    expect(pointed()).toBe('orders-db');
    await shown.press('enter');
    expect(taken()).toEqual(['orders-db']);
  });

  it.each([40, 49, 50, 80, 100])('keeps wide characters and long names within %i cells', async width => {
    const wide = [
      {
        value: 'a',
        label: '顧客データベース-本番環境-非常に長い名前-本番環境-非常に長い名前',
        hint: '👩‍💻 が使う、毎晩'.repeat(9),
      },
      { value: 'b', label: 'é'.repeat(120), hint: 'short', mark: { text: '✓', tone: 'good' as const } },
    ];
    shown = await show(list(wide, 6, width), { cols: 110 });
    expect(rows()).toHaveLength(2);
    for (const row of rows()) expect(cells(row)).toBeLessThanOrEqual(width);
    expect(unread(wide, 'a', width)).toContain('が使う');
  });

  it('wraps what is said where all of it has room, and cuts it where not', async () => {
    const items = [{ value: 'a', label: 'docs', hint: 'one two three four five six seven eight nine ten' }, ...ITEMS];
    const frames: string[] = [];
    for (const given of [wholeHeight(items, 60), wholeHeight(items, 60) - 1]) {
      shown = await show(list(items, given, 60, { whole: true }));
      expect(rows().length).toBeLessThanOrEqual(given);
      frames.push(shown.frame());
      shown.unmount();
    }
    expect(frames[0]).toMatch(/ ❯ docs +one two three .* nine\n {15}ten\n {3}orders-db/);
    expect(frames[1]).toMatch(/ ❯ docs +one two three .*…\n {3}orders-db/);
  });

  it('says by voice whether an item is marked or to be added, and leaves signs out', async () => {
    const items = [
      { value: 'a', label: 'staging', mark: { text: '+', tone: 'good' as const, says: 'add' } },
      { value: 'b', label: 'orders-db', mark: { text: '-', tone: 'quiet' as const } },
    ];
    process.env.INK_SCREEN_READER = 'true';
    try {
      shown = await show(list(items), { screenReader: true });
      expect(shown.frame()).toContain('add staging');
      expect(shown.frame()).toMatch(/option: orders-db/);
    } finally {
      delete process.env.INK_SCREEN_READER;
    }
  });
});

describe('what a row has no room for', () => {
  const item = (label: string, hint?: string): RowItem[] => [{ value: 'x', label, hint }];
  it('is what is said beside the name, where it is narrow or cut', () => {
    expect(unread(item('development', 'agents may read'), 'x', 40)).toBe('agents may read');
    expect(unread(item('development', 'agents may read'), 'x', 80)).toBeUndefined();
    expect(unread(item('development', 'agents '.repeat(20).trim()), 'x', 80)).toContain('agents agents');
  });
  it('is the name itself where that is cut, and nothing where nothing is under the pointer', () => {
    const long = 'orders-db (postgres, db.prod.example.com:5432)';
    expect(unread(item(long), 'x', 40)).toBe(long);
    expect(unread(item(long), 'y', 40)).toBeUndefined();
  });
});

describe('the window of a list', () => {
  it('holds the pointer, turns as little as it can, and leaves no empty rows at the end', () => {
    expect(windowStart(0, 10, 4, 0)).toBe(0);
    expect(windowStart(4, 10, 4, 0)).toBe(1);
    expect(windowStart(2, 10, 4, 3)).toBe(2);
    expect(windowStart(3, 4, 4, 3)).toBe(0);
    expect(windowStart(9, 10, 4, 9)).toBe(6);
  });
  it('finds words in any order and case', () => {
    expect(matches({ value: 'o', label: 'Orders', hint: 'production' }, 'prod ord')).toBe(true);
    expect(matches({ value: 'o', label: 'Orders', hint: undefined }, 'prod')).toBe(false);
  });
});

describe('a list to mark in', () => {
  const onChoose = vi.fn();
  const onOther = vi.fn();
  const onMark = vi.fn();
  afterEach(() => {
    for (const spy of [onChoose, onOther, onMark]) spy.mockReset();
  });
  const menu = (items: readonly RowItem[], initial: string[] = [], given = 8) => (
    <MultiMenu
      items={items}
      rows={given}
      width={60}
      initial={initial}
      onChoose={onChoose}
      onOther={onOther}
      onMark={onMark}
    />
  );

  it('marks by space and takes by enter, in the order of the list', async () => {
    shown = await show(menu(ITEMS, ['mail']));
    await shown.press('space', 'enter');
    expect(onChoose).toHaveBeenLastCalledWith(['orders-db', 'mail']);
    await shown.press('space', 'enter');
    expect(onChoose).toHaveBeenLastCalledWith(['mail']);
    expect(onMark).toHaveBeenCalledTimes(2);
  });

  it('marks with a all that a search leaves, takes them back with a, and does not touch the others', async () => {
    shown = await show(menu(ITEMS, ['cache']));
    await shown.press({ text: '/' }, { text: 'prod' }, 'enter', { text: 'a' });
    await shown.press('enter');
    expect(onChoose).toHaveBeenLastCalledWith(['orders-db', 'cache', 'mail']);
    await shown.press({ text: 'a' }, 'enter');
    expect(onChoose).toHaveBeenLastCalledWith(['cache']);
  });

  it('marks by enter in a search what it found where that is one, without taking it back, and takes it by enter after that', async () => {
    shown = await show(menu(ITEMS));
    for (let times = 0; times < 2; times++) {
      await shown.press({ text: '/' }, 'ctrl-u', { text: 'cach' }, 'enter');
      expect(shown.frame()).toMatch(/◼ cache/);
      expect(onChoose).not.toHaveBeenCalled();
    }
    await shown.press('enter');
    expect(onChoose.mock.calls).toEqual([[['cache']]]);
  });

  it('marks none of several, by enter in a search, and by space then the one under the pointer', async () => {
    shown = await show(menu(ITEMS));
    await shown.press({ text: '/' }, { text: 'prod' }, 'enter');
    expect(onMark).not.toHaveBeenCalled();
    await shown.press('space');
    expect(onMark.mock.calls).toEqual([[['orders-db']]]);
  });

  it('types a space, and an a, into a search instead of marking', async () => {
    shown = await show(menu(ITEMS));
    await shown.press({ text: '/' }, { text: 'a' }, 'space');
    expect(onMark).not.toHaveBeenCalled();
    expect(shown.frame()).toContain('/ a');
  });

  it('drops marks of what is no longer in the list, and hands on keys that it does not know', async () => {
    shown = await show(menu(ITEMS, ['gone', 'mail']));
    await shown.press('enter', { text: '?' });
    expect(onChoose).toHaveBeenLastCalledWith(['mail']);
    expect(onOther).toHaveBeenLastCalledWith(expect.objectContaining({ text: '?' }));
  });

  it('takes keys that come in one read', async () => {
    shown = await show(menu(ITEMS));
    await shown.press({ text: ' j \r' });
    expect(onChoose).toHaveBeenLastCalledWith(['orders-db', 'cache']);
  });

  it('says by voice which are marked', async () => {
    shown = await show(menu(ITEMS, ['cache']));
    expect(shown.frame()).toMatch(/◻ orders-db[\s\S]*◼ cache[\s\S]*◻ mail/);
  });
});
