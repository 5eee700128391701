import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where this program keeps what must not lie in a repository: `AGENT_POSTURE_STATE`, XDG_STATE_HOME, or the platform's place. */
export function stateHome(env: NodeJS.ProcessEnv = process.env): string {
  if (env.AGENT_POSTURE_STATE) return env.AGENT_POSTURE_STATE;
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'agent-posture');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'agent-posture');
  // A relative one is to be passed over, as the XDG specification has it.
  const state = env.XDG_STATE_HOME;
  return join(state && isAbsolute(state) ? state : join(homedir(), '.local', 'state'), 'agent-posture');
}
