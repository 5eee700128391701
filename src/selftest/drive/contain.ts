import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { findProgram } from '../../base/exec.ts';
import { isWithin, realPathOf, statsOf } from '../../base/files.ts';
import { packageRoot } from '../../base/package.ts';
import { MACHINE_SWITCHES, toolFolders } from '../../isolation/bubblewrap/system.ts';
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

/** What runs on a stage beside the command: programs that make namespaces of their own there. */
export interface Nesting {
  /** In the box that the posture declares, which is made there. */
  boxed?: boolean;
  /** The agent makes a sandbox of its own there. */
  walled?: boolean;
}

const isRoot = () => process.getuid?.() === 0;

/** Root makes a sandbox on the stage by its own rights: without them it could not start, and nothing could be shown of it. */
export const keepsRights = ({ boxed, walled }: Nesting): boolean => isRoot() && (boxed === true || walled === true);

/**
 * Bubblewrap, by which no process of the machine can be ended, and none is there to be looked through. Over a /proc of which
 * something is covered the system lets no sandbox mount its own: where root makes one, unshare(1) makes the one that is there.
 */
function bubblewrapped(bwrap: string, nesting: Nesting, root: string): string[] {
  if (keepsRights(nesting)) {
    const unshare = findProgram('unshare', [root]);
    // Without it the processes of the machine would be there, for one that has root's rights.
    if (!unshare)
      throw new UserError({
        what: 'unshare, by which root keeps what makes a sandbox apart from the processes of the machine, is not installed',
        next: 'install util-linux, or run the test as an ordinary user',
      });
    return [...[unshare, '-m', '-p', '-f', '--mount-proc', '--'], bwrap, ...MACHINE, '--bind', '/proc', '/proc'];
  }
  // Whoever is not root cannot write them anyhow, and could make no sandbox over them.
  const switches = isRoot() ? MACHINE_SWITCHES.flatMap(path => ['--ro-bind-try', path, path]) : [];
  return [bwrap, ...MACHINE, '--unshare-pid', '--proc', '/proc', ...switches, '--cap-drop', 'ALL'];
}

/** As many sockets of the machine as are covered. */
const SOCKETS = 500;

/**
 * The sockets on which programs of the machine listen, outside of what is emptied and of the home: a file that cannot be written can
 * be connected to all the same. See proc_net(5).
 */
function socketsOf(home: string): string[] {
  let list = '';
  try {
    list = readFileSync('/proc/net/unix', 'utf8');
  } catch {}
  const paths = list.split('\n').flatMap(line => /^(?:\S+ +){7}(\/.*)$/.exec(line)?.[1] ?? []);
  const isSeen = (path: string) =>
    ![home, ...EMPTIED, '/proc', '/dev'].some(folder => isWithin(folder, realPathOf(path)));
  return [...new Set(paths)].filter(path => isSeen(path) && statsOf(path)?.isSocket()).slice(0, SOCKETS);
}

/** As it is, and not to be written. */
const MACHINE = ['--ro-bind', '/', '/', '--dev', '/dev'];

/**
 * Says how many processes a command leaves running, which end with its namespace. What carries the calls is none of them, nor are
 * forks of this shell: both have the socket's path in their command line.
 */
const COUNTING = [
  'token=$1; socket=$2; shift 2; "$@"; code=$?',
  'left() { n=0; for at in /proc/[0-9]*; do [ "$at" = /proc/1 ] || grep -aqF "$socket" "$at/cmdline" || ! grep -aq "[a-z]" "$at/cmdline" || n=$((n + 1)); done 2>/dev/null; echo $n; }',
  // What serves it ends with it, and not at once.
  '[ "$(left)" = 0 ] || sleep 0.2; echo "$token $(left)" >&2; exit $code',
].join('\n');

/** Where no box is made on the stage: that ends what is left in it. `token`: what the number stands behind. */
export const countingLeft = (command: readonly string[], token: string): string[] => [
  ...['/bin/sh', '-c', COUNTING, 'sh', token, SOCKET_INSIDE],
  ...command,
];

/**
 * The command as it is run on the stage, and its PATH: in namespaces of its own, in which the scratch folders lie at the real
 * paths, nothing else can be written, no process of the machine is there, and loopback leads to the model's socket alone. Where the
 * stage is not contained, as it is.
 */
export function onStage(
  stage: Stage,
  socket: string,
  command: readonly string[],
  nesting: Nesting = {},
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
      ...bubblewrapped(bwrap, nesting, root),
      ...socketsOf(home).flatMap(place => ['--ro-bind', '/dev/null', place]),
      ...EMPTIED.flatMap(folder => ['--tmpfs', folder]),
      ...bind('--ro-bind', kept),
      ...['--bind', scratchHome, home],
      ...bind('--ro-bind', [...new Set(tools)]),
      ...[...stage.admitted].flatMap(place => ['--ro-bind', realPathOf(place), place]),
      ...['--bind', scratchRoot, root],
      ...['--dir', dirname(SOCKET_INSIDE), '--ro-bind', socket, SOCKET_INSIDE],
      ...['--unshare-net', '--unshare-ipc', '--die-with-parent', '--new-session', '--chdir', root, '--'],
      ...forwarderCommand(SOCKET_INSIDE, command, [], [PORTS.model, PORTS.elsewhere]),
    ],
  };
}
