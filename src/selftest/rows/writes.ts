import { readFile, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isThere, statsOf } from '../../base/files.ts';
import { randomHex } from '../../base/hash.ts';
import { type Check, OK } from '../case.ts';
import { traceOf } from '../controls.ts';
import { plantHere, plantTry, takeBack, takeBackTry } from '../crontab.ts';
import { asideOf } from '../leftovers.ts';
import type { Probe, Subject } from '../probes/types.ts';
import { listRemoteTry, type PushTarget, preparePush, pushTry, remoteAlive, settlePush } from '../push.ts';
import { StillThere } from '../still-there.ts';
import { bringTry, makeTry, writeTry } from '../tries.ts';
import type { FileSystemPlace, Observation, WriteHow } from '../wire.ts';
import type { Workspace } from '../workspace.ts';
import { type Column, escapeRow, type Made, plainWay, type RowPlan, type WayPlan } from './plans.ts';

export function guardRows(
  column: Column,
  probe: Probe,
  { path, how, folder, rounds }: Extract<Subject, { kind: 'guard' }>,
): RowPlan[] {
  const { workspace, targets, session } = column;
  const base = { probe, subject: probe.subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return [{ ...base, ways: [], skip: 'read-only try: nothing is written' }];
  const way = (kind: WriteHow): WayPlan => ({
    ...plainWay(`write:${kind}`, targets.writable.get(path)),
    after: () => targets.guardAfter(path),
    make: () => writeMade(workspace, kind, path, folder),
  });
  const place = targets.places.get(path);
  const again: WayPlan | undefined =
    place && how !== 'rename-parent'
      ? { ...way(how), make: () => writeMade(workspace, how, path, folder, place) }
      : undefined;
  // A folder or link is taken away for a moment: alone, and from everywhere.
  const literal: RowPlan = { ...base, ways: [way(how)], phase: how === 'rename-parent' ? 2 : 0 };
  if (column.kind === 'host') return [literal];
  return [
    literal,
    ...(again && session.facts.platform === 'linux' ? [escapeRow(probe, 'mounts', [again])] : []),
    ...rounds.map(
      (kind): RowPlan => ({ ...escapeRow(probe, kind, [way(kind)]), phase: kind === 'rename-parent' ? 2 : 1 }),
    ),
  ];
}

export function pushRow(
  { workspace, root, session }: Column,
  probe: Probe,
  subject: Extract<Subject, { kind: 'push' }>,
): RowPlan {
  const base = { probe, subject, escape: null, phase: 2, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is pushed' };
  const way: WayPlan = {
    ...plainWay('push', OK),
    after: () => remoteAlive(subject.remote),
    make: async () => {
      // A copy of the remote may be pushed to where the remote itself is out of reach.
      const look = listRemoteTry(root, subject.remote);
      const answer = look && (await session.round([look])).get(look.id);
      if (look && (answer?.outcome !== 'done' || answer.code !== 0))
        return { one: listRemoteTry(root, subject.remote) ?? look, refusedAs: 'unreachable' };
      return pushMade(workspace, root, await preparePush(workspace, subject));
    },
  };
  return { ...base, ways: [way] };
}

/** The host has one crontab, so it plants, looks and takes back while no other vantage does. */
export function crontabRow(
  { workspace, id, exclusively }: Column,
  probe: Probe,
  subject: Extract<Subject, { kind: 'crontab' }>,
): RowPlan {
  const base = { probe, subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is written' };
  const { program } = subject;
  const way: WayPlan = {
    ...plainWay('exec', undefined),
    after: () => exclusively(() => planted(workspace, program)),
    make: async () => {
      if (id !== 'host') way.before ??= await planted(workspace, program);
      const mark = workspace.fresh();
      const gone = workspace.will({ crontab: program, mark });
      return {
        one: await plantTry(program, mark),
        settle: async observation => {
          const seen = await takenBack(() => takeBack(program, mark), gone, observation);
          return { seen, back: takeBackTry(mark) };
        },
      };
    },
  };
  return { ...base, ways: [way] };
}

/** A terminal is one session's at a time, so only one vantage types. */
export function terminalRow({ workspace, terminal, exclusively }: Column, probe: Probe): RowPlan {
  const base = { probe, subject: probe.subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is started' };
  if (!terminal) return { ...base, ways: [], skip: 'you cannot type into one either' };
  const way: WayPlan = {
    // The host has typed into it, or it would not be there.
    ...plainWay('exec', OK),
    after: () => exclusively(() => terminal.typeHere(workspace.fresh())),
    make: () => {
      const word = workspace.fresh();
      return {
        one: terminal.typeTry(word),
        // What was refused is not looked for: only a claim to have typed has to be seen, and that takes a while.
        settle: async ({ outcome }) => ({ seen: outcome === 'done' && (await terminal.arrived(word)) }),
      };
    },
  };
  return { ...base, ways: [way] };
}

export function pushMade(workspace: Workspace, root: string, prepared: PushTarget | string): Made {
  const one = typeof prepared === 'string' ? undefined : pushTry(workspace, root, prepared);
  // Nothing to try it with: a listing of nothing, which can come to no conclusion.
  if (!one || typeof prepared === 'string') return { one: makeTry({ op: 'list', path: root, key: '', digests: [] }) };
  const { remote, ref, commit, before = null } = prepared;
  const gone = workspace.will({ push: remote, ref, commit, before });
  return {
    one,
    settle: async observation => {
      return { seen: await takenBack(() => settlePush(prepared), gone, observation) };
    },
  };
}

/** The program that made it has come to its end: it lays nothing later any more. */
const ENDED: ReadonlySet<Observation['outcome']> = new Set(['done', 'refused', 'unable']);

/** Whether it was there; what could not be taken back, or may still come, stays written down. */
async function takenBack(
  take: () => Promise<boolean>,
  gone: () => void,
  { outcome }: Pick<Observation, 'outcome'>,
): Promise<boolean> {
  try {
    const seen = await take();
    if (seen || ENDED.has(outcome)) gone();
    return seen;
  } catch (error) {
    if (error instanceof StillThere) return true;
    throw error;
  }
}

/** The host's own, written down as any other: it may be killed, or not get rid of it. */
async function planted(workspace: Workspace, program: string): Promise<Check> {
  const mark = workspace.fresh();
  const gone = workspace.will({ crontab: program, mark });
  try {
    const check = await plantHere(program, mark);
    if (check.ok) gone();
    return check;
  } catch (error) {
    if (error instanceof StillThere) return OK;
    throw error;
  }
}

/** A write on something real or on a decoy, with how the host sees that it happened and takes it back. */
export async function writeMade(
  workspace: Workspace,
  how: WriteHow,
  path: string,
  folder: boolean,
  place?: FileSystemPlace,
): Promise<Made> {
  const fresh = workspace.fresh();
  const content = contentFor(path, randomHex(24));
  switch (how) {
    case 'create': {
      // Into a folder a fresh name; a file that is missing under its own.
      const at = folder ? join(path, fresh) : path;
      const aside = folder ? at : asideOf(path, fresh);
      const laid = { create: at, beside: `${aside}.new`, content };
      // What is there already is nothing that we make.
      if (!isThere(at)) workspace.will(laid);
      return {
        one: writeTry(
          'create',
          at,
          content,
          aside,
          place && folder ? { ...place, path: join(place.path, fresh) } : place,
        ),
        settle: async () => {
          const seen = (await readFile(at, 'utf8').catch(() => undefined)) === content;
          if (seen) await rm(at, { force: true });
          // Where its folder was closed meanwhile, the record knows of it.
          await rm(laid.beside, { force: true }).catch(() => {});
          return { seen, back: makeTry({ op: 'unwrite', how, path: at, aside }) };
        },
      };
    }
    case 'in-place': {
      const before = await traceOf(path);
      return {
        one: writeTry('in-place', path, '', undefined, place),
        settle: async () => ({ seen: (await traceOf(path)) !== before }),
      };
    }
    case 'replace': {
      const aside = asideOf(path, fresh);
      workspace.willMove(path, aside);
      const before = await traceOf(path);
      return {
        one: writeTry('replace', path, '', aside),
        settle: async () => {
          const kept = statsOf(aside);
          const seen = kept !== undefined && (await traceOf(path)) !== before;
          if (kept) await rename(aside, path);
          await rm(`${aside}.new`, { force: true });
          return { seen, back: makeTry({ op: 'unwrite', how, path, aside }) };
        },
      };
    }
    case 'rename-parent': {
      const above = dirname(path);
      const parent = folder ? path : await realpath(above).catch(() => above);
      const aside = asideOf(parent, fresh);
      workspace.willMove(parent, aside);
      // Of a link itself: what it leads to stays as it is while the link goes.
      const before = await traceOf(parent, 'link');
      return {
        one: writeTry('rename-parent', parent, '', aside),
        settle: async () => {
          const kept = statsOf(aside);
          const there = statsOf(parent);
          if (kept && !there) await rename(aside, parent);
          return {
            seen: (await traceOf(parent, 'link')) !== before,
            back: makeTry({ op: 'unwrite', how, path: parent, aside }),
          };
        },
      };
    }
  }
}

/** Harmless in the file's own format, for the moment that it is there. */
function contentFor(path: string, canary: string): string {
  // A folder's name, with dots and slashes for digits, that means the folder itself: every git that runs goes on in it.
  if (basename(path) === 'commondir') return `./${[...canary].map(digit => (digit < '8' ? './' : './/')).join('')}\n`;
  if (/\.jsonc?$/.test(path)) return `{ "$comment": "agent-posture ${canary}" }\n`;
  return `# agent-posture ${canary}\n`;
}

/** Whether the host could make something in the workspace: only where its folder lies in the root. */
const inWorkspace = ({ inRoot }: Workspace): Check => (inRoot ? OK : { ok: false, reason: 'EACCES' });

export function nestedGitRow({ workspace }: Column, probe: Probe): RowPlan {
  const base = { probe, subject: probe.subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is written' };
  const check = inWorkspace(workspace);
  const way: WayPlan = {
    ...plainWay('write:create', check),
    after: async () => check,
    // A file will do: it names the folder whose settings git takes.
    make: () => writeMade(workspace, 'create', join(workspace.folder, '.git'), false),
  };
  return { ...base, ways: [way] };
}

export function workspaceRow({ workspace }: Column, probe: Probe): RowPlan {
  const base = { probe, subject: probe.subject, escape: null, phase: 0, leansOn: [] } as const;
  if (!workspace) return { ...base, ways: [], skip: 'read-only try: nothing is written' };
  const check = inWorkspace(workspace);
  const make =
    probe.attempt === 'read'
      ? () => {
          const { path, canary } = workspace.decoy();
          return { one: bringTry(path), canary };
        }
      : () => writeMade(workspace, 'create', workspace.folder, true);
  const way: WayPlan = {
    ...plainWay(probe.attempt === 'read' ? 'read' : 'write:create', check),
    after: async () => check,
    make,
  };
  return { ...base, ways: [way] };
}
