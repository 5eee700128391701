import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { belowNote } from '../agents/below.ts';
import { isApproved, recordApproval } from '../base/approvals.ts';
import { formatPosition } from '../base/errors.ts';
import { writeAtomic } from '../base/files.ts';
import { stateFolder } from '../base/state.ts';
import { list } from '../base/text.ts';
import type { Facts } from '../discover/facts.ts';
import { applyPlan } from '../generate/apply.ts';
import { leaveOut } from '../generate/leave-out.ts';
import { outputs } from '../generate/outputs/index.ts';
import type { Plan, PrivateChange } from '../generate/types.ts';
import { COMPOSE_FILE } from '../isolation/docker/settings.ts';
import { unboxable } from '../isolation/index.ts';
import { networkNote } from '../isolation/proposal.ts';
import { parsePosture } from '../posture/load.ts';
import { type LoadedPosture, POSTURE_FILE } from '../posture/model.ts';
import { OVERLAY_FILE, overlayText } from '../posture/overlay.ts';
import { newPosture, SCHEMA_FILE } from '../posture/save.ts';
import type { Isolation, Overlay } from '../posture/schema.ts';
import type { Report } from '../selftest/types.ts';
import { answersText, reproduceCommand } from '../wizard/answers.ts';
import { overlayAfter, postureEdits } from '../wizard/edits.ts';
import { stillValid } from '../wizard/flow.ts';
import { loosenings } from '../wizard/loosens.ts';
import { clearProgress, loadProgress, saveProgress } from '../wizard/progress.ts';
import { foundSystems, systemTitle } from '../wizard/steps/found.ts';
import { stepsOf } from '../wizard/steps/index.ts';
import type { InitEngine, StepContext } from '../wizard/types.ts';
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
  const text = posture?.text ?? newPosture(facts.project, { installed: existsSync(join(root, SCHEMA_FILE)) });
  const state = stateFolder(root);
  const stepContext: StepContext = {
    facts,
    posture: posture?.shared ?? parsePosture(text, POSTURE_FILE),
    // One that names no agent was written by hand, and is yet to be filled.
    existing: posture?.shared.agents !== undefined,
    overlay: posture?.overlay?.says,
  };
  const saved = await loadProgress(root);
  const answers = saved && stillValid(stepsOf(saved.path), stepContext, saved.answers);
  // What no longer holds is asked for again before one goes on where one was.
  const gone = Object.keys(saved?.answers ?? {}).length > Object.keys(answers ?? {}).length;
  const valid = saved && answers && { ...saved, answers, at: gone ? undefined : saved.at };
  return {
    context: stepContext,
    stepsOf,
    resumed: valid && Object.keys({ ...valid.answers, ...valid.unfinished }).length > 0 ? valid : undefined,
    // As in `look`: from the shell, since nothing is laid yet that a box could bring back.
    firstTry: starter({
      context,
      facts,
      posture,
      approve: async () => false,
      options: { readOnly: true, vantages: ['host'] },
    }),
    remember: begun => saveProgress(root, begun),
    plan: async ({ path, answers }) => {
      const edits = postureEdits(stepsOf(path), answers, stepContext);
      const hidden = privateChange(overlayAfter(stepsOf(path), answers, stepContext), posture, state);
      const { plan, posture: next } = await planEdits(
        facts,
        text,
        edits,
        posture ? 'what you answered' : 'the posture',
      );
      const loosens = posture ? loosenings(posture.shared, next) : [];
      const network = networkNote({ facts, posture: next });
      const below = belowNote(facts, next);
      const unboxed = unboxable(facts.root, facts.home);
      const ahead = [
        ...(unboxed === undefined ? [] : [`No box can be made here: ${unboxed}.`]),
        ...(network === undefined ? [] : [network]),
        ...(below === undefined ? [] : [below]),
        ...pulls(plan),
        ...(hidden ? [hidden.says] : []),
        ...loosens.map(each => `This loosens the posture: ${each}.`),
      ];
      return { ...plan, privatePart: hidden, loosens, ahead, notes: [...plan.notes, ...ahead] };
    },
    titleOf: id => outputs.find(output => output.id === id)?.title,
    leaveOut,
    apply: async (plan, given) => {
      const applied = await applyPlan(plan, { stateFolder: state, command: 'init' });
      await clearProgress(root);
      if (given.path === 'whole') await writeAtomic(join(state, ANSWERS_FILE), answersText(given), 0o600);
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
    reproduce: given => reproduceCommand(given, join(state, ANSWERS_FILE)),
    next: async () => nextSystem(stepContext, (await loadWithPosture(context, { facts })).posture),
  };
}

/** Where the answers of the whole wizard are kept, in the state folder, once they were applied. */
const ANSWERS_FILE = 'answers.yaml';

/** What becomes of the private part; undefined where it stays as it is. */
function privateChange(
  wanted: Overlay | undefined,
  posture: LoadedPosture | undefined,
  state: string,
): PrivateChange | undefined {
  const before = posture?.overlay;
  if (wanted === undefined || isDeepStrictEqual(wanted.systems ?? [], before?.says.systems ?? [])) return undefined;
  const file = join(state, OVERLAY_FILE);
  const ids = wanted.systems?.map(({ id }) => id) ?? [];
  return {
    path: OVERLAY_FILE,
    before: before ? Buffer.from(before.text) : null,
    after: Buffer.from(overlayText(before?.text, wanted.systems, file)),
    says:
      ids.length > 0
        ? `The private part, which is not committed, holds the addresses of ${list(ids)}: ${file}.`
        : `The private part no longer holds an address: ${file}.`,
  };
}

/** The next system to declare, as the article asks to widen one at a time; undefined where all that was found is declared. */
function nextSystem({ facts }: StepContext, { shared }: LoadedPosture): string | undefined {
  const [fact] = foundSystems({ facts, posture: shared });
  return fact && `${systemTitle(fact)}, found in ${formatPosition(fact.seen)}`;
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
