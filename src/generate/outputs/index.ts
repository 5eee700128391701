import type { Output } from '../types.ts';
import { agentImports, agentsPage } from './agents-page.ts';
import { bwrap } from './bwrap.ts';
import { ci } from './ci.ts';
import { claudeSettings } from './claude-settings.ts';
import { codeowners } from './codeowners.ts';
import { codexConfig } from './codex-config.ts';
import { container } from './container.ts';
import { envExamples } from './env-examples.ts';
import { gitSecrets } from './git-secrets.ts';
import { githubRuleset } from './github-ruleset.ts';
import { gitignore } from './gitignore.ts';
import { gitleaks } from './gitleaks.ts';
import { hookCalls, hooks } from './hooks.ts';
import { postureDocument } from './posture-document.ts';
import { reviewChecklist } from './review-checklist.ts';
import { srt } from './srt.ts';

/** Every output. Adding one is a file and a line here. */
export const outputs: readonly Output[] = [
  claudeSettings,
  codexConfig,
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
