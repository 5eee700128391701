import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { own } from '../../base/started.ts';
import { plural } from '../../base/text.ts';
import { changesAnything } from '../../generate/changes.ts';
import { leaving, partsOf, setAside, taking } from '../../generate/parts.ts';
import { counted } from '../../generate/paths.ts';
import type { Change, Plan } from '../../generate/types.ts';
import { keyBlock } from '../components/keys.tsx';
import { Lines } from '../components/lines.tsx';
import { Menu, type MenuItem } from '../components/menu.tsx';
import { Scroll } from '../components/scroll.tsx';
import { type Block, SPACE, Stack } from '../components/stack.tsx';
import { isBack, useKeys } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { cells, edges, type Line, line, span, wrapText } from '../lines.ts';
import { pending, planLines, type TitleOf, wholePlanLines } from '../plan-lines.ts';

// The first frame of the wizard does not wait for them; they are there before anybody asks for them.
const loadDiff = () => import('./diff.tsx');
const DiffScreen = lazy(async () => ({ default: (await loadDiff()).DiffScreen }));
const loadFiles = () => import('./plan-files.tsx');
const PlanFiles = lazy(async () => ({ default: (await loadFiles()).PlanFiles }));

export type PlanChoice = 'apply' | 'back' | 'quit';
type Own = 'diff' | 'files' | 'whole';

const NONE: ReadonlySet<string> = new Set();

/** What stands in the place of the plan: the lines of some changes, what is written, or all of it to be scrolled through. */
type View =
  | { of: 'diff'; changes: readonly Change[]; from: 'files' | undefined }
  | { of: 'files'; at?: string | undefined }
  | { of: 'whole' };

/** What would be written, before anything is. */
export function PlanScreen({
  title,
  plan,
  answered,
  applyLabel,
  titleOf = () => undefined,
  skipped = NONE,
  onSkip,
  onChoose,
}: {
  title: string;
  plan: Plan;
  /** Outputs that are left out, and who hears when those change; without anybody, all is written or nothing. */
  skipped?: ReadonlySet<string>;
  onSkip?: ((skipped: ReadonlySet<string>) => void) | undefined;
  answered: readonly Line[];
  applyLabel: string;
  titleOf?: TitleOf | undefined;
  onChoose: (choice: PlanChoice) => void;
}): ReactNode {
  const theme = useTheme();
  const { width, height } = useSize();
  const [view, setView] = useState<View>();
  const [at, setAt] = useState<PlanChoice | Own>('apply');
  useKeys(({ name, text }) => {
    if (isBack(name)) onChoose('back');
    else if (text === 'q') onChoose('quit');
  }, view === undefined);
  useEffect(() => {
    void loadDiff();
    void loadFiles();
  }, []);
  const parts = partsOf(plan);
  const rest = setAside(plan, skipped);
  const notes = plan.notes.flatMap(note => wrapText(note, width - 3).map(text => line(span(`   ${text}`, 'warn'))));

  if (view?.of === 'diff')
    return (
      <Suspense fallback={null}>
        <DiffScreen
          changes={view.changes}
          {...(onSkip
            ? {
                skips: change => parts.find(part => part.changes.includes(change))?.outputs.some(id => skipped.has(id)),
                onSkip: change =>
                  onSkip(turned(plan, skipped, parts.find(part => part.changes.includes(change))?.outputs ?? [])),
              }
            : {})}
          onClose={at => setView(view.from && { of: 'files', at })}
        />
      </Suspense>
    );
  if (view?.of === 'files')
    return (
      <Suspense fallback={null}>
        <PlanFiles
          plan={plan}
          skipped={skipped}
          titleOf={titleOf}
          current={view.at}
          onSkip={onSkip ?? (() => {})}
          onView={changes => setView({ of: 'diff', changes, from: 'files' })}
          onClose={() => setView(undefined)}
        />
      </Suspense>
    );
  if (view?.of === 'whole')
    return (
      <Scroll
        title={line(span(` ${title}`, 'strong'))}
        lines={[
          ...answered,
          ...(answered.length > 0 ? [line()] : []),
          ...wholePlanLines(rest, width, titleOf),
          ...(notes.length > 0 ? [line(), ...notes] : []),
        ]}
        keys={[['esc', 'back']]}
        onClose={() => setView(undefined)}
      />
    );

  const { glyphs } = theme;
  const changes = pending(rest);
  const kept = rest.changes.length - changes.length;
  const files = changes.length;
  const left = partsOf({ changes: rest.skipped ?? [] }).length;
  const most = height < 9 ? 2 : height < 28 ? 5 : 9;
  const lines = planLines(rest, width, theme, titleOf, most);
  const rows = answered.length + wholePlanLines(rest, width, titleOf).length + notes.length;
  const writes = changesAnything(rest);
  const items: MenuItem<PlanChoice | Own>[] = [
    {
      value: 'apply',
      label: writes ? applyLabel : 'Go on, nothing to write',
      // Where the manifest alone changes, it is the one file.
      hint: writes
        ? `${files === 0 ? plural(1, 'file') : counted(changes.map(({ path }) => path))}, each whole or not at all`
        : undefined,
    },
    ...(pending(plan).length > 0
      ? [{ value: 'diff' as const, label: 'See every line', hint: 'file by file, before anything is written' }]
      : []),
    ...(onSkip && parts.length > 0
      ? [
          {
            value: 'files' as const,
            label: 'Choose what is written',
            hint: left > 0 ? `${left} of ${parts.length} left out` : 'file by file; all of it, so far',
          },
        ]
      : []),
    // Title, menu and what stands between them take the other rows.
    ...(rows + 14 > height ? [{ value: 'whole' as const, label: 'Read the plan whole' }] : []),
    { value: 'back', label: 'Back' },
    { value: 'quit', label: 'Quit, change nothing' },
  ];
  const blocks: Block[] = [
    SPACE,
    // A name without its answer, which may stand under it, says nothing.
    { lines: answered, rank: 95, least: Math.min(4, answered.length) },
    ...(answered.length > 0 ? [SPACE] : []),
    {
      lines: [
        edges(line(span(` ${title}`, 'strong')), line(span('nothing is written yet', 'quiet')), width, glyphs.ellipsis),
      ],
      rank: 1,
    },
    SPACE,
    {
      want: lines.length,
      least: Math.min(1, lines.length),
      rank: 2,
      draw: (given, columns) => <Lines lines={planLines(rest, columns, theme, titleOf, given)} width={columns} />,
    },
    {
      lines:
        kept > 0
          ? [line(span(`   ${plural(kept, 'file')} as it should be`.replace('files as it', 'files as they'), 'quiet'))]
          : [],
      rank: 8,
    },
    {
      lines: notes,
      rank: 4,
      least: 1,
    },
    SPACE,
    {
      lines: writes ? takenBack(width) : [],
      rank: 5,
    },
    SPACE,
    {
      want: items.length,
      least: height < 12 ? 2 : items.length,
      rank: 0,
      draw: (rows, columns) => (
        <Menu
          items={items}
          rows={rows}
          width={columns}
          initial={at}
          onHighlight={setAt}
          onChoose={value => {
            if (value === 'diff') setView({ of: 'diff', changes: pending(plan), from: undefined });
            else if (value === 'files' || value === 'whole') setView({ of: value });
            else onChoose(value);
          }}
        />
      ),
    },
    SPACE,
    keyBlock(
      [
        ['enter', 'choose'],
        [`esc ${glyphs.left}`, 'back'],
        ['q', 'quit'],
      ],
      width,
      theme,
      6,
    ),
  ];
  return <Stack blocks={blocks} />;
}

/** By which command; below the words, where it would be cut behind them. */
function takenBack(width: number): Line[] {
  const words = ' Taken back whole by  ';
  const command = span(own('undo'), 'accent');
  return cells(words + command.text) <= width ? [line(words, command)] : [line(words), line('   ', command)];
}

/** The outputs that are left out, once those of one part are turned over. */
function turned(plan: Plan, skipped: ReadonlySet<string>, outputs: readonly string[]): ReadonlySet<string> {
  return (outputs.some(output => skipped.has(output)) ? taking : leaving)(plan, skipped, outputs);
}
