import type { Probe, Subject } from '../probes/types.ts';
import { nothingHere } from '../targets.ts';
import { fileRows, folderWay, historyRows, socketRows } from './files.ts';
import { addressRows, commonRow } from './network.ts';
import type { Column, RowPlan } from './plans.ts';
import { processRow, variableRows } from './variables.ts';
import { crontabRow, guardRows, nestedGitRow, pushRow, terminalRow, workspaceRow } from './writes.ts';

/** What needs this machine's own files or processes for its control. */
const NEAR_ONLY: ReadonlySet<Subject['kind']> = new Set([
  'guard',
  'push',
  'processes',
  'workspace',
  'nested-git',
  'command',
  'variable',
  'crontab',
  'terminal',
]);

/** The row of a probe, and those of the ways round its wall. */
export function rowsOf(column: Column, key: string, probe: Probe): RowPlan[] {
  const { subject } = probe;
  const base = { probe, subject, escape: null, phase: 0, leansOn: [] } as const;
  const history = column.far ? [] : historyRows(column, probe);
  if (column.far && NEAR_ONLY.has(subject.kind)) return [{ ...base, ways: [], skip: 'not tried on another machine' }];
  const why = subject.kind === 'skip' ? subject.why : nothingHere(probe, column.targets);
  if (why !== undefined || subject.kind === 'skip')
    return [{ ...base, ways: [], skip: why ?? 'not tried' }, ...history];
  if (subject.kind === 'unclear') return [{ ...base, ways: [], unclear: subject.why }];
  switch (subject.kind) {
    case 'file':
      return [...fileRows(column, key, probe, subject.path), ...history];
    case 'folder':
      return [{ ...base, ways: [folderWay(column, key, subject.path)] }];
    case 'variable':
      return variableRows(column, key, probe, subject);
    case 'address':
      return addressRows(column, probe, subject);
    case 'name':
    case 'request':
    case 'command':
      return [commonRow(column, probe, subject)];
    case 'socket':
      return socketRows(column, probe, subject);
    case 'processes':
      return [processRow(column, key, probe)];
    case 'guard':
      return guardRows(column, probe, subject);
    case 'workspace':
      return [workspaceRow(column, probe)];
    case 'nested-git':
      return [nestedGitRow(column, probe)];
    case 'push':
      return [pushRow(column, probe, subject)];
    case 'crontab':
      return [crontabRow(column, probe, subject)];
    case 'terminal':
      return [terminalRow(column, probe)];
  }
}
