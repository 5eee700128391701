import type { Posture } from '../../posture/schema.ts';
import type { Output, RenderContext } from '../types.ts';

type Review = NonNullable<Posture['review']>;

/**
 * What a reviewer is asked, by class of the posture. A `block` class asks for a person's word, a `warn` class for a look; the
 * lines that either is about are for `audit` to find, in a later version.
 */
const QUESTIONS: readonly (readonly [name: keyof Review, title: string, question: string])[] = [
  [
    'network',
    'Network',
    'no address, host or API that was not there before, or each one is known and so is what goes there',
  ],
  ['auth', 'Sign-in and rights', 'no check was removed, loosened or moved, and none of the new paths goes round one'],
  [
    'queries',
    'Queries',
    'none reads more rows, columns or tables than its purpose needs, and each has a limit where it can grow',
  ],
  [
    'dependencies',
    'Dependencies',
    'each new one exists, is the one that was meant, is needed, and what it runs when it is installed was looked at',
  ],
  [
    'files',
    'Files',
    'nothing is read or written outside of what the task needs: no home folder, no path from outside, no place that programs are loaded from',
  ],
];

/** CUL-3: asked of every change, whatever classes there are. */
const ALWAYS = [
  'I read every line of the difference, as if a stranger had sent it, and can say why it is there.',
  'Nothing in it is there for a reason that the task does not give, and no test was made weaker so that it passes.',
  'It changes no guard (hooks, CI, agents’ settings, the posture), or that is what it is for.',
  'No secret is in it, nor in a commit that it brings.',
] as const;

function placeOf({ posture, facts }: RenderContext): string | undefined {
  const forge = posture.repository?.forge ?? facts.git.remote?.forge;
  // https://docs.github.com/communities/using-templates-to-encourage-useful-issues-and-pull-requests and
  // https://docs.gitlab.com/user/project/description_templates/: the file of this name is what a new request begins with.
  if (forge === 'github') return facts.requestTemplates?.github ?? '.github/pull_request_template.md';
  if (forge === 'gitlab') return facts.requestTemplates?.gitlab ?? '.gitlab/merge_request_templates/Default.md';
  return undefined;
}

export const reviewChecklist: Output = {
  id: 'review-checklist',
  title: 'what a reviewer is asked of each change',
  safeguards: ['AUD-1', 'AUD-2', 'AUD-3', 'AUD-4', 'AUD-5', 'CUL-3'],
  templateVersion: 1,
  guard: false,
  render(context) {
    const { review = {} } = context.posture;
    const asked = QUESTIONS.filter(([name]) => (review[name] ?? 'off') !== 'off');
    const path = placeOf(context);
    if (asked.length === 0 || path === undefined) return [];
    const lines = [
      '',
      '## Looked at',
      '',
      ...ALWAYS.map(text => `- [ ] ${text}`),
      ...asked.map(
        ([name, title, question]) =>
          `- [ ] **${title}**${review[name] === 'block' ? ' (a person has to agree before it is merged)' : ''}: ${question}.`,
      ),
      '',
    ];
    return [{ mode: 'block', path, comment: '<!--', lines }];
  },
};
