import { type ReactNode, useEffect, useRef, useState } from 'react';
import { reasonOf } from '../../base/errors.ts';
import { ago } from '../../base/units.ts';
import { changesAnything } from '../../generate/changes.ts';
import { counted } from '../../generate/paths.ts';
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
import type { Answer, Answers, Begun, Given, InitEngine, Path, Step, StepContext } from '../../wizard/types.ts';
import { widened } from '../../wizard/widen.ts';
import { Printed } from '../components/lines.tsx';
import { useSize } from '../hooks/use-size.ts';
import { useTheme } from '../hooks/use-theme.ts';
import { useLifecycle } from '../lifecycle.ts';
import { type Line, line, span, wrapText } from '../lines.ts';
import { planLines } from '../plan-lines.ts';
import type { Theme } from '../theme.ts';
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
  /** `from`: the question under the pointer; `back`: the one that was left for it; `next`: the one behind a picked one. */
  | { at: 'outline'; from: string | undefined; back?: string; next?: string | undefined }
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
  // Lists and forms that were worked on and will not do as an answer yet.
  const unfinished = useRef<Record<string, Answer>>({});
  const [skipped, setSkipped] = useState<ReadonlySet<string>>(new Set());

  function become(given: Given): void {
    setGiven(given);
    record.given = given;
  }

  /** To a question, or to the plan: by way of what is not finished, which would be left out of it unseen. */
  function goTo({ at, problem }: WizardState): void {
    const open = at === undefined ? questions.find(({ id }) => unfinished.current[id] !== undefined) : undefined;
    if (open) {
      const wrong = problemOf(steps, open, unfinished.current[open.id] as Answer, context, final);
      setPhase({ at: 'question', id: open.id, refused: wrong });
    } else setPhase(at === undefined ? { at: 'planning' } : { at: 'question', id: at, refused: problem });
  }

  /** On after an answer: where one question was picked out, once back to where it was picked. */
  function goOn(next: WizardState): void {
    const picked = phase.at === 'question' && phase.byOutline === true;
    if (picked && next.problem === undefined) setPhase({ at: 'outline', from: next.at, next: next.at });
    else goTo(next);
  }

  /** To a question without an answer to the one before: where one is, is known the next time. */
  function ask(id: string, byOutline = false): void {
    setPhase({ at: 'question', id, byOutline });
    if (record.kept !== false) keep({ path, answers }, id);
  }

  /** Takes an answer and goes on; gives back why it will not do. */
  function give(id: string, answer: Answer): string | undefined {
    const next = wizardReducer(steps, context, { answers, at: id }, { type: 'answer', answer });
    if (next.answers === answers && next.problem !== undefined) return next.problem;
    delete drafts.current[id];
    delete unfinished.current[id];
    keep({ path, answers: next.answers }, next.at);
    goOn(next);
    return undefined;
  }

  /** Answers as they are now, here and, with where one is, for the next time. */
  function keep(given: Given, at: string | undefined): void {
    become(given);
    const begun = { ...given, at, unfinished: { ...unfinished.current } };
    lifecycle
      .hold(() => engine.remember(begun))
      .then(
        () => {
          record.kept = Object.keys({ ...begun.answers, ...begun.unfinished }).length > 0;
        },
        error => {
          record.kept = reasonOf(error);
        },
      );
  }

  /** What is typed or marked outlives a look elsewhere; a list that was worked on outlives the end, finished or not. */
  function draft(step: Step, answer: Answer | undefined): void {
    delete drafts.current[step.id];
    if (answer !== undefined) drafts.current[step.id] = answer;
    if (step.kind !== 'list' && step.kind !== 'form') return;
    delete unfinished.current[step.id];
    const holds = answer !== undefined && problemOf(steps, step, answer, context, final) === undefined;
    if (answer !== undefined && !holds) unfinished.current[step.id] = answer;
    keep({ path, answers: holds ? withAnswer(steps, answers, step.id, answer) : answers }, step.id);
  }

  /** `at`: where one was. */
  function begin(given: Given, at?: string): void {
    become(given);
    if (record.before && !recorded) print(findingRecord(record.before, context, width, theme, given.path));
    const open = openAt(engine, context, given, at);
    // Where a posture stands, nobody wants to hear every question again: they choose what to change.
    if (given.path === 'whole' && context.existing) setPhase({ at: 'outline', from: at === undefined ? at : open?.id });
    else setPhase(open ? { at: 'question', id: open.id } : { at: 'planning' });
  }

  function resume(begun: Begun): void {
    Object.assign(drafts.current, begun.unfinished);
    Object.assign(unfinished.current, begun.unfinished);
    record.kept = true;
    begin(stillGood(engine, context, begun), begun.at);
  }

  function back(id: string | undefined): void {
    const { at } = wizardReducer(steps, context, { answers, at: id }, { type: 'back' });
    if (at === undefined || at === id) setPhase({ at: 'finding' });
    else ask(at);
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
      .then(() => {
        print([line(), ...writtenLines(record.applied?.written ?? [], width, theme)]);
        setPhase({ at: 'again' });
      }, lifecycle.fail);
  }

  function choose(choice: FindingChoice): void {
    if (choice === 'quit') onQuit();
    else if (choice === 'resume' && engine.resumed) resume(engine.resumed);
    else if (choice === 'back') ask((questions[0] as { id: string }).id);
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
            resumable={recorded || !engine.resumed ? undefined : leftAt(engine, context, engine.resumed)}
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
            next={phase.next}
            onStep={id => ask(id, id !== phase.next && id !== phase.back)}
            onPlan={() => goTo(wizardReducer(steps, context, { answers, at: phase.from }, { type: 'finish' }))}
            onBack={() => (phase.back === undefined ? setPhase({ at: 'finding' }) : ask(phase.back))}
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

/** The question where one was, or the first without an answer; undefined where there is none. */
function openAt(
  { stepsOf }: InitEngine,
  context: StepContext,
  { path, answers }: Given,
  at?: string,
): Step | undefined {
  const steps = stepsOf(path);
  const there = asked(steps, context, completed(steps, context, answers)).find(({ id }) => id === at);
  return there ?? asked(steps, context, answers).find(({ id }) => answers[id] === undefined);
}

/** What is done, before the test asks for what it may do: a no to that takes nothing back. */
function writtenLines(written: readonly string[], width: number, { glyphs }: Theme): Line[] {
  const says = `Written: ${counted(written)}. What is asked from here on is for the test alone; a no to it changes none of them.`;
  return wrapText(says, width - 4).map((text, index) =>
    line(' ', span(index === 0 ? glyphs.done : ' ', 'good'), ` ${text}`),
  );
}

/** `at "Branches", 2 h ago`. */
function leftAt(engine: InitEngine, context: StepContext, resumed: NonNullable<InitEngine['resumed']>): string {
  const open = openAt(engine, context, stillGood(engine, context, resumed), resumed.at);
  return `at ${open ? `"${open.title}"` : 'the plan'}, ${ago(resumed.savedAt)}`;
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
