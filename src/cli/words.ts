/** What `generate` says when the files need no change. */
export const NOTHING_TO_DO = ' nothing to do: the files are as the posture asks';
