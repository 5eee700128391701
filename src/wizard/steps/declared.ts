import { isDeepStrictEqual } from 'node:util';
import type { PostureEdit } from '../../posture/model.ts';
import { type Posture, SYSTEM_KINDS, type System, type SystemKind } from '../../posture/schema.ts';
import { withEdits } from '../../posture/splice.ts';
import { asEntries, editsOf, fieldText, fieldTexts, remembered } from '../step.ts';
import type { Answers, Entry, StepContext } from '../types.ts';
import { neverTouch, neverTouchAddress } from './never-touch.ts';

type Credential = NonNullable<Posture['credentials']>[number];

export function isKind(text: string): text is SystemKind {
  return SYSTEM_KINDS.some(kind => kind === text);
}

/** A system as an entry of the list; `hidden`: the addresses that are kept private. */
export function entryOf(system: System, hidden: ReadonlyMap<string, string> = new Map()): Entry {
  const { id, kind, environment, holds, normally } = system;
  const address = hidden.get(id) ?? system.address;
  return {
    id,
    kind,
    ...(environment === undefined ? {} : { environment }),
    ...(address === undefined ? {} : { address }),
    ...(holds?.length ? { holds } : {}),
    ...(normally?.by === undefined ? {} : { by: normally.by }),
    ...(normally?.rowsPerQuery === undefined ? {} : { rows: String(normally.rowsPerQuery) }),
    ...(normally?.note === undefined ? {} : { note: normally.note }),
  };
}

export function systemOf(entry: Entry): System {
  const text = (id: string) => fieldText(entry, id).trim() || undefined;
  const kind = fieldText(entry, 'kind');
  const [environment, address, by, rows, note] = ['environment', 'address', 'by', 'rows', 'note'].map(text);
  const holds = fieldTexts(entry, 'holds');
  const normally = {
    ...(by === undefined ? {} : { by }),
    ...(rows === undefined ? {} : { rowsPerQuery: Number(rows) }),
    ...(note === undefined ? {} : { note }),
  };
  return {
    id: fieldText(entry, 'id').trim(),
    kind: isKind(kind) ? kind : 'other',
    ...(environment === undefined ? {} : { environment }),
    ...(address === undefined ? {} : { address }),
    ...(holds.length > 0 ? { holds } : {}),
    ...(Object.keys(normally).length > 0 ? { normally } : {}),
  };
}

/** The systems that these answers declare, by the list or by the quick path's questions; those of the posture where neither was asked. */
export const systemsAfter = remembered((context, answers): readonly System[] => {
  if (answers.systems !== undefined) return asEntries(answers.systems).map(systemOf);
  return withEdits(context.posture, neverTouchEdits(context, answers)).systems ?? [];
});

function neverTouchEdits(context: StepContext, answers: Answers): PostureEdit[] {
  return [neverTouch, neverTouchAddress].flatMap(step => {
    const answer = answers[step.id];
    return answer !== undefined && step.applies(context, answers) ? editsOf(step, answer, context, answers) : [];
  });
}

/** How rights are written on one line: `select insert on app.orders app.items; select on audit.*`. */
export function grantsText(grants: Credential['grants']): string | undefined {
  const parts = (grants ?? []).map(({ schema, tables, rights }) => {
    const names = tables?.map(table => (schema === undefined ? table : `${schema}.${table}`));
    return `${rights.join(' ')} on ${(names ?? [schema === undefined ? '*' : `${schema}.*`]).join(' ')}`;
  });
  const text = parts.join('; ');
  // What cannot be read back the same is not offered for change.
  return isDeepStrictEqual(readGrants(text), grants ?? []) ? text : undefined;
}

/** Rights from one line; undefined where it is not written so. Names of one schema go together. */
export function readGrants(text: string): NonNullable<Credential['grants']> | undefined {
  const found: NonNullable<Credential['grants']> = [];
  for (const part of text
    .split(';')
    .map(one => one.trim())
    .filter(Boolean)) {
    const [, rights, names] = /^([a-z][a-z ]*?)\s+on\s+(.+)$/i.exec(part) ?? [];
    if (rights === undefined || names === undefined) return undefined;
    const bySchema = new Map<string | undefined, string[]>();
    for (const name of names.trim().split(/\s+/)) {
      const [, schema, table] = /^(?:([^.\s,]+)\.)?([^.\s,]+)$/.exec(name) ?? [];
      if (table === undefined) return undefined;
      bySchema.set(schema, [...(bySchema.get(schema) ?? []), table]);
    }
    for (const [schema, tables] of bySchema) {
      const all = tables.length === 1 && tables[0] === '*';
      found.push({
        ...(schema === undefined ? {} : { schema }),
        ...(all ? {} : { tables }),
        rights: rights.toLowerCase().split(/\s+/),
      });
    }
  }
  return found;
}

export function credentialEntry(credential: Credential): Entry {
  const { id, environment, system, kind, inject, grants, lifetime, rotateEvery } = credential;
  const rights = grantsText(grants);
  return {
    id,
    environment,
    ...(system === undefined ? {} : { system }),
    kind,
    ...(inject === undefined ? {} : { inject }),
    ...(rights ? { grants: rights } : {}),
    ...(lifetime === undefined ? {} : { lifetime }),
    ...(rotateEvery === undefined ? {} : { rotateEvery }),
  };
}

function credentialOf(entry: Entry, before: Credential | undefined): Credential {
  const text = (id: string) => fieldText(entry, id).trim() || undefined;
  const written = text('grants');
  const kept = before && grantsText(before.grants) === undefined ? before.grants : undefined;
  const grants = written === undefined ? kept : readGrants(written);
  const [system, inject, lifetime, rotateEvery] = ['system', 'inject', 'lifetime', 'rotateEvery'].map(text);
  return {
    id: fieldText(entry, 'id').trim(),
    environment: fieldText(entry, 'environment').trim(),
    ...(system === undefined ? {} : { system }),
    kind: fieldText(entry, 'kind').trim(),
    ...(inject === undefined ? {} : { inject }),
    ...(grants?.length ? { grants } : {}),
    ...(lifetime === undefined ? {} : { lifetime }),
    ...(rotateEvery === undefined ? {} : { rotateEvery }),
  };
}

/** The credentials that these answers declare; those of the posture where they were not asked for. */
export function credentialsAfter({ posture }: StepContext, answers: Answers): Credential[] {
  const before = posture.credentials ?? [];
  if (answers.credentials === undefined) return [...before];
  const byId = new Map(before.map(credential => [credential.id, credential]));
  return asEntries(answers.credentials).map(entry => credentialOf(entry, byId.get(fieldText(entry, 'id'))));
}
