import * as z from 'zod/mini';

/** How an identity is kept. By itself, as what is unchanged is told without a schema. */
export const identitySchema = z.strictObject({ device: z.string(), inode: z.string(), birth: z.nullable(z.string()) });
