import * as z from 'zod/mini';
import { postureSchema } from './schema.ts';

/** The JSON Schema of the posture file, for editors: draft 7, which all of them read. */
export function postureJsonSchema(): object {
  const schema = z.toJSONSchema(postureSchema, { target: 'draft-7' }) as { $schema: string };
  return { ...schema, $schema: 'http://json-schema.org/draft-07/schema#' };
}
