import type { AgentId } from '../../posture/schema.ts';

/**
 * A published weakness of an agent, and the versions that have it. Only what its own record, or the vendor, says in numbers
 * stands here: a version that nobody named is not called weak.
 */
export interface Advisory {
  /** `CVE-2026-25725`, or `GHSA-…` where there is no such number. */
  id: string;
  agent: AgentId;
  /** The first version without it. */
  fixedIn: string;
  /** The first version with it. Absent: all before. */
  since?: string;
  /** On this system alone. Absent: on all, or the record does not say. */
  platform?: NodeJS.Platform;
  /** What a turned model, a hostile repository or whoever is near could do with it, in our words. */
  title: string;
  source: string;
}
