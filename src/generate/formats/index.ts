import { json } from './json.ts';
import { toml } from './toml.ts';
import type { Edit, Format, KeyPath, Parsed } from './types.ts';
import { applyToValue, isTable, same, valueAt } from './values.ts';
import { yaml } from './yaml.ts';

/** The registry of formats with keys. */
export const formats: Readonly<Record<Format['id'], Format>> = { json, toml, yaml };

/**
 * The text after all edits. What comes out is parsed again and must mean exactly what the edits say, and nothing else:
 * otherwise it is a fault of ours, thrown before anything is written.
 */
export function applyEdits(format: Format, text: string, edits: readonly Edit[]): string {
  let parsed: Parsed = format.parse(text);
  let model = parsed.value;
  let result = text;
  for (const edit of format.id === 'json' ? gathered(model, edits) : edits) {
    model = applyToValue(model, edit);
    result = parsed.edit(edit);
    parsed = format.parse(result);
    // In TOML a table that only the header of one below it spoke of goes with that one.
    if (format.id === 'toml' && edit.kind === 'remove') model = withoutEmptied(model, parsed.value, edit.path);
    if (!same(parsed.value, model))
      throw new Error(`the ${format.title} editor did not do what it was asked: ${edit.kind} ${edit.path.join('.')}`);
  }
  return result;
}

/** A value without the tables on the way to `path` that are empty in it, where the text has them no longer. */
function withoutEmptied(model: unknown, text: unknown, path: KeyPath): unknown {
  for (let length = 1; length < path.length; length++) {
    const way = path.slice(0, length);
    const table = valueAt(model, way);
    if (valueAt(text, way) !== undefined) continue;
    const empty = isTable(table) && Object.keys(table).every(key => isEmptyBelow(table[key]));
    return empty ? applyToValue(model, { kind: 'remove', path: way }) : model;
  }
  return model;
}

function isEmptyBelow(value: unknown): boolean {
  return isTable(value) && Object.keys(value).every(key => isEmptyBelow(value[key]));
}

/**
 * The same edits, with those that fill a table which is not there yet as the one that sets it whole: each that is applied
 * has the text read anew, and an agent's settings can have hundreds in one table. Of JSON only, where a table is written the
 * same both ways.
 */
function gathered(root: unknown, edits: readonly Edit[]): Edit[] {
  const result: Edit[] = [];
  let model = root;
  let open: { path: KeyPath; edits: Edit[] } | undefined;
  const close = () => {
    if (open) result.push(...(open.edits.length > 1 ? [whole(model, open.path)] : open.edits));
    open = undefined;
  };
  for (const edit of edits) {
    if (!open || !fills(edit, open.path)) {
      close();
      const path = missingTable(model, edit);
      if (path) open = { path, edits: [] };
    }
    if (open) open.edits.push(edit);
    else result.push(edit);
    model = applyToValue(model, edit);
  }
  close();
  return result;
}

function whole(model: unknown, path: KeyPath): Edit {
  return { kind: 'set', path, value: valueAt(model, path) };
}

function fills({ kind, path }: Edit, table: KeyPath): boolean {
  return (kind === 'set' || kind === 'add') && path.length > table.length && table.every((key, at) => key === path[at]);
}

/** The outermost table that an edit would have to make; undefined where there is none. */
function missingTable(model: unknown, edit: Edit): KeyPath | undefined {
  const lengths = Array.from({ length: edit.path.length - 1 }, (_, index) => index + 1);
  const length = lengths.find(count => valueAt(model, edit.path.slice(0, count)) === undefined);
  const path = length === undefined ? undefined : edit.path.slice(0, length);
  return path && fills(edit, path) ? path : undefined;
}
