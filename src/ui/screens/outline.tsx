import { type ReactNode, useState } from 'react';
import { plural } from '../../base/text.ts';
import { partsOf } from '../../wizard/step.ts';
import type { Answers, Step, StepContext } from '../../wizard/types.ts';
import { Frame } from '../components/frame.tsx';
import { type RowItem, Rows, unread } from '../components/rows.tsx';
import { isBack } from '../hooks/use-keys.ts';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { edges, line, span } from '../lines.ts';
import { withheldLines } from './finding.tsx';

const PLAN = '=';

/** Every step with its answer, or what stands without one: to go to any of them, or to the plan. */
export function Outline({
  steps,
  context,
  answers,
  whole,
  current,
  next,
  onStep,
  onPlan,
  onBack,
  onQuit,
}: {
  /** The steps that are asked. */
  steps: readonly Step[];
  context: StepContext;
  answers: Answers;
  /** The answers with what stands in the place of those that were not given. */
  whole: Answers;
  current: string | undefined;
  /** The question behind the one that was picked and answered: from there on one is asked after the other. */
  next?: string | undefined;
  onStep: (id: string) => void;
  onPlan: () => void;
  onBack: () => void;
  onQuit: () => void;
}): ReactNode {
  const theme = useTheme();
  const { width } = useSize();
  const { glyphs } = theme;
  const [at, setAt] = useState(current ?? PLAN);
  const open = steps.filter(({ id }) => answers[id] === undefined).length;
  const items: RowItem[] = [
    {
      value: PLAN,
      label: 'Make the plan',
      hint: open === 0 ? undefined : 'what is not answered stays as it stands below',
      tone: 'accent',
      apart: true,
    },
    ...steps.map((step): RowItem => {
      const given = answers[step.id] !== undefined;
      const parts = partsOf(step, whole[step.id] ?? '', context, whole).map(part => part.replace(/ \([^()]*\)$/, ''));
      return {
        value: step.id,
        label: step.title,
        hint: parts.join(', ') || 'none',
        mark: given
          ? { text: glyphs.done, tone: 'good', says: 'answered:' }
          : { text: glyphs.entry, tone: 'quiet', says: 'open:' },
      };
    }),
  ];
  const below = unread(items, at, width);
  return (
    <Frame
      title={[
        edges(
          line(span(' All questions', 'strong')),
          line(span(progressOf(steps.length, open, context.existing === true), 'quiet')),
          width,
          glyphs.ellipsis,
        ),
      ]}
      under={withheldLines(context.facts, width, theme)}
      control={{
        want: items.length,
        least: 3,
        rank: 0,
        draw: (rows, columns) => (
          <Rows
            items={items}
            rows={rows}
            width={columns}
            initial={at}
            onHighlight={setAt}
            onKey={({ name, text }, item) => {
              if (name === 'enter' && item) item.value === PLAN ? onPlan() : onStep(item.value);
              else if (isBack(name) || text === 'o' || name === 'outline') onBack();
              else if (text === 'q') onQuit();
            }}
          />
        ),
      }}
      said={[below === undefined ? undefined : { text: below, rank: 5, least: 2 }]}
      keys={[
        ['enter', next !== undefined && at === next ? 'go on from here' : 'go there'],
        ['/', 'search'],
        [`esc ${glyphs.left}`, 'back'],
        ['q', 'quit'],
      ]}
    />
  );
}

/** How far it is: on a posture that stands nothing has to be answered. */
function progressOf(all: number, open: number, existing: boolean): string {
  if (existing) return open === all ? 'nothing changed yet' : `${plural(all - open, 'answer')} given now`;
  return open === 0 ? 'all answered' : `${all - open} of ${all} answered`;
}
