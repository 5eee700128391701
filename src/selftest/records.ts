import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where runs write down what they lay, in the state folder: a file for each, named after its process. */
export const RECORDS = 'tries';

/** Whether any run has left a record here: a look that costs nothing where none has. */
export function hasRecords(state: string): boolean {
  try {
    return readdirSync(join(state, RECORDS)).length > 0;
  } catch {
    return false;
  }
}
