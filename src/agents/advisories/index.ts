import { claudeCode } from './claude-code.ts';
import { cline } from './cline.ts';
import { codex } from './codex.ts';
import { copilot } from './copilot.ts';
import { cursor } from './cursor.ts';
import { gemini } from './gemini.ts';
import { goose } from './goose.ts';
import { opencode } from './opencode.ts';
import type { Advisory } from './types.ts';
import { compareVersions } from './versions.ts';

/** Every weakness that is known. Adding an agent's is a file and a line here. */
export const advisories: readonly Advisory[] = [
  ...claudeCode,
  ...codex,
  ...gemini,
  ...opencode,
  ...copilot,
  ...cline,
  ...cursor,
  ...goose,
];

/**
 * What is published of this version of an agent, what was fixed last first. Nothing where the version is not known: then
 * nothing can be said of it.
 */
export function advisoriesFor(
  agent: string,
  version: string | undefined,
  platform: NodeJS.Platform = process.platform,
): Advisory[] {
  if (version === undefined) return [];
  const isBefore = (other: string) => (compareVersions(version, other) ?? 0) < 0;
  return advisories
    .filter(each => each.agent === agent && (each.platform ?? platform) === platform)
    .filter(({ since, fixedIn }) => isBefore(fixedIn) && !(since !== undefined && isBefore(since)))
    .sort((a, b) => (compareVersions(b.fixedIn, a.fixedIn) ?? 0) || b.id.localeCompare(a.id, 'en'));
}
