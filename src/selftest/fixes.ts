import { agents, loginsOf } from '../agents/index.ts';
import { plural, shellLine } from '../base/text.ts';
import type { Facts } from '../discover/facts.ts';
import { runtimes } from '../isolation/index.ts';
import {
  allowedHosts,
  type Ground,
  hidePatterns,
  openHosts,
  patternsFor,
  withPatterns,
} from '../isolation/proposal.ts';
import type { Runtime } from '../isolation/types.ts';
import { withoutPort } from '../posture/address.ts';
import { isBoxed } from '../posture/boxed.ts';
import type { PostureEdit } from '../posture/model.ts';
import type { Isolation, Posture } from '../posture/schema.ts';
import type { Origin, Probe } from './probes/types.ts';
import { type Fix, REMOVED, type Row, type RowCloser } from './types.ts';

/** What a fix is made from. `runtime`: the box that can be started here; undefined where there is none. */
export interface FixContext {
  posture: Posture | undefined;
  facts: Facts;
}

/** A row that fails, with the probe that it came from. */
export interface Failing {
  row: Row;
  probe: Pick<Probe, 'origin' | 'subject'>;
}

interface FixKind {
  id: string;
  /** Whether it would close the row. */
  closes(failing: Failing, context: FixContext): boolean;
  title(rows: readonly Failing[], context: FixContext): string;
  text: string;
  /** What closes it without a change of the posture. */
  command?: string | ((rows: readonly Failing[]) => string);
  edits?(rows: readonly Failing[], context: FixContext): PostureEdit[] | undefined;
}

const NETWORK: ReadonlySet<Origin> = new Set(['system', 'outside', 'metadata']);
const BOXED: ReadonlySet<Origin> = new Set([
  'posture-file',
  'secret-file',
  'place',
  'variable',
  'socket',
  'helper',
  'process',
  'sibling',
  'guard',
  'later',
  'keyring',
  'terminal',
  'debug',
  'sudo',
  'kvm',
]);
const HIDEABLE: ReadonlySet<Origin> = new Set(['posture-file', 'secret-file', 'place', 'socket', 'sibling']);

/** The first of our own boxes that can be started here. */
function bestBox({ facts }: FixContext): Runtime | undefined {
  const startable = new Set(facts.runtimes.flatMap(({ id, available }) => (available ? [id] : [])));
  return runtimes.find(({ id, madeBy }) => madeBy === 'us' && startable.has(id));
}

const reached = ({ row }: Failing) => row.verdict === 'exposed';
/** Tried where the declared box, if there is one, could change it: inside. */
const whereItCounts = ({ row }: Failing, isolation: Isolation | undefined) =>
  ofAgent(row) || row.vantage === (isBoxed(isolation) ? 'sandbox' : 'host');
/** Through the agent itself, which is started in the declared box where there is one. */
const ofAgent = ({ vantage }: Row) => vantage.startsWith('agent:');
/** A push that an agent lets through, to a remote of our own that refuses none. */
const ofServer = ({ row: { from } }: Failing) => from?.closer === 'server';
const ofHistory = ({ row }: Failing) => row.escape === 'history' || row.from?.closer === 'history';
/** What a row of an agent says of itself goes before what is thought of its kind: no wall closes what only a rule could. */
const mayClose = (closer: RowCloser, { row: { from } }: Failing) => from === undefined || from.closer === closer;
/** A wall keeps it: between programs, files and sockets, not over the network. */
const byWall = (failing: Failing) => BOXED.has(failing.probe.origin) && mayClose('sandbox', failing);
/** Rows of a `--via` are closed by whoever wrote that command. */
const ofVia = ({ row }: Failing) => row.vantage.startsWith('via:');
/** The agent has a sandbox of its own. */
const ownSandbox = ({ vantage }: Row) =>
  agents.some(({ id, hasSandbox }) => hasSandbox && vantage.replace(/@.*$/, '') === `agent:${id}`);
/** What the posture says of a wall is in force where the row was seen: in the declared box, or in the agent's own sandbox. */
const isWalled = (failing: Failing, isolation: Isolation | undefined) => {
  const isNative = isolation?.runtime === 'native';
  return isBoxed(isolation) || (isNative && ownSandbox(failing.row));
};
/** No box is declared yet, and none of ours can be started here. */
const mayTurnOn = (context: FixContext) => {
  const runtime = context.posture?.isolation?.runtime;
  return (runtime === undefined || runtime === 'none') && bestBox(context) === undefined;
};
const literalOrWay = (failing: Failing) => !ofHistory(failing) && !ofServer(failing);

const overNetwork = (failing: Failing) =>
  NETWORK.has(failing.probe.origin) && failing.row.attempt !== 'read' && mayClose('network', failing);

/** What is hidden for a target: a folder of its own in the home as a whole, anything else by its own name. */
export function patternFor(target: string): string {
  const match = /^(~\/\.[^/]+)\/./.exec(target);
  if (match && !/^~\/\.(config|local|cache)$/.test(match[1] as string)) return match[1] as string;
  return target;
}

/** Whether a pattern can hide it: what lies in the repository or in the home. */
const hideable = ({ probe, row }: Failing) => HIDEABLE.has(probe.origin) && !/^[@/]/.test(row.target);
const placesOf = (rows: readonly Failing[]) =>
  [...new Set(rows.filter(hideable).map(({ row }) => patternFor(row.target)))].sort();

function groundOf({ facts, posture }: FixContext): Ground {
  return { facts, posture: posture ?? { version: 1, project: facts.project } };
}

/** The box that the wizard would declare, with what was reached hidden too. A list of hosts that stands is kept. */
function proposedBox(rows: readonly Failing[], context: FixContext): Isolation | undefined {
  const runtime = bestBox(context)?.id;
  if (runtime === undefined) return undefined;
  const ground = groundOf(context);
  const before = ground.posture.isolation;
  const network = hostsOf(context);
  const hide = hidePatterns(ground, placesOf(rows));
  return {
    ...before,
    runtime,
    ...(network ? { network } : {}),
    files: { ...before?.files, write: before?.files?.write ?? ['.'], hide },
  };
}

/** The list of hosts of a wall that is proposed: the one that stands, or the one that is known. */
function hostsOf(context: FixContext): Isolation['network'] {
  const allow = allowedHosts(groundOf(context));
  return context.posture?.isolation?.network ?? (allow && { allow });
}

/** Whether the proposed box would have a list of hosts. */
function restricts(context: FixContext): boolean {
  return bestBox(context) !== undefined && hostsOf(context) !== undefined;
}

/** What the declared box hides, and what was reached in it. */
function moreHidden(rows: readonly Failing[], posture: Posture | undefined): string[] {
  return withPatterns(posture?.isolation?.files?.hide ?? [], placesOf(rows).flatMap(patternsFor));
}

/** The login of a declared agent in our own box: it is let in on purpose, since without it the agent cannot work. */
function ofLogin({ row }: Failing, posture: Posture | undefined): boolean {
  const logins = loginsOf(posture?.agents ?? []);
  return (
    isBoxed(posture?.isolation) &&
    logins.some(({ keys, files }) => keys.includes(row.target) || files.some(file => row.target === `~/${file}`))
  );
}

const isRemoved = ({ row }: Failing) => row.reason === REMOVED;

function lostHow(rows: readonly Failing[]): string {
  if (rows.every(isRemoved)) return 'removed';
  return rows.some(isRemoved) ? 'loosened or removed' : 'loosened';
}

/** A file that git holds as it stands: hiding it would hide nothing, and no box does. */
function heldByGit({ row, probe }: Failing, { facts }: FixContext): boolean {
  return probe.subject.kind === 'file' && facts.secretFiles.some(file => file.tracked && file.path === row.target);
}

/** As the reason of a loosened guard says that only a person can mend it. */
const BY_HAND = /^replaced by hand|take it out there$/;

/** The list of what was generated. */
const MANIFEST = '.agent-posture/manifest.json';

/** A symbolic link that leads to a guard: no box keeps one, as nothing can be mounted over a link. */
const isGuardLink = ({ probe: { origin, subject } }: Failing) =>
  origin === 'guard' && subject.kind === 'guard' && subject.how === 'rename-parent';

/** So many things, by however many rows each. */
const targetsOf = (rows: readonly Failing[]) => new Set(rows.map(({ row }) => row.target)).size;

const isOpenHook = (failing: Failing) => reached(failing) && failing.probe.origin === 'hook';
/** The agent would go on whatever the hook did. */
const goesOn = ({ row: { from } }: Failing) => from?.closer === 'agent';

/** Every fix, as data. The order decides where two would close as much. */
export const FIX_KINDS: readonly FixKind[] = [
  {
    id: 'rejected',
    closes: ({ row }) => row.escape === 'rejected' || row.escape === 'rejected-in-part',
    title: rows => `mend the settings that ${rows.length === 1 ? 'the agent does' : 'agents do'} not take`,
    text: 'The agent leaves the whole file out, rules and hooks with it, or does not start. The row has its own words for what is wrong with it. Mend that there; where the file is one that agent-posture writes, agent-posture generate --restore writes it anew.',
  },
  {
    id: 'hook-open',
    closes: failing => isOpenHook(failing) && !goesOn(failing),
    title: rows => `make ${plural(targetsOf(rows), 'hook')} refuse where it cannot answer`,
    text: 'A hook that is missing, crashes or takes too long lets through what it is there to refuse. In most agents only one exit code refuses: start it as `COMMAND || exit 2`, with nothing that it needs beside its interpreter, and let what it cannot read be a no.',
  },
  {
    id: 'hook-goes-on',
    closes: failing => isOpenHook(failing) && goesOn(failing),
    title: rows => `do not lean on ${plural(targetsOf(rows), 'hook')} alone: the agent goes on where one fails`,
    text: 'This agent takes a hook that is missing, crashes or gives no answer that it can read for one that says yes, and nothing in the hook or in its settings changes that: the hooks that agent-posture writes for it say no to all that they can, and cannot do more. In a box the agent cannot change the files of its hooks, and what the box hides stays out of reach whatever becomes of them. Start it in one (agent-posture run), then accept the rows in the posture (safeguard GRD-2) with an end.',
  },
  {
    id: 'login',
    closes: (failing, { posture }) => reached(failing) && literalOrWay(failing) && ofLogin(failing, posture),
    title: () => 'give the agent a login of its own, or accept that it reaches the one it has',
    text: 'This is what the agent logs in with: it is let into the box on purpose, since without it the agent cannot work, and a model that has turned could read it. Log the agent in with an account or key that opens nothing else and can be revoked, and take the row on under `accepted` in the posture, with an end.',
  },
  {
    id: 'nested-git',
    closes: failing => reached(failing) && failing.probe.origin === 'nested-git',
    title: () => 'look for repositories that were made inside before you run git',
    text: 'Whoever can write folders here can make a repository of one, and git outside obeys its settings, which may name programs: in its folder, and once it is in the index even for git status, diff and add in the root. No box that lets the work be done can refuse a name. When agent-posture run ends, it names what was made; while an agent works, and where it was not started by that, look with: git ls-files -s | grep ^160000; find . -mindepth 2 -name .git. Until you have looked, use git status --ignore-submodules=all, and keep editors and prompts from starting git there. Then accept it in the posture (safeguard GRD-1, target "*/.git") with an end.',
  },
  {
    id: 'manifest',
    closes: ({ probe, row }) => probe.origin === 'loosened' && row.target === MANIFEST,
    title: () => 'look at the list of what was generated, and write it anew',
    text: 'The list tells a guard that somebody loosened from a file that never was ours. Look with git diff at what was done to it. generate mends it, or takes it as it is where it is another list, as after a pull, and says so; from then on it counts.',
    command: 'agent-posture generate',
  },
  {
    id: 'guards-by-hand',
    closes: ({ probe, row }) => probe.origin === 'loosened' && BY_HAND.test(row.reason),
    title: rows => `take away what overrules ${plural(rows.length, 'guard')}, or stands in the place of one`,
    text: 'Nothing that this program writes can mend it, as it touches nothing that is not its own. The row says what it is: take it away there, then run agent-posture generate. Where it is meant to stay, accept it in the posture (safeguard GRD-1, with its path as the target) with an end.',
  },
  {
    id: 'restore',
    closes: ({ probe }) => probe.origin === 'loosened',
    title: rows => `put ${plural(rows.length, 'guard')} back that somebody ${lostHow(rows)}`,
    text: 'What was generated guards less than the posture asks for. This puts it back as it was; where it is meant to stay, accept it in the posture (safeguard GRD-1, with its path as the target) with an end.',
    // What is only missing is made again without it.
    command: rows => `agent-posture generate${rows.every(isRemoved) ? '' : ' --restore'}`,
  },
  {
    id: 'link',
    closes: failing => reached(failing) && isGuardLink(failing),
    title: rows =>
      `put ${rows.length === 1 ? 'the file or folder itself' : 'files and folders themselves'} where a link stands`,
    text: 'Whoever can write the folder that a link stands in can put another one in its place, and what it led to is no guard any more. No box can keep a link. Put the file or folder itself there, which a box keeps; or accept it in the posture (safeguard GRD-1, with its path as the target) with an end.',
  },
  {
    id: 'sandbox',
    closes: (failing, { facts, posture }) =>
      reached(failing) &&
      !isGuardLink(failing) &&
      whereItCounts(failing, posture?.isolation) &&
      literalOrWay(failing) &&
      !isBoxed(posture?.isolation) &&
      (byWall(failing) || (overNetwork(failing) && restricts({ facts, posture }))),
    title: (_rows, context) => `start agents in ${bestBox(context)?.choice.label ?? 'a box'}`,
    text: "Declares a box in which the repository can be written, your home is hidden, and other processes and sockets are out of sight; where your agent's hosts are known, it reaches these, your forge and the systems that agents may use, and no other. Start agents with: agent-posture run -- COMMAND. Whatever is started outside it still reaches all of this.",
    edits: (rows, context) => {
      const value = proposedBox(rows, context);
      return value && [{ path: ['isolation'], value }];
    },
  },
  {
    id: 'command-rule',
    closes: failing => reached(failing) && failing.probe.origin === 'command',
    title: () => 'do not lean on a rule over the text of commands: shut what they lead to',
    text: 'Such a rule holds the spellings that it knows, and a shell has always another one. Shut what the command leads to: the network by a list of hosts, files by hiding them, a server by its own rules and by a credential with fewer rights. Then accept the row in the posture, with an end.',
  },
  {
    id: 'agent-sandbox',
    closes: (failing, context) =>
      reached(failing) &&
      ofAgent(failing.row) &&
      ownSandbox(failing.row) &&
      mayTurnOn(context) &&
      (byWall(failing) || (overNetwork(failing) && hostsOf(context) !== undefined)),
    title: () => "turn the agents' own sandbox on, with no way round it",
    text: "Rules over the text of a command hold the spellings that they know. With its own sandbox, and none of its commands outside of it, the agent starts every command where hidden files cannot be opened and guards cannot be written; where your agent's hosts are known, its commands reach these, your forge and the systems that agents may use, and no other.",
    edits: (rows, context) => {
      const network = hostsOf(context);
      return [
        { path: ['isolation', 'runtime'], value: 'native' },
        ...(network ? [{ path: ['isolation', 'network'], value: network }] : []),
        { path: ['isolation', 'files', 'hide'], value: moreHidden(rows, context.posture) },
      ];
    },
  },
  {
    id: 'egress',
    closes: (failing, { posture }) =>
      reached(failing) &&
      whereItCounts(failing, posture?.isolation) &&
      overNetwork(failing) &&
      posture?.isolation?.network === undefined,
    title: () => 'let agents reach only the hosts that you name',
    text: "Puts a list of allowed hosts in front of the box: everything else is refused. Your agent's own hosts, your forge and the systems that agents may use are on it; add what your package manager needs. Where your agent's hosts are not known, write the list yourself: isolation.network.allow.",
    edits: (rows, context) => {
      const allow = allowedHosts(groundOf(context));
      if (allow === undefined || !rows.every(each => isWalled(each, context.posture?.isolation))) return undefined;
      return [{ path: ['isolation', 'network'], value: { allow } }];
    },
  },
  {
    id: 'allow-list',
    closes: (failing, { posture }) =>
      reached(failing) &&
      whereItCounts(failing, posture?.isolation) &&
      overNetwork(failing) &&
      posture?.isolation?.network !== undefined,
    title: () => 'take hosts off the list of allowed ones, or give them an access',
    text: 'The list isolation.network.allow lets this through, or the box does not restrict its network. Take the host off the list; if agents should reach it, say so with its environment (agentAccess).',
    edits: (rows, { posture }) => {
      const allow = posture?.isolation?.network?.allow ?? [];
      const hosts = new Set(
        rows.flatMap(({ probe }) => (probe.subject.kind === 'address' ? [probe.subject.host] : [])),
      );
      const left = allow.filter(entry => !hosts.has(withoutPort(entry).replace(/^\[|\]$/g, '')));
      return left.length === allow.length ? undefined : [{ path: ['isolation', 'network', 'allow'], value: left }];
    },
  },
  {
    id: 'hide',
    closes: (failing, { posture }) =>
      reached(failing) &&
      !ofLogin(failing, posture) &&
      whereItCounts(failing, posture?.isolation) &&
      mayClose('sandbox', failing) &&
      literalOrWay(failing) &&
      isWalled(failing, posture?.isolation) &&
      hideable(failing) &&
      moreHidden([failing], posture).length > (posture?.isolation?.files?.hide ?? []).length,
    title: rows =>
      `hide ${plural(new Set(rows.map(({ row }) => patternFor(row.target))).size, 'more place')} in the box`,
    text: 'Adds what was reached to isolation.files.hide.',
    edits: (rows, context) => [{ path: ['isolation', 'files', 'hide'], value: moreHidden(rows, context.posture) }],
  },
  {
    id: 'box',
    closes: (failing, { posture }) =>
      reached(failing) &&
      !isGuardLink(failing) &&
      !ofLogin(failing, posture) &&
      whereItCounts(failing, posture?.isolation) &&
      literalOrWay(failing) &&
      isBoxed(posture?.isolation) &&
      (byWall(failing) || (failing.row.from === undefined && failing.row.escape !== null)),
    title: (_rows, context) =>
      canSwitch(context) ? 'take the box that this program builds' : 'close the gap in the box itself',
    text: 'The declared box lets this through: other processes, sockets, guard files or a way round a mount. Drop its capabilities, give it its own user and process namespace, mount guard files read-only, and pass no sockets on.',
    edits: (_rows, context) =>
      canSwitch(context)
        ? [
            { path: ['isolation', 'runtime'], value: bestBox(context)?.id },
            { path: ['isolation', 'command'], value: undefined },
          ]
        : undefined,
  },
  {
    id: 'via',
    closes: failing => ofVia(failing) && literalOrWay(failing),
    title: () => 'change the command given with --via',
    text: 'That command is yours: hide what was reached, mount guard files read-only, drop capabilities, restrict its network, and let through what must work.',
  },
  {
    id: 'history',
    closes: (failing, context) =>
      ofHistory(failing) || failing.probe.origin === 'history' || heldByGit(failing, context),
    title: rows => `rotate ${plural(targetsOf(rows), 'secret')} that the git history keeps`,
    text: 'Whoever can read the repository can read them. Rotate what they hold first; then take the files out of git (git rm --cached FILE), remove them from its history with git filter-repo, and push that.',
  },
  {
    id: 'protect',
    closes: failing => failing.probe.origin === 'push' || ofServer(failing),
    title: () => 'refuse pushes to protected branches on the server',
    text: 'Nothing here stops a push to a branch that the posture protects. What an agent that is driven pushes goes to a stand-in of the remote; whether its server takes such a push is tried by rows of their own, once you approve that. Give the remote a rule on the server, or an update hook; a local hook can be passed over with --no-verify.',
  },
  {
    id: 'git-config',
    closes: ({ probe, row }) => probe.origin === 'git-config' && row.verdict === 'exposed',
    title: () => 'take the credential out of .git/config',
    text: 'Remove http.extraheader and the password in the remote, and use a credential helper instead; then rotate that credential.',
  },
  {
    id: 'run',
    closes: (failing, { posture }) =>
      reached(failing) &&
      failing.row.vantage === 'host' &&
      literalOrWay(failing) &&
      isBoxed(posture?.isolation) &&
      (BOXED.has(failing.probe.origin) || NETWORK.has(failing.probe.origin)),
    title: () => 'start agents inside the box',
    text: 'This is what an agent reaches that was started outside the declared box. End it and start it with: agent-posture run -- COMMAND.',
  },
  {
    id: 'loosen',
    closes: ({ row, probe }) =>
      row.verdict === 'broken' &&
      ((probe.origin === 'system' && row.attempt !== 'read') || (probe.origin === 'work' && row.attempt === 'write')) &&
      !row.vantage.startsWith('via:'),
    title: () => 'let through what has to work',
    text: 'Allows in the box what the posture says that agents may do.',
    edits: (rows, context) => {
      const { posture } = context;
      if (!posture?.isolation || !isBoxed(posture.isolation)) return undefined;
      const edits: PostureEdit[] = [];
      if (rows.some(({ probe }) => probe.origin === 'system') && posture.isolation.network)
        edits.push({
          path: ['isolation', 'network', 'allow'],
          value: [...new Set([...posture.isolation.network.allow, ...openHosts(posture)])],
        });
      if (rows.some(({ probe }) => probe.origin === 'work') && !(posture.isolation.files?.write ?? []).includes('.'))
        edits.push({ path: ['isolation', 'files', 'write'], value: [...(posture.isolation.files?.write ?? []), '.'] });
      return edits.length > 0 ? edits : undefined;
    },
  },
  {
    id: 'unset',
    closes: ({ probe }) => probe.origin === 'variable',
    title: rows => `start agents without ${plural(rows.length, 'variable')}`,
    text: 'Unset them in the shell that agents are started from, and take them out of the profile that sets them.',
  },
  {
    id: 'by-hand',
    closes: () => true,
    title: () => 'change it where it is set up',
    text: 'Nothing that this program writes can change this; the row says what happened.',
  },
];

/** Whether another runtime than the declared one can be started here. */
function canSwitch(context: FixContext): boolean {
  const declared = context.posture?.isolation?.runtime;
  return declared === 'command' && bestBox(context) !== undefined;
}

/**
 * Few fixes that close everything: again and again the one that closes most of what is left. Every row that is reached or
 * too tight comes out with a fix; rows that were accepted do not ask for one.
 */
export function chooseFixes(failing: readonly Failing[], context: FixContext): { fixes: Fix[]; of: Map<string, Fix> } {
  const fixes: Fix[] = [];
  const of = new Map<string, Fix>();
  let left = failing.filter(({ row }) => !row.accepted);
  while (left.length > 0) {
    let best: { kind: FixKind; rows: Failing[]; edits: PostureEdit[] | undefined } | undefined;
    for (const kind of FIX_KINDS) {
      const fits = (one: Failing) => kind.id === 'history' || !heldByGit(one, context);
      const rows = left.filter(one => fits(one) && kind.closes(one, context));
      if (rows.length === 0) continue;
      const edits = kind.edits?.(rows, context);
      const wins =
        best === undefined ||
        (kind.edits !== undefined &&
          rows.length > best.rows.length &&
          (edits !== undefined || best.edits === undefined)) ||
        // What nothing here could make gives way to what can be made.
        (edits !== undefined && best.kind.edits !== undefined && best.edits === undefined);
      // What is done by hand, and what fits anything, comes last.
      if (wins) best = { kind, rows, edits };
    }
    if (!best) break;
    const { kind, rows } = best;
    const edits = context.posture ? best.edits : undefined;
    const byInit = !context.posture && best.edits !== undefined;
    const fix: Fix = {
      n: fixes.length + 1,
      id: kind.id,
      title: kind.title(rows, context),
      text: kind.text,
      closes: rows.map(({ row }) => row.id),
      ...(edits ? { edits } : {}),
      command: edits
        ? shellLine(['agent-posture', 'fix', kind.id])
        : byInit
          ? 'agent-posture init'
          : ((typeof kind.command === 'function' ? kind.command(rows) : kind.command) ?? null),
    };
    fixes.push(fix);
    for (const { row } of rows) of.set(row.id, fix);
    left = left.filter(one => !rows.includes(one));
  }
  return { fixes, of };
}
