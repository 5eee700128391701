import type { HookSource } from './hook.ts';

/** What an administrator's settings are made from. */
export interface ManagedSource extends HookSource {
  /** Whether the agent's own sandbox is the declared isolation. */
  ownSandbox: boolean;
  /** The hosts that may be reached; undefined: not restricted. */
  allow: readonly string[] | undefined;
}

/** One file of an agent that its program reads from the machine, above what users and repositories say. */
export interface ManagedFile {
  /** Its name in `.agent-posture/managed/<agent>/`. */
  name: string;
  /** Where the agent looks for it on Linux. */
  place: string;
  content(source: ManagedSource): string;
}

/** Rules whose paths are of one repository, for all there are: `//` is the root of the file system. */
export function everywhere(rules: readonly string[]): string[] {
  return rules.map(rule => rule.replace(/^(Read|Edit)\(\/(?:\*\*\/)?/, '$1(//**/'));
}

export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
