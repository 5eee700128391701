import { type ReactNode, useRef, useState } from 'react';
import { type KeyPress, useKeys } from '../hooks/use-keys.ts';
import { matches } from '../hooks/use-list.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { keyBar } from '../key-bar.ts';
import { edges, type Line, line, span } from '../lines.ts';
import { Lines } from './lines.tsx';
import { SPACE, Stack } from './stack.tsx';

interface Search {
  text: string;
  /** Whether keys go into it. */
  typing: boolean;
}

/** What a key makes of a search that is typed; undefined: none of it any more. */
function typed({ name, text }: KeyPress, search: string): Search | undefined {
  if (name === 'char') return { text: search + text, typing: true };
  if (name === 'backspace' && search !== '') return { text: [...search].slice(0, -1).join(''), typing: true };
  if (name === 'clear') return { text: '', typing: true };
  if (name === 'escape' || name === 'backspace') return undefined;
  if (name === 'enter' || name === 'tab') return search.trim() === '' ? undefined : { text: search, typing: false };
  return { text: search, typing: true };
}

/** As one text: what it says goes on behind the space that its lines begin with. */
const textOf = (entry: readonly Line[]) => ({
  value: '',
  label: entry
    .map(each => each.map(({ text }) => text).join(''))
    .join(' ')
    .replace(/ {2,}/g, ' '),
});

/** What is scrolled through: lines, or such as belong together, so that those that have all words of a search can stand alone. */
type Scrolled = { lines: readonly Line[]; entries?: never } | { entries: readonly (readonly Line[])[]; lines?: never };

/** Rows that are more than the window shows, under a title, to be scrolled through; among entries `/` searches, as in a list. */
export function Scroll({
  title,
  lines: given = [],
  entries,
  keys,
  onClose,
  onKey,
}: Scrolled & {
  title: Line;
  /** Shown in the bar, behind those for scrolling. */
  keys: readonly (readonly [string, string])[];
  onClose: () => void;
  onKey?: (press: KeyPress) => void;
}): ReactNode {
  const theme = useTheme();
  const { width, height, full } = useSize();
  const [wanted, setTop] = useState(0);
  const [search, setSearch] = useState<Search | undefined>(undefined);
  // Several keys can come in one read, before anything is drawn again.
  const latest = useRef(search);
  function become(next: Search | undefined): void {
    latest.current = next;
    setSearch(next);
    setTop(0);
  }
  const words = search?.text.trim() ?? '';
  const found = words === '' ? entries : entries?.filter(each => matches(textOf(each), words));
  const lines = found?.flat() ?? given;
  // Title, two spaces and the bar, as far as the window has room for them.
  const page = Math.max(1, height - (height >= 8 ? 5 : height >= 3 ? 2 : 0));
  const last = Math.max(0, lines.length - page);
  const top = Math.min(wanted, last);
  useKeys(press => {
    const { name, text } = press;
    const { current } = latest;
    if (current?.typing && (name === 'char' || !/^(up|down|page|home|end)/.test(name)))
      become(typed(press, current.text));
    else if (name === 'escape' && current) become(undefined);
    else if (entries && text === '/') become({ text: current?.text ?? '', typing: true });
    else if (name === 'escape' || text === 'q') onClose();
    else if (name === 'up' || text === 'k') setTop(Math.max(0, top - 1));
    else if (name === 'down' || text === 'j') setTop(Math.min(last, top + 1));
    else if (name === 'page-up') setTop(Math.max(0, top - page));
    else if (name === 'page-down' || text === ' ') setTop(Math.min(last, top + page));
    else if (name === 'home' || text === 'g') setTop(0);
    else if (name === 'end' || text === 'G') setTop(last);
    else onKey?.(press);
  });
  const place = last === 0 ? '' : `lines ${top + 1}-${Math.min(lines.length, top + page)} of ${lines.length}`;
  const { upDown, ellipsis } = theme.glyphs;
  const heading = search
    ? line(
        span(` /${search.text}${search.typing ? '|' : ''}`, 'accent'),
        span(`   ${found?.length} of ${entries?.length}`, 'quiet'),
      )
    : title;
  const own: typeof keys = search?.typing
    ? [
        ['enter', 'go to what is found'],
        ['esc', 'end the search'],
      ]
    : search
      ? [
          ['/', 'search on'],
          ['esc', 'show all again'],
        ]
      : [...(entries ? [['/', 'search'] as const] : []), ...keys];
  return (
    <Stack
      blocks={[
        SPACE,
        { lines: [edges(heading, line(span(place, 'quiet')), width, ellipsis)], rank: 1 },
        SPACE,
        {
          want: Math.min(page, lines.length),
          least: 1,
          rank: 0,
          draw: given => <Lines lines={lines.slice(top, top + given)} width={full} />,
        },
        SPACE,
        {
          lines: [keyBar([...(last > 0 ? [[upDown, 'scroll'] as const] : []), ...own], width, theme)],
          rank: 2,
        },
      ]}
    />
  );
}
