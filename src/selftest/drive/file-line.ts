import { oneLine } from '../../base/text.ts';

/** A file with the SHA-256 of its content, in hex, as a line of what an agent runs by itself; `why` it does. */
export function fileLine(path: string, hash: string, why?: string): string {
  return `${oneLine(path)}${why ? ` (${why})` : ''}, sha256 ${hash}`;
}

/** What such a line says; undefined for one of something else, as a command behind the settings that name it. */
export function fileIn(line: string): { path: string; hash: string } | undefined {
  const [, path, hash] = /^([^:]+?)(?: \(.*\))?, sha256 ([0-9a-f]{64})$/.exec(line) ?? [];
  return path === undefined || hash === undefined ? undefined : { path, hash };
}
