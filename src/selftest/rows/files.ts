import { join } from 'node:path';
import { isWithin } from '../../base/files.ts';
import { type Check, OK } from '../case.ts';
import { historySubject, inHistory } from '../probes/repository.ts';
import type { Probe, Subject } from '../probes/types.ts';
import { controlKey } from '../targets.ts';
import { makeTry, nameDigests, plainTry, readTry } from '../tries.ts';
import type { WayRound } from '../ways-round.ts';
import type { FileSystemPlace, ReadWay } from '../wire.ts';
import { type Column, escapeRow, plainWay, type RowPlan, type WayPlan } from './plans.ts';

const READ_WAYS = ['mounts', 'proc-root', 'umount', 'nsenter', 'open-fd'] as const satisfies readonly (ReadWay &
  WayRound)[];

export function fileRows(column: Column, key: string, probe: Probe, path: string): RowPlan[] {
  const { targets, session, home, kind } = column;
  const read = targets.files.get(path);
  if (!read?.ok) return [];
  const { file } = read;
  // It is looked at once all tries are made, so one look serves every row of this file.
  let after: Promise<Check> | undefined;
  const way = (at: string, how: ReadWay): WayPlan => ({
    ...plainWay('read', OK),
    after: () => {
      after ??= targets.fileAfter(path);
      return after;
    },
    make: () => ({ one: readTry(at, how, key, file.content, file.place) }),
  });
  const linux = session.facts.platform === 'linux';
  const inside = session.facts.home;
  const names: [WayRound, string][] = [];
  if (file.realPath !== undefined) names.push(['real-path', file.realPath]);
  if (inside !== undefined && inside !== home && isWithin(home, path))
    names.push(['inside-home', join(inside, path.slice(home.length))]);
  const links = file.links > 1 ? (targets.links.get(file.inode) ?? []).filter(other => other !== path) : [];
  const escapes: RowPlan[] =
    kind === 'host'
      ? []
      : [
          ...names.map(([name, at]): RowPlan => escapeRow(probe, name, [way(at, 'direct')])),
          ...(links.length > 0
            ? [
                escapeRow(
                  probe,
                  'hard-link',
                  links.slice(0, 20).map(at => ({ ...way(at, 'direct'), label: at })),
                ),
              ]
            : []),
          ...(linux ? READ_WAYS.map(how => escapeRow(probe, how, [way(path, how)])) : []),
        ];
  const literal: RowPlan = {
    probe,
    subject: probe.subject,
    escape: null,
    phase: 0,
    ways: [way(path, 'direct')],
    leansOn: escapes.map(plan => plan.escape as WayRound),
    links: file.links > 1 ? { total: file.links - 1, tried: Math.min(links.length, 20) } : undefined,
  };
  return [literal, ...escapes];
}

/** A socket has other names too: bound to another path, or in a folder that is mounted elsewhere. */
export function socketRows(
  { targets, session, kind }: Column,
  probe: Probe,
  subject: Extract<Subject, { kind: 'socket' }>,
): RowPlan[] {
  const control = controlKey(subject);
  const way = (place: FileSystemPlace | undefined): WayPlan => ({
    ...plainWay('unix', targets.checkBefore(control)),
    key: control,
    after: async () => targets.checkAfter(control),
    make: () => ({
      one: makeTry({
        op: 'socket',
        path: subject.path,
        abstract: subject.abstract,
        greeting: subject.greeting,
        ...(place ? { place } : {}),
      }),
    }),
  });
  const place = targets.places.get(subject.path);
  const elsewhere = place && kind !== 'host' && session.facts.platform === 'linux';
  const escapes = elsewhere ? [escapeRow(probe, 'mounts', [way(place)])] : [];
  const leansOn: readonly WayRound[] = elsewhere ? ['mounts'] : [];
  return [{ probe, subject, escape: null, phase: 0, ways: [way(undefined)], leansOn }, ...escapes];
}

export function folderWay({ targets }: Column, key: string, path: string): WayPlan {
  const list = targets.folders.get(path);
  return {
    ...plainWay('list', OK),
    after: () => targets.folderAfter(path),
    make: () => ({ one: makeTry({ op: 'list', path, key, digests: nameDigests(key, list?.ok ? list.names : []) }) }),
  };
}

export function historyRows(column: Column, probe: Probe): RowPlan[] {
  const { history, historyUnclear } = probe;
  if (historyUnclear !== undefined) return [{ ...escapeRow(probe, 'history', []), unclear: historyUnclear }];
  return history === undefined ? [] : [historyRow(column, probe, history)];
}

function historyRow(column: Column, probe: Probe, object: string): RowPlan {
  const subject = historySubject(column.root, object);
  if (subject.kind !== 'command' || !column.workspace)
    return {
      ...escapeRow(probe, 'history', []),
      subject,
      skip: subject.kind === 'skip' ? subject.why : 'read-only try: nothing is started',
    };
  // The host has just found it in the log.
  const way: WayPlan = {
    ...plainWay('exec', OK),
    after: () => inHistory(column.root, object),
    make: () => ({ one: plainTry(subject) }),
  };
  return { ...escapeRow(probe, 'history', [way]), subject };
}
