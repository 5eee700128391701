import { list } from '../../base/text.ts';
import { REVIEW_ACTIONS, REVIEW_CLASSES } from '../../posture/schema.ts';
import { fieldText } from '../step.ts';
import type { Field, FormStep } from '../types.ts';

type Class = (typeof REVIEW_CLASSES)[number];

const CLASS_TEXT: Readonly<Record<Class, { title: string; hint: string; proposed: (typeof REVIEW_ACTIONS)[number] }>> =
  {
    network: { title: 'Network calls', hint: 'unexpected network calls or API integrations', proposed: 'warn' },
    auth: { title: 'Sign-in and rights', hint: 'changes to authentication or authorization logic', proposed: 'block' },
    queries: { title: 'Queries', hint: 'database queries that access more data than necessary', proposed: 'warn' },
    dependencies: {
      title: 'Dependencies',
      hint: 'dependencies being added without clear justification',
      proposed: 'block',
    },
    files: { title: 'File access', hint: 'file system access patterns that seem suspicious', proposed: 'warn' },
  };

const field = (id: Class): Field => ({
  id,
  title: CLASS_TEXT[id].title,
  kind: 'select',
  hint: CLASS_TEXT[id].hint,
  values: REVIEW_ACTIONS,
  choices: () => [
    { value: 'off', label: 'off', hint: 'not looked for' },
    { value: 'warn', label: 'warn', hint: 'said to the reviewer' },
    { value: 'block', label: 'block', hint: 'a person has to say yes' },
  ],
});

/** What a reviewer has to be shown. */
export const review: FormStep = {
  id: 'review',
  title: 'Review rules',
  kind: 'form',
  paths: ['whole'],
  question: () => 'What in a change shall a reviewer be warned of, and what shall wait for a yes?',
  remark: () => 'A checklist for pull requests; no change is searched yet.',
  why: `The article names five kinds of change that deserve a look: ${list(REVIEW_CLASSES.map(id => CLASS_TEXT[id].hint))}. They become the checklist of a pull request now. That changes are searched for them is to come with the audit command, and until then counts as not covered.`,
  quote: "The same skepticism you'd apply to third-party code should apply to AI-generated code.",
  fields: REVIEW_CLASSES.map(field),
  fallback({ posture, existing }) {
    const standing = posture.review ?? {};
    return Object.fromEntries(
      REVIEW_CLASSES.map(id => [id, standing[id] ?? (existing ? 'off' : CLASS_TEXT[id].proposed)]),
    );
  },
  proposal: (context, answers) =>
    review.fallback({ ...context, existing: context.posture.review !== undefined }, answers),
  applies: () => true,
  dependsOn: [],
  edits(answer, { posture }) {
    const all = Object.fromEntries(REVIEW_CLASSES.map(id => [id, fieldText(answer, id)]));
    // That a class is off needs no line, unless one says so already.
    const said = REVIEW_CLASSES.filter(id => all[id] !== 'off' || posture.review?.[id] !== undefined);
    const value = Object.fromEntries(said.map(id => [id, all[id]]));
    return [{ path: ['review'], value: said.length > 0 ? value : undefined }];
  },
};
