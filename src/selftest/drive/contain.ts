import { existsSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { findProgram } from '../../base/exec.ts';
import { isWithin, realPathOf } from '../../base/files.ts';
import { toolFolders } from '../../isolation/bubblewrap/system.ts';
import { FORWARD_PORT, forwarderCommand } from '../../isolation/egress/index.ts';

/** Where an agent is driven: the folders of its scratch home and copy, and what they stand for. */
export interface Places {
  /** As the agent sees them: the real ones. */
  home: string;
  root: string;
  /** What lies there for it. */
  scratchHome: string;
  scratchRoot: string;
  /** The model's socket. */
  socket: string;
  /** A folder before all others of its PATH. */
  stubs: string;
}

/** Where the model answers inside. */
export const MODEL_URL = `http://127.0.0.1:${FORWARD_PORT}`;
const SOCKET_INSIDE = '/run/agent-posture/model.sock';
export const STUBS_INSIDE = '/run/agent-posture/bin';
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
export function pathInside({ root }: Pick<Places, 'root'>, path = process.env.PATH ?? ''): string {
  return path
    .split(delimiter)
    .filter(folder => isAbsolute(folder) && !isWithin(root, folder))
    .join(delimiter);
}

/**
 * The command in a mount and network namespace of its own, in which the scratch folders lie at the real paths, nothing else
 * can be written, and loopback leads to the model alone. Undefined where there is no bubblewrap.
 */
export function contained(places: Places, command: readonly string[]): { command: string[]; path: string } | undefined {
  const { home, root, scratchHome, scratchRoot, socket, stubs } = places;
  const bwrap = findProgram('bwrap', [root]);
  if (!bwrap) return undefined;
  const program = command[0] ?? '';
  const path = pathInside(places);
  const tools = toolFolders({ root, home, path, program }).filter(folder => isWithin(home, folder));
  const kept = [...new Set([process.execPath, ...command.filter(isAbsolute)].flatMap(fromEmptied))].filter(existsSync);
  const bind = (how: string, folders: readonly string[]) => folders.flatMap(folder => [how, folder, folder]);
  return {
    path: `${STUBS_INSIDE}${delimiter}${path}`,
    command: [
      bwrap,
      ...['--ro-bind', '/', '/', '--dev-bind', '/dev', '/dev', '--bind', '/proc', '/proc'],
      ...EMPTIED.flatMap(folder => ['--tmpfs', folder]),
      ...bind('--ro-bind', kept),
      ...['--bind', scratchHome, home],
      ...bind('--ro-bind', tools),
      ...['--bind', scratchRoot, root],
      ...['--dir', dirname(SOCKET_INSIDE), '--ro-bind', socket, SOCKET_INSIDE, '--bind', stubs, STUBS_INSIDE],
      ...['--unshare-net', '--unshare-ipc', '--die-with-parent', '--new-session', '--chdir', root, '--'],
      ...forwarderCommand(SOCKET_INSIDE, command),
    ],
  };
}

/** How a folder that is made for a run is called inside it, where it lies in one of these. */
export function insideOf({ home, root, scratchHome, scratchRoot }: Places, path: string): string {
  if (isWithin(scratchRoot, path)) return join(root, path.slice(scratchRoot.length));
  return isWithin(scratchHome, path) ? join(home, path.slice(scratchHome.length)) : basename(path);
}
