import { delimiter, join } from 'node:path';
import { packageRoot } from '../../base/package.ts';
import { toolFolders } from '../../isolation/bubblewrap/system.ts';
import { isBoxed } from '../../posture/boxed.ts';
import { POSTURE_FILE } from '../../posture/model.ts';
import type { Posture, RuntimeId } from '../../posture/schema.ts';
import { PORTS } from './contain.ts';
import type { Stage } from './stage.ts';

/** Boxes that can be started on a stage: the others want a service of the machine, or know nothing of its folders. */
const STARTED: readonly RuntimeId[] = ['bubblewrap', 'srt'];

/** Whether the posture's box goes round an agent that is driven, as it does round one that `run` starts. */
export function isBoxedOn(stage: Pick<Stage, 'contained'>, posture: Posture | undefined): boolean {
  const runtime = posture?.isolation?.runtime;
  return stage.contained && isBoxed(posture?.isolation) && STARTED.includes(runtime as RuntimeId);
}

/**
 * Lays the posture of the stage: the declared box, with the agents whose guards it keeps, and where the network is restricted
 * also their model. All of JSON is YAML.
 */
export function layPosture(stage: Stage, posture: Posture, agents: readonly string[]): void {
  const { isolation } = posture;
  const network = isolation?.network && { allow: [...isolation.network.allow, `127.0.0.1:${PORTS.model}`] };
  const laid = { ...posture, agents, isolation: { ...isolation, ...(network ? { network } : {}) } };
  stage.write(POSTURE_FILE, `${JSON.stringify(laid, null, 2)}\n`);
}

/** With the folders that the program needs: the box lets in what stands on its PATH, and here something else starts it. */
export function pathInBox({ seen }: Stage, path: string, program: string): string {
  return [path, ...toolFolders({ ...seen, path: '', program })].join(delimiter);
}

/** What the box is made by lies where nothing lasts. */
export const BOX_STATE = { AGENT_POSTURE_STATE: '/tmp/agent-posture-state' };

/** What its user would have done in the box first: in the empty home that it has there, a file is laid that nothing has let in. */
const LAYING =
  'umask 077; while [ "$1" != -- ]; do mkdir -p "$(dirname "$1")"; [ -e "$1" ] || printf %s "$2" > "$1"; shift 2; done; shift; exec "$@"';

/** What the agent is told by: variables, and files by their absolute paths. None is a secret. */
export interface Told {
  env: Readonly<Record<string, string>>;
  files: readonly { path: string; text: string }[];
}

/**
 * The command as `run` starts it in the declared box, which stays as it is: what the agent is told by variables goes by way of
 * env(1), and the files by which it knows its model are laid from within.
 */
export function boxedCommand(command: readonly string[], { env, files }: Told): string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [
    process.execPath,
    join(packageRoot, 'bin', 'agent-posture.js'),
    ...['run', '--quiet', '--trust', '--', '/usr/bin/env', ...variables],
    ...['/bin/sh', '-c', LAYING, 'sh', ...files.flatMap(({ path, text }) => [path, text]), '--'],
    ...command,
  ];
}
