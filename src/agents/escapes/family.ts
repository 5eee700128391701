import type { Escape, EscapeOf } from './types.ts';

/** A template, or one with what is particular to it. */
type Spelling = string | (Pick<Escape, 'template'> & Particulars);
type Particulars = Partial<Omit<Escape, 'id' | 'of' | 'family' | 'template'>>;

/** The escapes of one family, by the rest of their ids. What all of them share is said once. */
export function family(
  of: EscapeOf,
  name: string,
  shared: Particulars,
  spellings: Readonly<Record<string, Spelling>>,
): Escape[] {
  return Object.entries(spellings).map(([id, spelling]) => ({
    id: `${of}-${id}`,
    of,
    family: name,
    tool: 'shell',
    ...shared,
    ...(typeof spelling === 'string' ? { template: spelling } : spelling),
  }));
}
