import { list } from '../../base/text.ts';
import type { PostureEdit } from '../../posture/model.ts';
import { asList, notAmong } from '../step.ts';
import type { PlainStep, StepContext } from '../types.ts';
import { scanningEdits } from './scanning.ts';

const GUARDS = ['refuse-push', 'scan-commit', 'scan-push'] as const;

export function mainBranch({ facts, posture }: StepContext): string[] {
  return posture.repository?.protected?.length ? posture.repository.protected : [facts.git.defaultBranch ?? 'main'];
}

export const guards: PlainStep = {
  id: 'guards',
  title: 'In git',
  kind: 'multi',
  paths: ['quick', 'whole'],
  values: GUARDS,
  question: context => `Refuse pushes to ${list(mainBranch(context))}, and scan for secrets?`,
  why: 'What an agent changes should pass a person before it is on the main branch, and a secret that was pushed once has to be rotated. The hooks refuse both on this machine, for you too; git --no-verify gets round a hook, so on GitHub the rule for the forge is written as well, to be put in force there.',
  quote: 'Use branch protection rules to prevent autonomous agents from pushing directly to main/production branches.',
  choices(context) {
    const where = context.facts.git;
    if (!where.present) return [];
    const ruled = (context.posture.repository?.forge ?? where.remote?.forge) === 'github';
    const hint = where.hookManager ? `hook, run by ${where.hookManager.id}` : 'hook';
    return [
      {
        value: 'refuse-push',
        label: `refuse pushes to ${list(mainBranch(context))}`,
        hint: ruled ? `${hint}, and a rule for the forge` : hint,
      },
      { value: 'scan-commit', label: 'scan for secrets before each commit', hint },
      { value: 'scan-push', label: 'scan for secrets before each push', hint },
    ];
  },
  fallback({ facts, posture, existing }) {
    if (!facts.git.present) return [];
    const { repository, scanning } = posture;
    const stages = scanning ? (scanning.at ?? ['commit', 'push']) : existing ? [] : ['commit', 'push'];
    const refuses = repository?.protected ? repository.protected.length > 0 : !existing;
    return [
      ...(refuses ? ['refuse-push'] : []),
      ...(stages.includes('commit') ? ['scan-commit'] : []),
      ...(stages.includes('push') ? ['scan-push'] : []),
    ];
  },
  proposal: (context, answers) => guards.fallback({ ...context, existing: false }, answers),
  validate: (answer, context, answers) => notAmong(asList(answer), guards.choices(context, answers)),
  applies: ({ facts }) => facts.git.present,
  dependsOn: [],
  edits(answer, context, answers) {
    const { facts, posture } = context;
    const { repository } = posture;
    const forge = facts.git.remote?.forge;
    const edits: PostureEdit[] = [];
    const asks = asList(answer).length > 0 || !context.existing;
    if (forge && !repository?.forge && asks) edits.push({ path: ['repository', 'forge'], value: forge });
    if (asList(answer).includes('refuse-push'))
      edits.push({ path: ['repository', 'protected'], value: mainBranch(context) });
    else if (repository?.protected) edits.push({ path: ['repository', 'protected'], value: [] });
    return [...edits, ...scanningEdits(context, { ...answers, guards: answer })];
  },
};
