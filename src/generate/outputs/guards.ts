import { managerPlace } from '../../agents/guards.ts';
import { agentsOf } from '../../agents/index.ts';
import { outermost } from '../../base/outermost.ts';
import { POSTURE_FILE } from '../../posture/model.ts';
import type { RenderContext } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { ciFiles } from './ci.ts';
import { ignoreLines } from './ignore-file.ts';

/** Whether a scan at this stage is asked for; without `at`, at every stage. */
export function scansAt({ posture }: Pick<RenderContext, 'posture'>, stage: 'commit' | 'push'): boolean {
  const { scanning } = posture;
  return scanning !== undefined && (scanning.at?.includes(stage) ?? true);
}

export function boxesInContainer({ posture }: Pick<RenderContext, 'posture'>): boolean {
  const { isolation } = posture;
  return (
    (isolation?.runtime === 'docker' || isolation?.runtime === 'devcontainer') && isolation.container === undefined
  );
}

/**
 * The guards that are there once the outputs are written, folders with a trailing `/`: for programs that stumble over a
 * path that is missing. What discovery saw counts too.
 */
export function guardsLaid(context: RenderContext): string[] {
  const { posture, facts } = context;
  const declared = agentsOf(posture.agents);
  const seen = facts.agents.flatMap(agent => agent.settings.map(({ path }) => path));
  const manager = facts.git.hookManager;
  return outermost([
    POSTURE_FILE,
    '.agent-posture/',
    ...declared.flatMap(({ writes = [] }) => writes),
    ...(ignoreLines(context).length > 0 ? declared.flatMap(({ ignoreFile = [] }) => ignoreFile) : []),
    ...(scansAt(context, 'commit') ||
    scansAt(context, 'push') ||
    posture.repository?.attribution === true ||
    protectedPatterns(posture).length > 0
      ? ['.githooks/']
      : []),
    ...(posture.scanning?.engines.includes('gitleaks') ? ['.gitleaks.toml'] : []),
    ...ciFiles(context),
    ...(boxesInContainer(context) ? ['.devcontainer/'] : []),
    ...(manager ? [managerPlace(manager)] : []),
    ...seen.filter(path => !/^[~/]|^\.\.(\/|$)|\p{C}/u.test(path) && !context.gone?.has(path)),
  ]);
}
