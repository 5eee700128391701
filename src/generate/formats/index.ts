import { json } from './json.ts';
import { toml } from './toml.ts';
import type { Edit, Format, Parsed } from './types.ts';
import { applyToValue, same } from './values.ts';
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
  for (const edit of edits) {
    model = applyToValue(model, edit);
    result = parsed.edit(edit);
    parsed = format.parse(result);
    if (!same(parsed.value, model))
      throw new Error(`the ${format.title} editor did not do what it was asked: ${edit.kind} ${edit.path.join('.')}`);
  }
  return result;
}
