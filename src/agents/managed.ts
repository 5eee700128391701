import type { Pattern } from '../posture/patterns.ts';
import type { AgentId } from '../posture/schema.ts';
import type { Source } from './source.ts';

/** What an agent documents for the administrator of a machine to lay down: in its folder, and in src/generate/outputs/managed-settings.ts. */
export interface Managed {
  agent: AgentId;
  files: readonly ManagedFile[];
  /** The paths of its rules for a pattern, where they can say less than its settings in the repository. */
  rulePaths?(pattern: Pattern): string[] | undefined;
}

/** One file of an agent that its program reads from the machine, above what users and repositories say. */
export interface ManagedFile {
  /** Its name in `.agent-posture/managed/<agent>/`. */
  name: string;
  /** Where the agent looks for it on Linux. */
  place: string;
  content(source: Source): string;
}

/** Rules whose paths are of one repository, for all there are: `//` is the root of the file system. */
export function everywhere(rules: readonly string[]): string[] {
  return rules.map(rule => rule.replace(/^(Read|Edit)\(\/(?:\*\*\/)?/, '$1(//**/'));
}

export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
