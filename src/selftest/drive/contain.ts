import { existsSync } from 'node:fs';
import { delimiter, dirname, isAbsolute } from 'node:path';
import { findProgram } from '../../base/exec.ts';
import { isWithin, realPathOf } from '../../base/files.ts';
import { packageRoot } from '../../base/package.ts';
import { toolFolders } from '../../isolation/bubblewrap/system.ts';
import { forwarderCommand } from '../../isolation/egress/index.ts';
import type { Stage } from './stage.ts';

/** Where the model answers inside, and where what is reached over the network does: a box may let the one through alone. */
export const PORTS = { model: 3129, elsewhere: 3130 } as const;

/** Both as the agent is told them; `port` is the one at which the model listens where it is not contained. */
export function addresses(port: number | undefined): { model: string; elsewhere: string } {
  const at = (inside: number) => `http://127.0.0.1:${port ?? inside}`;
  return { model: at(PORTS.model), elsewhere: at(PORTS.elsewhere) };
}
export const SOCKET_INSIDE = '/run/agent-posture/model.sock';
/** Emptied: what other programs put there is none of an agent's that is only tried. */
const EMPTIED = ['/tmp', '/var/tmp', '/run'];

/** The folders of a program that lies where all is emptied. */
function fromEmptied(program: string): string[] {
  const real = realPathOf(program);
  const at = real.lastIndexOf('/node_modules/');
  const folders = [dirname(program), at > 0 ? real.slice(0, at) : dirname(real)];
  return folders.filter(folder => EMPTIED.some(emptied => isWithin(emptied, folder)));
}

/** The PATH of an agent that is driven: no folder of the repository, whoever wrote it. */
function pathInside({ root, stubsSeen }: Stage, path = process.env.PATH ?? ''): string {
  const folders = path.split(delimiter).filter(folder => isAbsolute(folder) && !isWithin(root, folder));
  return [stubsSeen, ...folders].join(delimiter);
}

/**
 * The command as it is run on the stage, and its PATH: in a mount and network namespace of its own, in which the scratch folders
 * lie at the real paths, nothing else can be written, and loopback leads to the model's socket alone. Where the stage is not
 * contained, as it is.
 */
export function onStage(
  stage: Stage,
  socket: string,
  command: readonly string[],
): { command: string[]; path: string; cwd: string } {
  const { home, root, scratchHome, scratchRoot } = stage;
  const path = pathInside(stage);
  const bwrap = stage.contained ? findProgram('bwrap', [root]) : undefined;
  if (!bwrap) return { command: [...command], path, cwd: scratchRoot };
  // The program may stand behind one that starts it.
  const programs = [process.execPath, ...command.filter(isAbsolute)];
  const tools = [packageRoot, ...programs.flatMap(program => toolFolders({ root, home, path, program }))].filter(
    folder => isWithin(home, folder) && existsSync(folder) && !isWithin(folder, home),
  );
  const own = EMPTIED.some(emptied => isWithin(emptied, packageRoot)) ? [packageRoot] : [];
  const kept = [...new Set([...own, ...programs.flatMap(fromEmptied)])].filter(existsSync);
  const bind = (how: string, folders: readonly string[]) => folders.flatMap(folder => [how, folder, folder]);
  return {
    path,
    cwd: '/',
    command: [
      bwrap,
      ...['--ro-bind', '/', '/', '--dev', '/dev', '--bind', '/proc', '/proc'],
      ...EMPTIED.flatMap(folder => ['--tmpfs', folder]),
      ...bind('--ro-bind', kept),
      ...['--bind', scratchHome, home],
      ...bind('--ro-bind', [...new Set(tools)]),
      ...['--bind', scratchRoot, root],
      ...['--dir', dirname(SOCKET_INSIDE), '--ro-bind', socket, SOCKET_INSIDE],
      ...['--unshare-net', '--unshare-ipc', '--die-with-parent', '--new-session', '--chdir', root, '--'],
      ...forwarderCommand(SOCKET_INSIDE, command, [], [PORTS.model, PORTS.elsewhere]),
    ],
  };
}
