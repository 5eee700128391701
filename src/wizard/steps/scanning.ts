import { isDeepStrictEqual } from 'node:util';
import type { PostureEdit } from '../../posture/model.ts';
import { RUN_ENGINES } from '../../posture/scanning.ts';
import { CI_CHECKS, ENGINES, type Posture, SCAN_STAGES } from '../../posture/schema.ts';
import { asList, notAmong } from '../step.ts';
import type { Answers, PlainStep, StepContext } from '../types.ts';

type Scanning = NonNullable<Posture['scanning']>;
type Stage = (typeof SCAN_STAGES)[number];

/** The stages of a scan, and the answer by which each is asked for. */
const ASKED: Readonly<Record<Stage, { step: 'guards' | 'ci'; choice: string }>> = {
  commit: { step: 'guards', choice: 'scan-commit' },
  push: { step: 'guards', choice: 'scan-push' },
  ci: { step: 'ci', choice: 'scan' },
  history: { step: 'ci', choice: 'history' },
};

function declaredStages({ scanning }: Posture): readonly Stage[] {
  return scanning ? (scanning.at ?? SCAN_STAGES) : [];
}

/** The stages after these answers: what is not asked stays as the posture has it. */
function stagesAfter({ posture }: StepContext, answers: Answers): Stage[] {
  const declared = declaredStages(posture);
  const wanted = (stage: Stage) => {
    const { step, choice } = ASKED[stage];
    return answers[step] === undefined ? declared.includes(stage) : asList(answers[step]).includes(choice);
  };
  const all = SCAN_STAGES.filter(wanted);
  return [...declared.filter(stage => all.includes(stage)), ...all.filter(stage => !declared.includes(stage))];
}

function enginesHere({ facts, posture }: StepContext): readonly Scanning['engines'][number][] {
  return (
    posture.scanning?.engines ??
    RUN_ENGINES.filter(engine => engine === 'builtin' || facts.scanners.some(({ id }) => id === engine))
  );
}

/** What all answers about scanning come to together: three steps are about one part of the posture. */
export function scanningEdits(context: StepContext, answers: Answers): PostureEdit[] {
  const { scanning } = context.posture;
  const at = stagesAfter(context, answers);
  const engines = answers.scanning === undefined ? enginesHere(context) : asList(answers.scanning);
  const same = isDeepStrictEqual(at, declaredStages(context.posture)) && isDeepStrictEqual(engines, scanning?.engines);
  if (same || (at.length === 0 && scanning === undefined)) return [];
  return [{ path: ['scanning'], value: at.length > 0 ? { engines, at } : undefined }];
}

const ENGINE_TEXT: Readonly<Record<(typeof ENGINES)[number], { label: string; hint: string }>> = {
  builtin: {
    label: 'the checks built into the hooks',
    hint: 'hidden files by name, keys by their form; nothing to install',
  },
  gitleaks: { label: 'gitleaks', hint: 'runs where it is installed; its absence is said' },
  trufflehog: { label: 'truffleHog', hint: 'declared only: this version does not run it' },
  'git-secrets': { label: 'git-secrets', hint: 'runs where it is installed; its absence is said' },
};

/** By what is scanned. */
export const scanning: PlainStep = {
  id: 'scanning',
  title: 'Scanned by',
  kind: 'multi',
  paths: ['whole'],
  values: ENGINES,
  question: () => 'What shall look for secrets?',
  why: 'A secret that was pushed once has to be changed, because a history cannot be called back. Each engine knows other forms, so two find more than one; the built-in checks need nothing installed, so that a hook never has to let a commit through for want of a program.',
  quote: 'Scan your codebase with tools like truffleHog or git-secrets to catch leaks before they happen',
  choices: ({ facts }) =>
    ENGINES.map(id => {
      const here = facts.scanners.some(scanner => scanner.id === id);
      const { label, hint } = ENGINE_TEXT[id];
      return { value: id, label, hint: here ? `installed; ${hint}` : hint };
    }),
  fallback: context => enginesHere(context),
  validate: (answer, context, answers) =>
    notAmong(asList(answer), scanning.choices(context, answers)) ??
    (asList(answer).length === 0 ? 'mark at least one, or go back and switch off the scans' : undefined),
  applies: (context, answers) => stagesAfter(context, answers).length > 0,
  dependsOn: [],
  edits: (answer, context, answers) => scanningEdits(context, { ...answers, scanning: answer }),
};

const CI_CHOICES = ['scan', 'history', ...CI_CHECKS] as const;
const CI_TEXT: Readonly<Record<(typeof CI_CHOICES)[number], { label: string; hint: string }>> = {
  scan: { label: 'scan changes for secrets', hint: 'what hooks were passed by, or never ran' },
  history: { label: 'scan the whole history, each night', hint: 'slow in a long history' },
  drift: {
    label: 'check that the generated files are in force',
    hint: 'a guard that somebody loosened fails the build',
  },
  selftest: {
    label: 'run the self-test, each night and on changes of guards',
    hint: 'what the CI machine itself reaches',
  },
};

/** What the CI of the forge does. */
export const ci: PlainStep = {
  id: 'ci',
  title: 'In CI',
  kind: 'multi',
  paths: ['whole'],
  values: CI_CHOICES,
  question: () => 'What shall CI do, on changes and each night?',
  why: 'A hook runs on the machine of whoever has it, and one flag passes it by. CI runs for everybody. And a safeguard that held last month may be gone with an update or one edited line: the article asks to test periodically, so a nightly run does it without anybody remembering.',
  quote: "Periodically test whether your AI agent can accidentally access something it shouldn't.",
  choices: () => CI_CHOICES.map(value => ({ value, ...CI_TEXT[value] })),
  fallback({ posture, existing }) {
    if (!existing) return ['scan', 'drift', 'selftest'];
    const stages = declaredStages(posture);
    return [
      ...(stages.includes('ci') ? ['scan'] : []),
      ...(stages.includes('history') ? ['history'] : []),
      ...(posture.ci ?? []),
    ];
  },
  proposal: (context, answers) => ci.fallback({ ...context, existing: context.posture.ci !== undefined }, answers),
  validate: (answer, context, answers) => notAmong(asList(answer), ci.choices(context, answers)),
  applies: ({ facts, posture }) =>
    ['github', 'gitlab'].includes(posture.repository?.forge ?? facts.git.remote?.forge ?? ''),
  dependsOn: [],
  edits(answer, context, answers) {
    const checks = CI_CHECKS.filter(check => asList(answer).includes(check));
    return [
      { path: ['ci'], value: checks.length > 0 ? checks : undefined },
      ...scanningEdits(context, { ...answers, ci: answer }),
    ];
  },
};
