import * as z from 'zod/mini';
import type { Problem } from '../base/errors.ts';
import { didYouMean } from '../base/suggest.ts';
import { list } from '../base/text.ts';
import { SECRET_ADVICE } from './secrets.ts';
import { type Path, shown, type Tree } from './tree.ts';

interface JsonSchema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  propertyNames?: JsonSchema;
}

const SECRET_KEY = /password|passwd|pwd|passphrase|secret|token|apikey|api_key|privatekey|private_key/i;

function schemaAt(schema: JsonSchema, path: Path): JsonSchema {
  let at = schema;
  for (const step of path) {
    const named = at.properties && Object.hasOwn(at.properties, step) ? at.properties[step] : undefined;
    const other = typeof at.additionalProperties === 'object' ? at.additionalProperties : undefined;
    at = (typeof step === 'number' ? at.items : (named ?? other)) ?? {};
  }
  return at;
}

function describe(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum)
    return schema.enum.length === 1 ? String(schema.enum[0]) : `one of ${list(schema.enum.map(String), 'or')}`;
  if (schema.type === 'array')
    return `a list of ${schema.items?.type === 'object' ? 'mappings' : 'texts'}: [a, b], or one "- " line each`;
  if (schema.type === 'object') return 'a mapping: names with a colon, one a line';
  if (schema.type === 'integer') {
    const { minimum, maximum } = schema;
    const bounded = minimum !== undefined && maximum !== undefined && maximum < 1e6;
    return bounded ? `a whole number from ${minimum} to ${maximum}` : 'a whole number above 0';
  }
  if (schema.type === 'boolean') return 'true or false';
  return schema.type === 'string' ? 'text' : (schema.type ?? 'another value');
}

function valueAt(data: unknown, path: Path): unknown {
  let at = data;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

/** What zod found, in words for the reader and with a place. */
export function explainIssues(schema: z.ZodMiniType, issues: readonly z.core.$ZodIssue[], tree: Tree): Problem[] {
  const json = z.toJSONSchema(schema, { unrepresentable: 'any' }) as JsonSchema;
  return issues.flatMap(issue => explainIssue(issue, json, tree));
}

function explainIssue(issue: z.core.$ZodIssue, json: JsonSchema, tree: Tree): Problem[] {
  const path = issue.path as (string | number)[];
  const name = path.findLast(step => typeof step === 'string') ?? 'the posture';
  const parent = path.slice(0, -1);
  if (issue.code === 'unrecognized_keys') {
    const at = schemaAt(json, path);
    const known = at.properties ? Object.keys(at.properties) : (at.propertyNames?.enum ?? []).map(String);
    return issue.keys.map(key => ({
      what: `unknown key ${shown(key)}${didYouMean(key, known)}`,
      where: tree.locate([...path, key], 'key'),
      expected: `one of ${list(known, 'or')}`,
      next: SECRET_KEY.test(key) ? SECRET_ADVICE : undefined,
    }));
  }
  if (issue.code === 'invalid_key') {
    const [inner] = issue.issues;
    return [
      {
        what: `${shown(path.at(-1))} cannot be a name in "${parent.at(-1) ?? 'the posture'}"`,
        where: tree.locate(path, 'key'),
        expected: inner ? expectation(inner.message) : undefined,
      },
    ];
  }
  const schema = schemaAt(json, path);
  const value = valueAt(tree.data, path);
  if (value === undefined) {
    return [
      {
        what: `"${name}" is missing${parent.length > 0 ? ` in ${where(parent)}` : ''}`,
        where: tree.locate(parent),
        expected: describe(schema),
      },
    ];
  }
  const place = tree.locate(path);
  const subject = typeof path.at(-1) === 'number' ? `entry ${Number(path.at(-1)) + 1} of "${name}"` : `"${name}"`;
  if (path.length === 0) return [{ what: `the posture is ${shown(value)}`, where: place, expected: describe(json) }];
  if (value === null) return [{ what: `${subject} is empty`, where: place, expected: describe(schema) }];
  switch (issue.code) {
    case 'invalid_type':
      return [
        {
          what: `${subject} is ${shown(value)}`,
          where: place,
          expected: describe(schema),
          next:
            schema.type === 'string' && typeof value !== 'object' ? `put it in quotes: "${String(value)}"` : undefined,
        },
      ];
    case 'invalid_value': {
      const known = issue.values.map(String);
      return [
        {
          what: `${subject} is ${shown(value)}${typeof value === 'string' && !known.includes(value) ? didYouMean(value, known) : ''}`,
          where: place,
          expected: known.includes(String(value)) ? `${String(value)} without quotes` : describe(schema),
        },
      ];
    }
    case 'too_big':
      return [
        {
          what: `${subject} is too ${typeof value === 'number' ? 'large' : 'long'}`,
          where: place,
          expected: `at most ${issue.maximum}${typeof value === 'string' ? ' characters' : ''}`,
        },
      ];
    case 'too_small':
      return [
        {
          what:
            value === '' ? `${subject} is empty` : `${subject} is too ${typeof value === 'number' ? 'small' : 'short'}`,
          where: place,
          expected: typeof value === 'number' ? describe(schema) : 'text',
        },
      ];
    default:
      return [{ what: `${subject} is ${shown(value)}`, where: place, expected: expectation(issue.message) }];
  }
}

/** `systems[2].normally` as a reader says it. */
function where(path: Path): string {
  return path.map(step => (typeof step === 'number' ? `entry ${step + 1}` : `"${step}"`)).join(', ');
}

function expectation(message: string): string {
  return message.replace(/^expected /, '').replace(/^Invalid (?:input|string): /, '');
}
