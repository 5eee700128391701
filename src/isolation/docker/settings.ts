/** The generated compose file, the service in it, and where the repository stands inside. */
export const COMPOSE_FILE = '.devcontainer/compose.yaml';
export const SERVICE = 'agent';
export const WORKSPACE = '/workspace';
