import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { plural } from '../../base/text.ts';
import { changesAnything } from '../../generate/changes.ts';
import { counted } from '../../generate/paths.ts';
import type { Plan } from '../../generate/types.ts';
import { Menu, type MenuItem } from '../components/menu.tsx';
import { type Block, SPACE, Stack } from '../components/stack.tsx';
import { useKeys } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { keyBar } from '../key-bar.ts';
import { edges, type Line, line, span, wrapText } from '../lines.ts';
import { pending, planLines, type TitleOf } from '../plan-lines.ts';

// The first frame of the wizard does not wait for it; it is there before anybody asks for it.
const loadDiff = () => import('./diff.tsx');
const DiffScreen = lazy(async () => ({ default: (await loadDiff()).DiffScreen }));

export type PlanChoice = 'apply' | 'back' | 'quit';

/** What would be written, before anything is. */
export function PlanScreen({
  title,
  plan,
  answered,
  applyLabel,
  titleOf = () => undefined,
  onChoose,
}: {
  title: string;
  plan: Plan;
  answered: readonly Line[];
  applyLabel: string;
  titleOf?: TitleOf | undefined;
  onChoose: (choice: PlanChoice) => void;
}): ReactNode {
  const theme = useTheme();
  const { width, height } = useSize();
  const [diff, setDiff] = useState(false);
  const [at, setAt] = useState<PlanChoice | 'diff'>('apply');
  useKeys(({ name, text }) => {
    if (name === 'left' || name === 'backspace' || name === 'shift-tab') onChoose('back');
    else if (name === 'escape' || text === 'q') onChoose('quit');
  }, !diff);
  useEffect(() => void loadDiff(), []);
  const changes = pending(plan);
  if (diff)
    return (
      <Suspense fallback={null}>
        <DiffScreen changes={changes} onClose={() => setDiff(false)} />
      </Suspense>
    );

  const { glyphs } = theme;
  const kept = plan.changes.length - changes.length;
  const files = changes.length;
  const items: MenuItem<PlanChoice | 'diff'>[] = [
    {
      value: 'apply',
      label: changesAnything(plan) ? applyLabel : 'Go on, nothing to write',
      // Where the manifest alone changes, it is the one file.
      hint: changesAnything(plan)
        ? `${files === 0 ? plural(1, 'file') : counted(changes.map(({ path }) => path))}, each whole or not at all`
        : undefined,
    },
    ...(files > 0 ? [{ value: 'diff' as const, label: 'See every line', hint: 'before anything is written' }] : []),
    { value: 'back', label: 'Back' },
    { value: 'quit', label: 'Quit, change nothing' },
  ];
  const blocks: Block[] = [
    SPACE,
    { lines: answered, rank: 7, least: 1 },
    ...(answered.length > 0 ? [SPACE] : []),
    {
      lines: [
        edges(line(span(` ${title}`, 'strong')), line(span('nothing is written yet', 'quiet')), width, glyphs.ellipsis),
      ],
      rank: 1,
    },
    SPACE,
    { lines: planLines(plan, width, theme, titleOf, height < 9 ? 2 : height < 28 ? 5 : 9), rank: 2, least: 1 },
    {
      lines:
        kept > 0
          ? [line(span(`   ${plural(kept, 'file')} as it should be`.replace('files as it', 'files as they'), 'quiet'))]
          : [],
      rank: 8,
    },
    {
      lines: plan.notes.flatMap(note => wrapText(note, width - 3).map(text => line(span(`   ${text}`, 'warn')))),
      rank: 4,
      least: 1,
    },
    SPACE,
    {
      lines: changesAnything(plan) ? [line(' Taken back whole by  ', span('agent-posture undo', 'accent'))] : [],
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
          onChoose={value => (value === 'diff' ? setDiff(true) : onChoose(value))}
        />
      ),
    },
    SPACE,
    {
      lines: [
        keyBar(
          [
            ['enter', 'choose'],
            [glyphs.left, 'back'],
            ['esc', 'quit'],
          ],
          width,
          theme,
        ),
      ],
      rank: 6,
    },
  ];
  return <Stack blocks={blocks} />;
}
