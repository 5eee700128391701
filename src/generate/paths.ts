/** Where the manifest lies, repository-relative. */
export const MANIFEST_PATH = '.agent-posture/manifest.json';
/** What is added to a path for our version beside a file that has edits which cannot be merged. */
export const BESIDE = '.agent-posture-new';
