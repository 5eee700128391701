import { readdirSync, readFileSync } from 'node:fs';

/** Command lines of all processes that hold these words. */
export function processesWith(words: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(words) ? [line] : [];
      } catch {
        return [];
      }
    });
}
