import { asText } from '../step.ts';
import type { PlainStep } from '../types.ts';

/** Whether the agents' settings are made for the machine's administrator too. */
export const managed: PlainStep = {
  id: 'managed',
  title: 'For administrators',
  kind: 'select',
  paths: ['whole'],
  values: ['no', 'yes'],
  question: () => 'Make the settings also in the form that an administrator lays down for a whole machine?',
  why: 'Settings in a repository can be changed by whoever works in it, the agent included where its box lets it. Those in the place of the administrator win over all others, and an agent cannot write there. They are laid into .agent-posture/managed, with the one command that puts them in force: nothing is ever written outside of the repository from here.',
  choices: () => [
    { value: 'no', label: 'no', hint: 'the settings in the repository are enough' },
    { value: 'yes', label: 'yes', hint: 'files beside them, and the command for an administrator' },
  ],
  fallback: ({ posture }) => (posture.managedSettings ? 'yes' : 'no'),
  validate: answer => (['yes', 'no'].includes(asText(answer)) ? undefined : 'expected yes or no'),
  applies: () => true,
  dependsOn: [],
  edits: (answer, { posture }) => {
    const wanted = asText(answer) === 'yes';
    return wanted === (posture.managedSettings ?? false) ? [] : [{ path: ['managedSettings'], value: wanted }];
  },
};
