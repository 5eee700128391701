import { SHORT_RUN } from '../bun.ts';
import type { Driver } from '../driver.ts';
import { isPlain, keptAsWritten } from '../kept.ts';
import { anthropic } from '../wire/anthropic.ts';
import { claudeCode } from './detect.ts';
import { hooks } from './hooks.ts';
import { rules } from './rules.ts';

/**
 * How it says that a rule refused a call, a hook did, or that somebody would have to be asked. Seen in 2.1.330. A rule's words stand
 * at the start, where no program's output can: what one prints follows its exit code where it fails.
 */
const RULE =
  /^(?:<tool_use_error>)?(?:File is (?:in a directory that is denied by your permission settings|covered by )|Permission to use \w+ .*has been denied|[^\n']{1,80} in '[^'\n]*' was blocked by a deny rule)/;
const HOOK = /^PreToolUse:\w+ hook (?:error|returned blocking|denied)|^(?:Hook|Blocked by) .*\bhook\b/i;
const ASK = /which is a sensitive file|haven't granted it yet|requires approval|^Claude requested permissions/;

/** Which files, and what of them, it does not take: a line on what became of them, and one for each. */
const COMPLAINT =
  /^These settings (?:did not load|entries were skipped)[^\r\n]{0,400}(?:\r?\n {2}[^\r\n]{1,2000}){0,20}/m;

/** Says yes to whatever it asks, as a tired user does: a server of one tool, by the protocol of https://modelcontextprotocol.io. */
const YES = `
require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const text = () => JSON.stringify({ behavior: 'allow', updatedInput: params.arguments.input });
  const result =
    method === 'initialize'
      ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'yes', version: '1' } }
      : method === 'tools/list'
        ? { tools: [{ name: 'yes', description: 'yes', inputSchema: { type: 'object', properties: {}, additionalProperties: true } }] }
        : method === 'tools/call' ? { content: [{ type: 'text', text: text() }] } : {};
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
});
`;
const ANSWERING = JSON.stringify({ mcpServers: { yes: { command: process.execPath, args: ['-e', YES] } } });

/** How it logs in, and where: by programs, and by what it tells all that it starts. */
const LOGINS = ['apiKeyHelper', 'awsAuthRefresh', 'awsCredentialExport', 'otelHeadersHelper', 'forceLoginMethod'];
/** A number or a switch of its own says nothing that is secret, and leads to nobody. */
const isPlainVariable = (name: string, value: unknown) =>
  /^(?:CLAUDE_CODE_(?!USE_|SKIP_)|BASH_|MAX_|DISABLE_|MCP_)/.test(name) && isPlain(value);

const kept = (text: string) =>
  keptAsWritten(
    text,
    ([first = '', name = '', ...rest], value) =>
      LOGINS.includes(first) || (first === 'env' && name !== '' && rest.length === 0 && !isPlainVariable(name, value)),
  );

/** Source of its flags and variables: https://code.claude.com/docs/en/cli-reference and …/env-vars. */
export const driver: Driver = {
  agent: claudeCode,
  wire: anthropic,
  modes: { configured: 'as configured, every question answered yes', bypass: 'bypassPermissions' },
  copies: [
    { path: '~/.claude/settings.json', keep: kept },
    { path: '~/.claude/settings.local.json', keep: kept },
    { path: '.claude/settings.json', keep: kept },
    { path: '.claude/settings.local.json', keep: kept },
    { path: '~/.claude/hooks/' },
    { path: '~/.claude/CLAUDE.md' },
  ],
  start({ root, program, model, mode }) {
    return {
      command: [
        program,
        // What it says of settings that it does not take is said with plain output alone.
        ...['-p', 'go'],
        ...(mode === 'bypass'
          ? ['--permission-mode', 'bypassPermissions']
          : ['--mcp-config', ANSWERING, '--permission-prompt-tool', 'mcp__yes__yes']),
      ],
      env: {
        ANTHROPIC_BASE_URL: model,
        ANTHROPIC_API_KEY: 'scripted',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        DISABLE_TELEMETRY: '1',
        // Without it, root may not bypass: here nothing of root's can be reached.
        IS_SANDBOX: '1',
        ...SHORT_RUN,
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
  readsFirst: true,
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
    if (ASK.test(result)) return 'ask';
    return result.startsWith('<tool_use_error>') ? 'unable' : undefined;
  },
  rules,
  hooks,
  runs: {
    harmless: [
      ...['$schema', 'permissions', 'model', 'language', 'outputStyle', 'includeCoAuthoredBy', 'cleanupPeriodDays'],
      ...['alwaysThinkingEnabled', 'respectGitignore', 'disableAllHooks', 'spinnerTipsEnabled', 'companyAnnouncements'],
      ...['enabled', 'failIfUnavailable', 'allowUnsandboxedCommands', 'autoAllowBashIfSandboxed', 'excludedCommands']
        .concat('filesystem', 'network')
        .map(key => `sandbox.${key}`),
    ],
    files: ['.mcp.json', '.claude/hooks/', '~/.claude/hooks/'],
  },
  complaint: output => COMPLAINT.exec(output)?.[0].replace(/\s+/g, ' ').trim(),
  inPart: /^These settings entries were skipped/,
};
