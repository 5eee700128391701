import { isApproved, recordApproval } from '../base/approvals.ts';
import { stateFolder } from '../base/state.ts';
import { list } from '../base/text.ts';
import type { Facts } from '../discover/facts.ts';
import { applyPlan } from '../generate/apply.ts';
import { outputs } from '../generate/outputs/index.ts';
import type { Plan } from '../generate/types.ts';
import { COMPOSE_FILE } from '../isolation/docker/settings.ts';
import { unboxable } from '../isolation/index.ts';
import { networkNote } from '../isolation/proposal.ts';
import { parsePosture } from '../posture/load.ts';
import { type LoadedPosture, POSTURE_FILE } from '../posture/model.ts';
import { editPosture, newPosture } from '../posture/save.ts';
import type { Isolation } from '../posture/schema.ts';
import type { Report } from '../selftest/types.ts';
import { reproduceCommand } from '../wizard/answers.ts';
import { stillValid } from '../wizard/flow.ts';
import { loosenings } from '../wizard/loosens.ts';
import { clearProgress, loadProgress, saveProgress } from '../wizard/progress.ts';
import { postureEdits, quickSteps } from '../wizard/steps.ts';
import type { Answers, InitEngine, StepContext } from '../wizard/types.ts';
import type { Approve } from './approve.ts';
import { declaredBox } from './box.ts';
import type { Context } from './command.ts';
import { keepReport } from './last-report.ts';
import { loadWithPosture } from './load.ts';
import { planEdits } from './planning.ts';
import { starter } from './trying.ts';

/** What `init` does, made from the features: the same for the screens, `--yes` and `--answers`. */
export async function createEngine(
  context: Context,
  { facts, posture }: { facts: Facts; posture: LoadedPosture | undefined },
  approve: Approve,
): Promise<InitEngine> {
  const { root } = context;
  const text = posture?.text ?? newPosture(facts.project);
  const steps = quickSteps;
  const stepContext: StepContext = { facts, posture: posture?.shared ?? parsePosture(text, POSTURE_FILE) };
  const saved = await loadProgress(root);
  const resumed = saved && { ...saved, answers: stillValid(steps, stepContext, saved.answers) };
  return {
    context: stepContext,
    steps,
    resumed: resumed && Object.keys(resumed.answers).length > 0 ? resumed : undefined,
    // As in `look`: from the shell, since nothing is laid yet that a box could bring back.
    firstTry: starter({
      context,
      facts,
      posture,
      approve: async () => false,
      options: { readOnly: true, vantages: ['host'] },
    }),
    remember: answers => saveProgress(root, answers),
    existing: posture !== undefined,
    plan: async answers => {
      const edits = postureEdits(steps, answers, stepContext);
      const plan = await planEdits(facts, text, edits, posture ? 'what you answered' : 'the posture');
      const next = parsePosture(editPosture(text, edits), POSTURE_FILE);
      const loosens = posture ? loosenings(posture.shared, next) : [];
      const network = networkNote({ facts, posture: next });
      const unboxed = unboxable(facts.root, facts.home);
      const ahead = [
        ...(unboxed === undefined ? [] : [`No box can be made here: ${unboxed}.`]),
        ...(network === undefined ? [] : [network]),
        ...pulls(plan),
        ...loosens.map(each => `This loosens the posture: ${each}.`),
      ];
      return { ...plan, loosens, ahead, notes: [...plan.notes, ...ahead] };
    },
    titleOf: id => outputs.find(output => output.id === id)?.title,
    apply: async plan => {
      const applied = await applyPlan(plan, { stateFolder: stateFolder(root), command: 'init' });
      await clearProgress(root);
      return applied;
    },
    secondTry: async (onEvent, signal, aside = work => work()): Promise<Report> => {
      const now = await loadWithPosture(context);
      // A question comes while rows are drawn, so the screen makes room for it.
      const ask: Approve = request => aside(() => approve(request));
      const report = await starter({ context, ...now, approve: await withOwnBox(now, posture, ask) })(onEvent, signal);
      // While rows are drawn nothing else can be printed, so that it stands in the report.
      const unkept = await keepReport(report);
      return unkept === undefined ? report : { ...report, notes: [...report.notes, unkept] };
    },
    reproduce: (answers: Answers) => reproduceCommand(answers),
  };
}

/** What trying in a new container costs, told before it is written: the engine fetches what it does not have. */
function pulls({ changes }: Plan): string[] {
  const compose = changes.find(({ path, state }) => path === COMPOSE_FILE && state === 'create');
  const images = [...(compose?.after?.toString('utf8') ?? '').matchAll(/^ {4}image: (.+)$/gm)].map(
    ([, name]) => name ?? '',
  );
  if (images.length === 0) return [];
  return [
    `The first start of the container, by a try or by run, makes the engine pull ${list(images)}, unless it has ${images.length > 1 ? 'them' : 'it'}: that may be large. init --yes --no-test leaves it for later.`,
  ];
}

/**
 * A box that was chosen in this very run is approved by choosing it. One that stood in the posture before was written by
 * somebody else and is asked for as ever.
 */
async function withOwnBox(
  now: { facts: Facts; posture: LoadedPosture },
  before: LoadedPosture | undefined,
  approve: Approve,
): Promise<Approve> {
  const textOf = async (isolation: Isolation | undefined) => {
    const declared = await declaredBox(now.facts, { posture: { ...now.posture.posture, isolation } });
    return declared?.runtime.approval(declared.box);
  };
  const chosen = await textOf(now.posture.posture.isolation);
  // Compared with the same agents: their keys stand in the text too, and do not make a stranger's box one's own.
  if (chosen === undefined || chosen === (await textOf(before?.posture.isolation))) return approve;
  const own = { kind: 'box', text: chosen };
  if (!(await isApproved(now.facts.root, own))) await recordApproval(now.facts.root, own);
  return approve;
}
