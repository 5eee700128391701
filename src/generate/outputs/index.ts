import type { Output } from '../types.ts';
import { agentHook } from './agent-hook.ts';
import { agentImports, agentsPage } from './agents-page.ts';
import { aiderSettings } from './aider-settings.ts';
import { bwrap } from './bwrap.ts';
import { ci } from './ci.ts';
import { claudeSettings } from './claude-settings.ts';
import { clineSettings } from './cline-settings.ts';
import { codeowners } from './codeowners.ts';
import { codexConfig } from './codex-config.ts';
import { container } from './container.ts';
import { copilotSettings } from './copilot-settings.ts';
import { cursorSettings } from './cursor-settings.ts';
import { envExamples } from './env-examples.ts';
import { geminiSettings } from './gemini-settings.ts';
import { gitSecrets } from './git-secrets.ts';
import { githubRuleset } from './github-ruleset.ts';
import { gitignore } from './gitignore.ts';
import { gitleaks } from './gitleaks.ts';
import { hookCalls } from './hook-calls.ts';
import { hooks } from './hooks.ts';
import { managedSettings } from './managed-settings.ts';
import { opencodeSettings } from './opencode-settings.ts';
import { postureDocument } from './posture-document.ts';
import { qwenSettings } from './qwen-settings.ts';
import { reviewChecklist } from './review-checklist.ts';
import { srt } from './srt.ts';
import { windsurfSettings } from './windsurf-settings.ts';

/** Every output. Adding one is a file and a line here. */
export const outputs: readonly Output[] = [
  claudeSettings,
  codexConfig,
  geminiSettings,
  qwenSettings,
  opencodeSettings,
  copilotSettings,
  agentHook,
  clineSettings,
  cursorSettings,
  windsurfSettings,
  aiderSettings,
  managedSettings,
  container,
  srt,
  bwrap,
  gitignore,
  envExamples,
  hooks,
  hookCalls,
  gitleaks,
  gitSecrets,
  githubRuleset,
  ci,
  codeowners,
  agentsPage,
  agentImports,
  reviewChecklist,
  postureDocument,
];
