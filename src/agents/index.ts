import { claudeCode } from './claude-code/detect.ts';
import { codex } from './codex/detect.ts';
import type { AgentDefinition } from './types.ts';

/** Every agent that is known. Adding one is a folder and a line here. */
export const agents: readonly AgentDefinition[] = [claudeCode, codex];
