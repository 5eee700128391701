import { safeguards } from '../../safeguards/catalogue.ts';
import { asEntries, fieldText } from '../step.ts';
import type { Entry, ListStep } from '../types.ts';

/** How long it is taken on for, unless somebody says otherwise: days. */
const USUAL = 90;

function dayIn(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

const FIELDS = ['safeguard', 'target', 'reason', 'owner', 'until'] as const;

/** What is reached and stays so, knowingly and for a time. */
export const accepted: ListStep = {
  id: 'accepted',
  title: 'Taken on',
  kind: 'list',
  noun: 'thing taken on',
  nouns: 'things taken on',
  key: 'target',
  together: ['safeguard', 'target'],
  paths: ['whole'],
  question: () => 'What that is reached do you take on knowingly, and until when?',
  why: 'Some things stay within reach for a good reason. Taken on here, with a reason, a name and an end, they no longer fail a test, and stand in every report as what they are; after the end they count again. Nothing has to be taken on, and what is fixed need not be.',
  fields: [
    {
      id: 'safeguard',
      title: 'Safeguard',
      kind: 'select',
      hint: 'which demand it goes against',
      values: safeguards.map(({ id }) => id),
      choices: () => safeguards.map(({ id, title }) => ({ value: id, label: id, hint: title })),
    },
    { id: 'target', title: 'What', kind: 'text', hint: 'as the report names it, such as ~/.npmrc' },
    { id: 'reason', title: 'Why', kind: 'text', hint: 'such as: a token that reads public packages' },
    { id: 'owner', title: 'By', kind: 'text', hint: 'who takes it on' },
    {
      id: 'until',
      title: 'Until',
      kind: 'text',
      hint: 'a date such as 2027-01-31, after which it counts again',
      validate(value) {
        const day = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : undefined;
        const real = day && !Number.isNaN(day.getTime()) && day.toISOString().slice(0, 10) === value;
        return real ? undefined : 'a day of the calendar, such as 2027-01-31';
      },
    },
  ],
  describe(entry) {
    const until = fieldText(entry, 'until');
    const ended = until !== '' && until < dayIn(0);
    return {
      label: fieldText(entry, 'target'),
      hint: `${ended ? `ended on ${until}, counts again` : `until ${until}`}; ${fieldText(entry, 'owner')}: ${fieldText(entry, 'reason')}`,
    };
  },
  fallback: ({ posture }) =>
    (posture.accepted ?? []).map((row): Entry => Object.fromEntries(FIELDS.map(id => [id, row[id]]))),
  suggestions({ existing, reached = [] }, answers) {
    // Before the first plan nothing is closed yet that could be.
    if (!existing) return [];
    const taken = new Set(
      asEntries(answers.accepted).map(entry => `${fieldText(entry, 'safeguard')}\0${fieldText(entry, 'target')}`),
    );
    const fresh = reached.filter(({ safeguard, target }) => !taken.has(`${safeguard}\0${target}`));
    return fresh.map(({ safeguard, target }) => ({
      entry: { safeguard, target, until: dayIn(USUAL) },
      label: target,
      hint: `reached now (${safeguard}); the fixes come first`,
    }));
  },
  blank: () => ({ until: dayIn(USUAL) }),
  applies: () => true,
  dependsOn: [],
  edits(answer) {
    const all = answer.map(entry => Object.fromEntries(FIELDS.map(id => [id, fieldText(entry, id).trim()])));
    return [{ path: ['accepted'], value: all.length > 0 ? all : undefined }];
  },
};
