/** The generated compose file, the service in it, and where the repository stands inside for an editor. */
export const COMPOSE_FILE = '.devcontainer/compose.yaml';
export const SERVICE = 'agent';
export const WORKSPACE = '/workspace';
/**
 * The variable that `run` and the self-test say another place by: the repository's own path, so that a path means the same
 * inside and outside.
 */
export const WORKSPACE_NAME = 'AGENT_WORKSPACE';
/** That place, as compose reads it. */
export const WORKSPACE_TEXT = `\${${WORKSPACE_NAME}:-${WORKSPACE}}`;
