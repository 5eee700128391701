import type { Posture } from './schema.ts';

type Scanning = NonNullable<Posture['scanning']>;
type Engine = Scanning['engines'][number];
type Stage = NonNullable<Scanning['at']>[number];

/** What the generated hooks run: our own checks always, gitleaks where it is asked for. */
export const RUN_ENGINES = ['builtin', 'gitleaks'] as const satisfies readonly Engine[];
/** When: before a commit, before a push. */
export const RUN_STAGES = ['commit', 'push'] as const satisfies readonly Stage[];

export interface Scans {
  /** Engines that run, and when; none at all where no stage of ours is asked for. */
  engines: Engine[];
  stages: Stage[];
  /** What the posture asks for and this version does not do: `git-secrets; at ci, history`. Undefined: nothing. */
  declared: string | undefined;
}

/** What of the declared scanning an output really runs, and what is only declared. Without `at`, every stage is asked for. */
export function scansOf({ scanning }: Pick<Posture, 'scanning'>): Scans {
  if (!scanning) return { engines: [], stages: [], declared: undefined };
  const runs = <T>(all: readonly T[], one: T) => all.includes(one);
  const at = scanning.at ?? RUN_STAGES;
  const stages = at.filter(stage => runs<Stage>(RUN_STAGES, stage));
  const engines = RUN_ENGINES.filter(engine => engine === 'builtin' || scanning.engines.includes(engine));
  const others = scanning.engines.filter(engine => !runs<Engine>(RUN_ENGINES, engine));
  const later = (scanning.at ?? (['ci', 'history'] as const)).filter(stage => !runs<Stage>(RUN_STAGES, stage));
  const declared = [others.join(', '), later.length > 0 && `at ${later.join(', ')}`].filter(Boolean).join('; ');
  return { engines: stages.length > 0 ? engines : [], stages, declared: declared || undefined };
}

/** The sentence about it, for whoever relies on it; undefined where all that is declared is done. */
export function undoneScans(posture: Pick<Posture, 'scanning'>): string | undefined {
  const { declared } = scansOf(posture);
  return declared === undefined ? undefined : `scanning declared, not run by this version: ${declared}`;
}
