/** In a shell, before `exec "$@"`: what is not there is told by us, as that shell would tell of itself. */
export const SAY_WHERE_NOT_FOUND =
  'command -v "$1" >/dev/null || { echo "agent-posture: $1 is not found in the box, which shows programs of the system and those of your home that are on the PATH" >&2; exit 127; }';
