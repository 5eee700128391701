import { list, plural } from '../base/text.ts';

/** Where the manifest lies, repository-relative. */
export const MANIFEST_PATH = '.agent-posture/manifest.json';
/** What is added to a path for our version beside a file that has edits which cannot be merged. */
export const BESIDE = '.agent-posture-new';

/**
 * The manifest that this program last wrote or accepted in a repository, kept in the state folder, out of an agent's
 * reach: the manifest is what tells a guard that was loosened from a file that never was ours, and lies where an agent
 * can write (law 7).
 */
export const PIN_FILE = 'manifest-pin.json';

/** `8 files and 1 git setting`: what is counted of a plan or of what was written, by its paths. */
export function counted(paths: readonly string[]): string {
  const settings = paths.filter(path => path.startsWith('git config ')).length;
  const files = paths.length - settings;
  return list([
    ...(files > 0 || settings === 0 ? [plural(files, 'file')] : []),
    ...(settings > 0 ? [plural(settings, 'git setting')] : []),
  ]);
}
