import type { Facts, Seen } from '../discover/facts.ts';
import type { Applied, Plan } from '../generate/types.ts';
import type { PostureEdit } from '../posture/model.ts';
import type { Posture } from '../posture/schema.ts';
import type { Report, SelftestEvent } from '../selftest/types.ts';

export type Answer = string | readonly string[];
export type Answers = Readonly<Record<string, Answer>>;

/** What a step is asked about: facts, and the posture file as it is before the wizard, without its private part (a fresh one on the first run). */
export interface StepContext {
  facts: Facts;
  posture: Posture;
}

export interface Choice {
  value: string;
  label: string;
  /** A second, quieter part: what it means, or what it leaves open. */
  hint?: string | undefined;
  /** Where the default was seen. */
  seen?: Seen | undefined;
}

/** One question, as data: the screens, `--yes`, `--answers` and the printed command are all made from it. */
export interface Step {
  id: string;
  title: string;
  question(context: StepContext, answers: Answers): string;
  /** Why it is asked, with the article's reason: what `?` shows. */
  why: string;
  kind: 'select' | 'multi' | 'text';
  choices(context: StepContext, answers: Answers): Choice[];
  fallback(context: StepContext, answers: Answers): Answer;
  /** The reason why an answer will not do, or undefined. */
  validate(answer: Answer, context: StepContext, answers: Answers): string | undefined;
  /** Whether it is asked at all. */
  applies(context: StepContext, answers: Answers): boolean;
  /** Steps whose change makes this one's answer void. */
  dependsOn: readonly string[];
  /** How the answer changes the posture. */
  edits(answer: Answer, context: StepContext, answers: Answers): PostureEdit[];
}

/** Hands the terminal over for as long as `work` runs: for a question that is not one of the screens. */
export type Aside = <T>(work: () => Promise<T>) => Promise<T>;

/** What `init` does, for a screen or without one. Built in src/cli from the features. */
export interface InitEngine {
  context: StepContext;
  steps: readonly Step[];
  /** Answers of a run that was left, with their age; undefined without one. */
  resumed: { answers: Answers; savedAt: Date } | undefined;
  /** The read-only try before anything is asked. */
  firstTry(onEvent: (event: SelftestEvent) => void, signal: AbortSignal): Promise<Report>;
  remember(answers: Answers): Promise<void>;
  /** The posture's new text, and the files: one plan. */
  plan(answers: Answers): Promise<Plan>;
  /** What an output of the plan does for the user, in one line; undefined for what speaks for itself. */
  titleOf?(output: string): string | undefined;
  /** Whether there was a posture already: then answers may loosen it as well as close something. */
  existing?: boolean;
  apply(plan: Plan): Promise<Applied>;
  /** The same try with the posture in force. */
  secondTry(onEvent: (event: SelftestEvent) => void, signal: AbortSignal, aside?: Aside): Promise<Report>;
  /** The one command that repeats this run. */
  reproduce(answers: Answers): string;
}
