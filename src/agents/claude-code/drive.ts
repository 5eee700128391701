import type { Driver } from '../driver.ts';
import { anthropic } from '../wire/anthropic.ts';
import { claudeCode } from './detect.ts';

/** What its own rules, and hooks that its settings name, are refused by. Seen in 2.1.330. */
const RULE = /denied by your permission settings|Permission to use \w+ .*has been denied|has been denied by/;
const HOOK = /hook (?:error|returned blocking|denied)|blocked by hook|PreToolUse:\w+ hook/i;
const ASK = /requires approval|requested permissions? .*haven't granted|needs your (?:approval|permission)/i;

/** Source of its flags and variables: https://code.claude.com/docs/en/cli-reference and …/env-vars. */
export const driver: Driver = {
  agent: claudeCode,
  wire: anthropic,
  modes: { configured: 'as configured, every question answered yes', bypass: 'bypassPermissions' },
  copies: [
    { path: '~/.claude/settings.json' },
    { path: '~/.claude/settings.local.json' },
    { path: '~/.claude/hooks/' },
    { path: '~/.claude/CLAUDE.md' },
  ],
  start({ root, program, model, mode }) {
    return {
      command: [
        program,
        ...['-p', 'go', '--output-format', 'stream-json', '--verbose'],
        ...(mode === 'bypass'
          ? ['--permission-mode', 'bypassPermissions']
          : ['--allowedTools', 'Read', 'Edit', 'Write', 'Bash', 'Glob', 'Grep', 'NotebookEdit', 'WebFetch']),
      ],
      env: {
        ANTHROPIC_BASE_URL: model,
        ANTHROPIC_API_KEY: 'scripted',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        DISABLE_TELEMETRY: '1',
        // Without it, root may not bypass: here nothing of root's can be reached.
        IS_SANDBOX: '1',
      },
      files: [
        {
          path: '~/.claude.json',
          text: JSON.stringify({
            hasCompletedOnboarding: true,
            projects: { [root]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
          }),
        },
      ],
    };
  },
  tools: {
    shell: command => ({ name: 'Bash', input: { command, description: 'x' } }),
    read: path => ({ name: 'Read', input: { file_path: path } }),
    write: (path, content) => ({ name: 'Write', input: { file_path: path, content } }),
    search: (text, path) => ({ name: 'Grep', input: { pattern: text, path, output_mode: 'content' } }),
    list: path => ({ name: 'Glob', input: { pattern: '*', path } }),
    fetch: url => ({ name: 'WebFetch', input: { url, prompt: 'x' } }),
  },
  refused(result) {
    if (HOOK.test(result)) return 'hook';
    if (RULE.test(result)) return 'rule';
    return ASK.test(result) ? 'ask' : undefined;
  },
  complaint: output => /.*(?:did not load|were skipped|not in effect|Invalid settings).*/i.exec(output)?.[0],
};
