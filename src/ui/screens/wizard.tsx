import { type ReactNode, useEffect, useRef, useState } from 'react';
import { reasonOf } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import { ago } from '../../base/units.ts';
import { changesAnything } from '../../generate/changes.ts';
import type { Applied, Plan } from '../../generate/types.ts';
import type { Report } from '../../selftest/types.ts';
import { asked, completed, stillValid, wizardReducer } from '../../wizard/flow.ts';
import type { Answer, Answers, InitEngine } from '../../wizard/types.ts';
import { Printed } from '../components/lines.tsx';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { useLifecycle } from '../lifecycle.ts';
import { type Line, line, together, wrapText } from '../lines.ts';
import { planLines } from '../plan-lines.ts';
import { Busy } from './busy.tsx';
import { FindingScreen, findingRecord } from './finding.tsx';
import { LiveTest } from './live.tsx';
import { PlanScreen } from './plan.tsx';
import { answeredLines, Question } from './question.tsx';

type Phase =
  | { at: 'trying' }
  | { at: 'finding' }
  | { at: 'question'; id: string }
  | { at: 'planning' }
  | { at: 'plan'; plan: Plan }
  | { at: 'applying'; plan: Plan }
  | { at: 'again' };

/** What happened so far: kept outside of the screen, so that it can be told however the screen ends. */
export interface WizardRecord {
  before: Report | undefined;
  /** What was to be applied, and what came of it. */
  plan: Plan | undefined;
  applied: Applied | undefined;
  after: Report | undefined;
  answers: Answers;
  /** Whether answers are kept for the next time; a string says why they could not be. */
  kept: boolean | string;
}

/** Shows that something happens while facts are gathered, and then the wizard. */
export function WizardStart({
  start,
  ...rest
}: { start: () => Promise<InitEngine> } & Omit<Parameters<typeof Wizard>[0], 'engine'>): ReactNode {
  const lifecycle = useLifecycle();
  const [engine, setEngine] = useState<InitEngine>();
  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    // The first frame is drawn before the features are loaded, which keeps everything else waiting.
    setImmediate(() => lifecycle.job(start).then(setEngine, lifecycle.fail));
  });
  return engine ? <Wizard engine={engine} {...rest} /> : <Busy text="Looking at what is here" />;
}

/** The quick path: try, questions, plan, apply, try again. */
export function Wizard({
  engine,
  record,
  onQuit,
  onDone,
}: {
  engine: InitEngine;
  record: WizardRecord;
  onQuit: () => void;
  onDone: () => void;
}): ReactNode {
  const { context, steps } = engine;
  const titleOf = (output: string): string | undefined => engine.titleOf?.(output);
  const theme = useTheme();
  const { width } = useSize();
  const lifecycle = useLifecycle();
  const [phase, setPhase] = useState<Phase>({ at: 'trying' });
  const [answers, setAnswers] = useState<Answers>({});
  const [printed, setPrinted] = useState<(readonly Line[])[]>([]);
  const print = (lines: readonly Line[]): void => setPrinted(blocks => [...blocks, lines]);
  const path = asked(steps, context, answers);
  const recorded = printed.length > 0;

  /** Takes an answer and goes on; gives back why it will not do. */
  function give(id: string, answer: Answer): string | undefined {
    const next = wizardReducer(steps, context, { answers, at: id }, { type: 'answer', answer });
    if (next.problem !== undefined) return next.problem;
    setAnswers(next.answers);
    record.answers = next.answers;
    lifecycle
      .hold(() => engine.remember(next.answers))
      .then(
        () => {
          record.kept = true;
        },
        error => {
          record.kept = reasonOf(error);
        },
      );
    setPhase(next.at === undefined ? { at: 'planning' } : { at: 'question', id: next.at });
    return undefined;
  }

  function begin(from: Answers): void {
    setAnswers(from);
    record.answers = from;
    const open = asked(steps, context, from).find(step => from[step.id] === undefined);
    if (record.before && !recorded) print(findingRecord(record.before, context.facts, width, theme));
    setPhase(open ? { at: 'question', id: open.id } : { at: 'planning' });
  }

  function back(id: string | undefined): void {
    const { at } = wizardReducer(steps, context, { answers, at: id }, { type: 'back' });
    setPhase(at === undefined || at === id ? { at: 'finding' } : { at: 'question', id: at });
  }

  const final = completed(steps, context, answers);
  const planned = useRef<Answers>(undefined);
  useEffect(() => {
    if (phase.at !== 'planning' || planned.current === answers) return;
    planned.current = answers;
    engine.plan(final).then(plan => {
      planned.current = undefined;
      setPhase({ at: 'plan', plan });
    }, lifecycle.fail);
  });

  function apply(plan: Plan): void {
    print([
      line(),
      ...answeredLines(path, final, context, width, theme),
      line(),
      ...planLines(plan, width, theme, titleOf),
    ]);
    record.answers = final;
    record.plan = plan;
    if (!changesAnything(plan)) {
      setPhase({ at: 'again' });
      return;
    }
    setPhase({ at: 'applying', plan });
    lifecycle
      .hold(async () => {
        record.applied = await engine.apply(plan);
      })
      .then(() => setPhase({ at: 'again' }), lifecycle.fail);
  }

  function screen(): ReactNode {
    switch (phase.at) {
      case 'trying':
        return (
          <LiveTest
            title="Trying what an agent that starts here could reach"
            start={(onEvent, signal) => engine.firstTry(onEvent, signal)}
            onDone={report => {
              record.before = report;
              setPhase({ at: 'finding' });
            }}
          />
        );
      case 'finding':
        return (
          <FindingScreen
            report={record.before as Report}
            facts={context.facts}
            recorded={recorded}
            questions={path.length}
            existing={engine.existing}
            resumable={recorded || !engine.resumed ? undefined : ago(engine.resumed.savedAt)}
            onChoose={choice => {
              if (choice === 'quit') onQuit();
              else if (choice === 'resume') begin(stillValid(steps, context, engine.resumed?.answers ?? {}));
              else if (recorded) setPhase({ at: 'question', id: (path[0] as { id: string }).id });
              else begin({});
            }}
          />
        );
      case 'question': {
        const index = path.findIndex(step => step.id === phase.id);
        const step = path[index];
        if (!step) return null;
        return (
          <Question
            key={step.id}
            step={step}
            number={index + 1}
            of={path.length}
            context={context}
            answers={answers}
            done={path.slice(0, index)}
            onAnswer={answer => give(step.id, answer)}
            onBack={() => back(step.id)}
            onQuit={onQuit}
          />
        );
      }
      case 'planning':
        return <Busy text="Making the plan; nothing is written" />;
      case 'plan':
        return (
          <PlanScreen
            title="The plan"
            plan={phase.plan}
            answered={answeredLines(path, final, context, width, theme)}
            applyLabel={(phase.plan.loosens?.length ?? 0) > 0 ? 'Apply, and loosen the posture' : 'Apply'}
            titleOf={titleOf}
            onChoose={choice => {
              if (choice === 'quit') onQuit();
              else if (choice === 'apply') apply(phase.plan);
              else back(undefined);
            }}
          />
        );
      case 'applying':
        return <Busy text="Writing, each file whole or not at all" />;
      case 'again':
        return (
          <LiveTest
            title="Trying again, with the posture in force"
            start={(onEvent, signal, aside) => engine.secondTry(onEvent, signal, aside)}
            onDone={report => {
              record.after = report;
              onDone();
            }}
          />
        );
    }
  }

  return (
    <>
      <Printed blocks={printed} width={width} />
      {screen()}
    </>
  );
}

/** What is said when the wizard ends before its end. */
export function farewell(record: WizardRecord, stopped: boolean, width: number): Line[] {
  const written = record.applied?.written.length ?? 0;
  const sentences =
    written > 0
      ? [
          `Stopped after ${plural(written, 'file')} had been written. To take them back whole: ${together('agent-posture undo')}`,
        ]
      : [
          `${stopped ? 'Stopped. ' : ''}Nothing was changed.`,
          typeof record.kept === 'string'
            ? `Your answers could not be kept: ${record.kept}`
            : record.kept
              ? `Your answers are kept. To go on where you stopped: ${together('agent-posture init')}`
              : '',
        ];
  return sentences.filter(Boolean).flatMap(text => wrapText(text, width - 1).map(row => line(` ${row}`)));
}
