import type { Safeguard } from './types.ts';

export const safeguards: readonly Safeguard[] = [];

/** The safeguard with this id, or undefined. */
export function safeguardOf(id: string): Safeguard | undefined {
  return safeguards.find(safeguard => safeguard.id === id);
}
