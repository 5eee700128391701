import { type ReactNode, useEffect, useRef, useState } from 'react';
import { reasonOf } from '../../base/errors.ts';
import { ago } from '../../base/units.ts';
import { changesAnything } from '../../generate/changes.ts';
import type { Applied, Plan } from '../../generate/types.ts';
import type { Report } from '../../selftest/types.ts';
import {
  answersFor,
  asked,
  completed,
  problemOf,
  stillValid,
  type WizardState,
  withAnswer,
  wizardReducer,
} from '../../wizard/flow.ts';
import { madeFor } from '../../wizard/steps/agents.ts';
import type { Answer, Answers, Given, InitEngine, Path, Step, StepContext } from '../../wizard/types.ts';
import { widened } from '../../wizard/widen.ts';
import { Printed } from '../components/lines.tsx';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { useLifecycle } from '../lifecycle.ts';
import { type Line, line } from '../lines.ts';
import { planLines } from '../plan-lines.ts';
import { Busy } from './busy.tsx';
import { type FindingChoice, FindingScreen, findingRecord } from './finding.tsx';
import { LiveTest } from './live.tsx';
import { Outline } from './outline.tsx';
import { PlanScreen } from './plan.tsx';
import { answeredLines, Question } from './question.tsx';

type Phase =
  | { at: 'trying' }
  | { at: 'finding' }
  | { at: 'question'; id: string; refused?: string | undefined; byOutline?: boolean }
  /** `from`: the question under the pointer; `back`: the one that was left for it. */
  | { at: 'outline'; from: string | undefined; back?: string }
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
  given: Given;
  /** Whether answers are kept for the next time; a string says why they could not be. */
  kept: boolean | string;
}

/** Try, questions, plan, apply, try again. */
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
  const titleOf = (output: string): string | undefined => engine.titleOf?.(output);
  const theme = useTheme();
  const { width } = useSize();
  const lifecycle = useLifecycle();
  const [phase, setPhase] = useState<Phase>({ at: 'trying' });
  const [{ path, answers }, setGiven] = useState<Given>({ path: 'quick', answers: {} });
  const [printed, setPrinted] = useState<(readonly Line[])[]>([]);
  const print = (lines: readonly Line[]): void => setPrinted(blocks => [...blocks, lines]);
  const steps = engine.stepsOf(path);
  const context: StepContext = { ...engine.context, reached: reachedOf(record.before) };
  const final = completed(steps, context, answers);
  const questions = asked(steps, context, final);
  const recorded = printed.length > 0;
  const drafts = useRef<Record<string, Answer>>({});
  const [skipped, setSkipped] = useState<ReadonlySet<string>>(new Set());

  function become(given: Given): void {
    setGiven(given);
    record.given = given;
  }

  function goTo({ at, problem }: WizardState): void {
    setPhase(at === undefined ? { at: 'planning' } : { at: 'question', id: at, refused: problem });
  }

  /** On after an answer: where one question was picked out, back to where it was picked. */
  function goOn(next: WizardState): void {
    const picked = phase.at === 'question' && phase.byOutline === true;
    if (picked && next.problem === undefined) setPhase({ at: 'outline', from: next.at });
    else goTo(next);
  }

  /** Takes an answer and goes on; gives back why it will not do. */
  function give(id: string, answer: Answer): string | undefined {
    const next = wizardReducer(steps, context, { answers, at: id }, { type: 'answer', answer });
    if (next.answers === answers && next.problem !== undefined) return next.problem;
    delete drafts.current[id];
    keep({ path, answers: next.answers });
    goOn(next);
    return undefined;
  }

  /** Answers as they are now, here and for the next time. */
  function keep(given: Given): void {
    become(given);
    lifecycle
      .hold(() => engine.remember(given))
      .then(
        () => {
          record.kept = true;
        },
        error => {
          record.kept = reasonOf(error);
        },
      );
  }

  /** What is typed or marked outlives a look elsewhere; a list that was worked on outlives the end, too. */
  function draft(step: Step, answer: Answer): void {
    drafts.current[step.id] = answer;
    const worked = step.kind === 'list' || step.kind === 'form';
    if (worked && problemOf(steps, step, answer, context, final) === undefined)
      keep({ path, answers: withAnswer(steps, answers, step.id, answer) });
  }

  function begin(given: Given): void {
    become(given);
    if (record.before && !recorded) print(findingRecord(record.before, context, width, theme));
    const all = asked(engine.stepsOf(given.path), context, given.answers);
    const open = all.find(step => given.answers[step.id] === undefined);
    // Where a posture stands, nobody wants to hear every question again: they choose what to change.
    if (given.path === 'whole' && context.existing) setPhase({ at: 'outline', from: undefined });
    else setPhase(open ? { at: 'question', id: open.id } : { at: 'planning' });
  }

  function back(id: string | undefined): void {
    const { at } = wizardReducer(steps, context, { answers, at: id }, { type: 'back' });
    setPhase(at === undefined || at === id ? { at: 'finding' } : { at: 'question', id: at });
  }

  const planned = useRef<Answers>(undefined);
  useEffect(() => {
    if (phase.at !== 'planning' || planned.current === answers) return;
    planned.current = answers;
    engine.plan({ path, answers: final }).then(plan => {
      planned.current = undefined;
      setPhase({ at: 'plan', plan });
    }, lifecycle.fail);
  });

  /** What the plan is made from: on a posture that stands, what was answered; else everything. */
  const told =
    context.existing && path === 'whole' ? questions.filter(({ id }) => answers[id] !== undefined) : questions;

  const answered = (): Line[] =>
    answeredLines(told, final, context, width, theme, {
      unasked: final.agents === undefined ? [['Agents', madeFor(context)]] : [],
    });

  function apply(plan: Plan): void {
    print([line(), ...answered(), line(), ...planLines(plan, width, theme, titleOf)]);
    const given = { path, answers: final };
    record.given = given;
    record.plan = plan;
    if (!changesAnything(plan)) {
      setPhase({ at: 'again' });
      return;
    }
    setPhase({ at: 'applying', plan });
    lifecycle
      .hold(async () => {
        record.applied = await engine.apply(plan, given);
      })
      .then(() => setPhase({ at: 'again' }), lifecycle.fail);
  }

  function choose(choice: FindingChoice): void {
    if (choice === 'quit') onQuit();
    else if (choice === 'resume' && engine.resumed) begin(stillGood(engine, context, engine.resumed));
    else if (choice === 'back') setPhase({ at: 'question', id: (questions[0] as { id: string }).id });
    else if (choice === 'whole') {
      // What was typed on the quick path is not to be typed again.
      const { resumed } = engine;
      const quick = resumed?.path === 'quick' ? stillGood(engine, context, resumed).answers : {};
      begin({ path: 'whole', answers: widened(context, quick) });
    } else begin({ path: 'quick', answers: {} });
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
            context={context}
            recorded={recorded}
            questions={{
              quick: countOf(engine, 'quick', context),
              whole: countOf(engine, 'whole', context),
            }}
            existing={context.existing}
            resumable={recorded || !engine.resumed ? undefined : ago(engine.resumed.savedAt)}
            onChoose={choose}
          />
        );
      case 'outline':
        return (
          <Outline
            steps={questions}
            context={context}
            answers={answers}
            whole={final}
            current={phase.from}
            onStep={id => setPhase({ at: 'question', id, byOutline: true })}
            onPlan={() => goTo(wizardReducer(steps, context, { answers, at: phase.from }, { type: 'finish' }))}
            onBack={() => setPhase(phase.back === undefined ? { at: 'finding' } : { at: 'question', id: phase.back })}
            onQuit={onQuit}
          />
        );
      case 'question': {
        const index = questions.findIndex(step => step.id === phase.id);
        const step = questions[index];
        if (!step) return null;
        return (
          <Question
            key={step.id}
            step={step}
            number={index + 1}
            of={questions.length}
            context={context}
            answers={answersFor(step, final, answers)}
            done={questions.slice(0, index).filter(({ id }) => answers[id] !== undefined)}
            refused={phase.refused}
            draft={drafts.current[step.id]}
            onDraft={answer => draft(step, answer)}
            onAnswer={answer => give(step.id, answer)}
            onBack={() => (phase.byOutline ? setPhase({ at: 'outline', from: step.id }) : back(step.id))}
            onOutline={() => setPhase({ at: 'outline', from: step.id, back: step.id })}
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
            answered={answered()}
            applyLabel={(phase.plan.loosens?.length ?? 0) > 0 ? 'Apply, and loosen the posture' : 'Apply'}
            titleOf={titleOf}
            skipped={skipped}
            onSkip={setSkipped}
            onChoose={choice => {
              if (choice === 'quit') onQuit();
              else if (choice === 'apply') apply(engine.leaveOut(phase.plan, skipped));
              else if (path === 'whole') setPhase({ at: 'outline', from: undefined });
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

/** How many questions a path asks, as far as can be told before they are answered. */
function countOf({ stepsOf }: InitEngine, path: Path, context: StepContext): number {
  return Object.keys(completed(stepsOf(path), context, {})).length;
}

/** What the first try reached, each thing once. */
function reachedOf(report: Report | undefined): StepContext['reached'] {
  const seen = new Map<string, { safeguard: string; target: string }>();
  for (const { verdict, safeguard, target } of report?.rows ?? [])
    if (verdict === 'exposed') seen.set(`${safeguard}\0${target}`, { safeguard, target });
  return [...seen.values()];
}

/** The answers of an earlier run that still hold. */
function stillGood({ stepsOf }: InitEngine, context: StepContext, { path, answers }: Given): Given {
  return { path, answers: stillValid(stepsOf(path), context, answers) };
}
