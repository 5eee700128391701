/** Why there is no result, where stdout does not take it. */
export function unwritten(code = 'unknown'): string {
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : code;
  return `agent-posture: the result could not be written to stdout (${why})`;
}
