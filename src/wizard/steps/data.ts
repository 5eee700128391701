import { formatBytes } from '../../base/units.ts';
import { asEntries, fieldText, fieldTexts } from '../step.ts';
import type { Answers, Entry, ListStep, StepContext } from '../types.ts';
import { systemsAfter } from './declared.ts';
import { ID } from './found.ts';

const KINDS = { dump: 'dumps', export: 'exports', spreadsheet: 'spreadsheets', sqlite: 'databases in files' } as const;

function foundData({
  facts,
  posture,
}: StepContext): { entry: Entry; label: string; hint: string; fact: NonNullable<typeof facts.data>[number] }[] {
  const known = new Set(posture.data?.flatMap(({ id, files }) => [id, ...(files ?? [])]));
  return (facts.data ?? [])
    .filter(({ id, files }) => ID.test(id) && !known.has(id) && !files.every(file => known.has(file)))
    .map(fact => ({
      entry: { id: fact.id, files: fact.files },
      label: `${fact.id} (${fact.files.join(', ')})`,
      hint: `${KINDS[fact.kind]}, ${fact.count === 1 ? 'one file' : `${fact.count} files`}, ${formatBytes(fact.bytes)}`,
      fact,
    }));
}

/** Names of data that systems of these answers hold, without a place yet. */
function heldNames(context: StepContext, answers: Answers): string[] {
  const held = systemsAfter(context, answers).flatMap(({ holds }) => holds ?? []);
  const known = new Set(context.posture.data?.map(({ id }) => id));
  return [...new Set(held)].filter(id => ID.test(id) && !known.has(id));
}

/** What data is sensitive, and where it lies. */
export const data: ListStep = {
  id: 'data',
  title: 'Sensitive data',
  kind: 'list',
  noun: 'kind of data',
  nouns: 'kinds of data',
  key: 'id',
  paths: ['whole'],
  question: () => 'What data is sensitive, and where does it lie?',
  why: 'A dump in a folder is worth as much as the database it came from, and no password stands before it. What is named here by files is tried to be read from where the agent runs; tables are what later rights and reviews are about. Source that must not leave, such as a pricing algorithm, counts as data too.',
  quote:
    'Write down what systems are critical, what data is sensitive, and what access patterns are normal for your codebase.',
  fields: [
    {
      id: 'id',
      title: 'Name',
      kind: 'text',
      hint: 'a short name in lower case, such as customer-pii',
      validate: value =>
        ID.test(value) ? undefined : 'lower-case letters, digits, ".", "_" and "-", such as customer-pii',
    },
    {
      id: 'tables',
      title: 'Tables',
      kind: 'texts',
      optional: true,
      asked: true,
      hint: 'such as public.customers, public.addresses',
    },
    {
      id: 'files',
      title: 'Files',
      kind: 'texts',
      optional: true,
      asked: true,
      hint: 'patterns as in .gitignore, such as exports/** or *.dump',
      validate: value =>
        value.split(/[\\/]/).includes('..') ? 'a pattern inside the repository, or one that starts with ~/' : undefined,
    },
  ],
  describe(entry) {
    const where = [...fieldTexts(entry, 'tables'), ...fieldTexts(entry, 'files')];
    return { label: fieldText(entry, 'id'), hint: where.join(', ') || 'where it lies is not said' };
  },
  fallback(context, answers) {
    const declared = (context.posture.data ?? []).map(
      ({ id, tables, files }): Entry => ({
        id,
        ...(tables?.length ? { tables } : {}),
        ...(files?.length ? { files } : {}),
      }),
    );
    // A database in a file is mostly what the agent works with.
    const found = context.existing ? [] : foundData(context).filter(({ fact }) => fact.kind !== 'sqlite');
    return [...declared, ...heldNames(context, answers).map(id => ({ id })), ...found.map(({ entry }) => entry)];
  },
  suggestions(context, answers) {
    const taken = new Set(asEntries(answers.data).map(entry => fieldText(entry, 'id')));
    return foundData(context)
      .filter(({ entry }) => !taken.has(fieldText(entry, 'id')))
      .map(({ entry, label, hint, fact }) => ({ entry, label, hint, seen: fact.seen }));
  },
  applies: () => true,
  dependsOn: [],
  edits(answer, context, answers) {
    const all = answer.map(entry => {
      const [tables, files] = [fieldTexts(entry, 'tables'), fieldTexts(entry, 'files')];
      return {
        id: fieldText(entry, 'id').trim(),
        ...(tables.length > 0 ? { tables } : {}),
        ...(files.length > 0 ? { files } : {}),
      };
    });
    // What a system holds has to be there, with or without a place.
    const held = systemsAfter(context, answers).flatMap(({ holds = [] }) =>
      holds.filter(id => !all.some(one => one.id === id)),
    );
    const whole = [...all, ...[...new Set(held)].map(id => ({ id }))];
    return [{ path: ['data'], value: whole.length > 0 ? whole : undefined }];
  },
};
