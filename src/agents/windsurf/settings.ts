import { hookCommand } from '../hook.ts';

/**
 * What Windsurf asks before it reads, writes or runs; one that ends with 2 stops it. Known from the documentation alone:
 * https://docs.windsurf.com/windsurf/cascade/hooks.
 */
export const ASKED = ['pre_read_code', 'pre_write_code', 'pre_run_command', 'pre_mcp_tool_use'] as const;

export const hookEntry = { command: hookCommand('windsurf'), show_output: true };
