import type { Posture } from './schema.ts';

type Scanning = NonNullable<Posture['scanning']>;
type Engine = Scanning['engines'][number];
type Stage = NonNullable<Scanning['at']>[number];

/** What the generated hooks run: our own checks always, the others where they are asked for. */
export const RUN_ENGINES = ['builtin', 'gitleaks', 'git-secrets'] as const satisfies readonly Engine[];
/** When the hooks do: before a commit, before a push. */
export const RUN_STAGES = ['commit', 'push'] as const satisfies readonly Stage[];

/** What the generated workflow runs: on each change, and each night. */
export const CI_STAGES = ['ci', 'history'] as const satisfies readonly Stage[];
type CiStage = (typeof CI_STAGES)[number];

/** The forges that a workflow is made for. */
const CI_FORGES = ['github', 'gitlab'] as const;
export type CiForge = (typeof CI_FORGES)[number];

/** The forge whose CI is meant: what the posture says, else what git has as its remote; undefined where none is known to us. */
export function ciForge(posture: Pick<Posture, 'repository'>, remote?: string): CiForge | undefined {
  const forge = posture.repository?.forge ?? remote;
  return CI_FORGES.find(each => each === forge);
}

export interface Scans {
  /** Engines that run, and when; none at all where no stage of ours is asked for. */
  engines: Engine[];
  stages: Stage[];
  /** What of it CI runs. */
  ci: CiStage[];
  /** What the posture asks for and this version does not do: `git-secrets; at ci, history`. Undefined: nothing. */
  declared: string | undefined;
}

/**
 * What of the declared scanning an output really runs, and what is only declared. Without `at`, every stage is asked for.
 * `remote`: the forge that git has as its remote, where the posture does not name one.
 */
export function scansOf({ scanning, repository }: Pick<Posture, 'scanning' | 'repository'>, remote?: string): Scans {
  if (!scanning) return { engines: [], stages: [], ci: [], declared: undefined };
  const runs = <T>(all: readonly T[], one: T) => all.includes(one);
  const asked = (stage: Stage) => scanning.at?.includes(stage) ?? true;
  const stages = RUN_STAGES.filter(asked);
  const ci = ciForge({ repository }, remote) === undefined ? [] : CI_STAGES.filter(asked);
  // Of a push it can look at nothing: it knows what is staged, what is there, and the whole history.
  const idle = (engine: Engine) =>
    engine === 'git-secrets' && stages.includes('push') && stages.length + ci.length === 1;
  const engines = RUN_ENGINES.filter(
    engine => engine === 'builtin' || (scanning.engines.includes(engine) && !idle(engine)),
  );
  const others = scanning.engines.filter(engine => !runs<Engine>(RUN_ENGINES, engine) || idle(engine));
  const later = CI_STAGES.filter(stage => asked(stage) && !ci.includes(stage));
  const declared = [others.join(', '), later.length > 0 && `at ${later.join(', ')}`].filter(Boolean).join('; ');
  return { engines: stages.length + ci.length > 0 ? engines : [], stages, ci, declared: declared || undefined };
}

/** What of it is only declared, in a few words; undefined where all of it is done. */
export function undoneScans(posture: Pick<Posture, 'scanning' | 'repository'>, remote?: string): string | undefined {
  const { declared } = scansOf(posture, remote);
  return declared === undefined ? undefined : `scans, not run: ${declared}`;
}
