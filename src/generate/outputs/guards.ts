import { managerPlace } from '../../agents/guards.ts';
import { agentsOf } from '../../agents/index.ts';
import { outermost } from '../../base/outermost.ts';
import { POSTURE_FILE } from '../../posture/model.ts';
import type { RenderContext } from '../types.ts';
import { ciFiles } from './ci.ts';
import { FOLDER, namesOf } from './hook-places.ts';
import { ignoreLines } from './ignore-file.ts';

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
    ...(namesOf(context).length > 0 ? [`${FOLDER}/`] : []),
    ...(posture.scanning?.engines.includes('gitleaks') ? ['.gitleaks.toml'] : []),
    ...ciFiles(context),
    ...(boxesInContainer(context) ? ['.devcontainer/'] : []),
    ...(manager ? [managerPlace(manager)] : []),
    ...seen.filter(path => !/^[~/]|^\.\.(\/|$)|\p{C}/u.test(path) && !context.gone?.has(path)),
  ]);
}
