/** What some programs read in JSON and others do not: RFC 8259 has none of it. */
export type JsonExtra = 'a byte order mark' | 'a comment' | 'a trailing comma';

/** Who reads a settings file in JSON that others write to as well. */
export interface Reader {
  title: string;
  /** What makes it leave the whole file out, or not start. */
  stumbles: readonly JsonExtra[];
}
