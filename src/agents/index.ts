import { aider } from './aider/detect.ts';
import { amp } from './amp/detect.ts';
import { claudeCode } from './claude-code/detect.ts';
import { cline } from './cline/detect.ts';
import { codex } from './codex/detect.ts';
import { copilot } from './copilot/detect.ts';
import { cursor } from './cursor/detect.ts';
import { gemini } from './gemini/detect.ts';
import { goose } from './goose/detect.ts';
import { opencode } from './opencode/detect.ts';
import { qwen } from './qwen/detect.ts';
import type { AgentDefinition, Login } from './types.ts';
import { windsurf } from './windsurf/detect.ts';

/** Every agent that is known. Adding one is a folder and a line here. */
export const agents: readonly AgentDefinition[] = [
  claudeCode,
  codex,
  gemini,
  opencode,
  copilot,
  qwen,
  cline,
  cursor,
  windsurf,
  aider,
  amp,
  goose,
];

/** The agents with these ids, in the order of the ids. */
export function agentsOf(ids: readonly string[] = []): AgentDefinition[] {
  return ids.flatMap(id => agents.find(agent => agent.id === id) ?? []);
}

/** Whether one of these agents has a sandbox of its own. */
export function someSandbox(ids: readonly string[] = []): boolean {
  return agentsOf(ids).some(({ hasSandbox }) => hasSandbox);
}

/** The logins of the agents with these ids, as far as they are known. */
export function loginsOf(ids: readonly string[] = []): Login[] {
  return agents.flatMap(({ id, login }) => (login && ids.includes(id) ? [login] : []));
}

/**
 * The agent that started this process, by the variables agents set for their children: its title, or for an agent that
 * is not in the registry what `AI_AGENT` says. Undefined when a person did, as far as can be told.
 */
export function surroundingAgent(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const found = agents.find(({ marks }) =>
    marks.some(({ variable, value }) => (value === undefined ? env[variable] : env[variable] === value)),
  );
  // https://github.com/vercel/vercel/tree/main/packages/detect-agent: `claude-code`, `devin@1` …
  const announced = /^[\w.@ -]{1,40}$/.exec(env.AI_AGENT ?? '')?.[0];
  return found?.title ?? announced ?? (env.AI_AGENT ? 'coding agent' : undefined);
}
