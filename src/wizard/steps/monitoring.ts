import { SIZE_PATTERN } from '../../base/units.ts';
import { fieldText, fieldTexts } from '../step.ts';
import type { Entry, Field, FormStep, StepContext } from '../types.ts';
import { systemsAfter } from './declared.ts';

const number = (value: string) =>
  /^[1-9]\d{0,8}$/.test(value) ? undefined : 'a whole number above 0, or empty for no alarm';
const YES_NO = ['yes', 'no'] as const;
const alarm = (id: string, title: string, hint: string): Field => ({
  id,
  title,
  kind: 'select',
  hint,
  values: YES_NO,
  choices: () => [
    { value: 'yes', label: 'yes' },
    { value: 'no', label: 'no' },
  ],
});

const FIELDS: readonly Field[] = [
  {
    id: 'commitsPerHour',
    title: 'Commits an hour',
    kind: 'text',
    optional: true,
    hint: 'more than these raise an alarm, and so do changes of guards; empty: none',
    validate: number,
  },
  alarm('credentialUse', 'Credentials', 'whether a new credential, or an unusual use of one, raises an alarm'),
  {
    id: 'rowsPerQuery',
    title: 'Rows a query',
    kind: 'text',
    optional: true,
    hint: 'a query that reads more raises an alarm; empty: none',
    validate: number,
  },
  alarm('newDestinations', 'New destinations', 'whether a connection to a place that is not allowed raises an alarm'),
  {
    id: 'exportPerHour',
    title: 'Export an hour',
    kind: 'text',
    optional: true,
    hint: 'more than this leaving raises an alarm, such as 50MB; empty: none',
    validate: value => (SIZE_PATTERN.test(value) ? undefined : 'a size such as 10kB or 50MB'),
  },
  {
    id: 'notify',
    title: 'Told to',
    kind: 'texts',
    optional: true,
    hint: 'where alarms go: terminal',
    validate: value => (value.length <= 200 ? undefined : 'at most 200 characters'),
  },
];

function proposed(context: StepContext, answers: Parameters<FormStep['fallback']>[1]): Entry {
  const usual = systemsAfter(context, answers).flatMap(({ normally }) => normally?.rowsPerQuery ?? []);
  return {
    commitsPerHour: '20',
    credentialUse: 'yes',
    // What is normal was said of each system; the most of it is normal anywhere.
    rowsPerQuery: String(usual.length > 0 ? Math.max(...usual) : 1_000),
    newDestinations: 'yes',
    exportPerHour: '50MB',
    notify: ['terminal'],
  };
}

/** From what use an alarm is raised. */
export const monitoring: FormStep = {
  id: 'monitoring',
  title: 'Alarms',
  kind: 'form',
  paths: ['whole'],
  question: () => 'From what use on shall an alarm be raised?',
  remark: () => 'Written down; nothing watches for it and no alarm is raised yet.',
  why: 'Even with every wall in place the article asks for monitoring in real time, of five things: unusual commits, credentials made or used, queries over the usual, connections to unexpected places, and large exports. The thresholds are written down now, from what is normal here. The watcher that raises the alarms is to come with the watch command, and until then counts as not covered.',
  quote: 'Even with all these safeguards in place, you need real-time monitoring.',
  fields: FIELDS,
  fallback(context, answers) {
    const { posture, existing } = context;
    const standing = posture.monitoring;
    if (standing === undefined && !existing) return proposed(context, answers);
    const { commitsPerHour, rowsPerQuery, exportPerHour, credentialUse, newDestinations, notify } = standing ?? {};
    return {
      ...(commitsPerHour === undefined ? {} : { commitsPerHour: String(commitsPerHour) }),
      credentialUse: credentialUse ? 'yes' : 'no',
      ...(rowsPerQuery === undefined ? {} : { rowsPerQuery: String(rowsPerQuery) }),
      newDestinations: newDestinations ? 'yes' : 'no',
      ...(exportPerHour === undefined ? {} : { exportPerHour }),
      ...(notify?.length ? { notify } : {}),
    };
  },
  proposal: (context, answers) =>
    context.posture.monitoring === undefined ? proposed(context, answers) : monitoring.fallback(context, answers),
  applies: () => true,
  dependsOn: [],
  edits(answer, { posture }) {
    const text = (id: string) => fieldText(answer, id).trim() || undefined;
    const count = (id: string) => (text(id) === undefined ? undefined : Number(text(id)));
    const yes = (id: 'credentialUse' | 'newDestinations') =>
      text(id) === 'yes' ? true : posture.monitoring?.[id] === undefined ? undefined : false;
    const notify = fieldTexts(answer, 'notify');
    const value = {
      commitsPerHour: count('commitsPerHour'),
      rowsPerQuery: count('rowsPerQuery'),
      exportPerHour: text('exportPerHour'),
      credentialUse: yes('credentialUse'),
      newDestinations: yes('newDestinations'),
      notify: notify.length > 0 ? notify : undefined,
    };
    const alarms = Object.entries(value).some(([id, one]) => id !== 'notify' && one !== undefined);
    return [{ path: ['monitoring'], value: alarms ? value : undefined }];
  },
};
