import type { AgentCall, Driver } from '../driver.ts';
import { hooksIn } from '../json-hooks.ts';
import { keptJson, withSettings } from '../kept.ts';
import { jsonValue, object, string } from '../values.ts';
import { chat } from '../wire/chat.ts';
import { qwen } from './detect.ts';
import { rules } from './rules.ts';

const SETTINGS = '~/.qwen/settings.json';

/** Where its settings keep keys and logins, and whom else it would speak to. */
const LOGINS = ['mcpServers', 'modelProviders', 'security.auth', 'telemetry', 'env', 'channels', 'webSearch', 'proxy'];

/**
 * Over the user's own: nothing but the model is spoken to, and no limit of calls ends a session. The fifth of five same calls in
 * a row ends it whatever is set. Source: https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/.
 */
const OVER = {
  general: { enableAutoUpdate: false },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
  model: { skipLoopDetection: true, skipNextSpeakerCheck: true, maxToolCallsPerTurn: -1, maxSessionTurns: -1 },
  // As it is for a person. Without a terminal it takes a command for done before it has read all of its output, and under load, once
  // in thirty times, gives nothing of it.
  tools: { shell: { enableInteractiveShell: true } },
};

/** The tools that it would ask about. Allowed, they still go through every rule that denies, and through those that ask. */
const ALLOWED = [
  ...['run_shell_command', 'write_file', 'edit', 'notebook_edit'],
  ...['read_file', 'grep_search', 'glob', 'web_fetch'],
].join(',');

/**
 * Words that begin a result where nothing was done. A shell's results begin with the command; only a file that is read by its own
 * tool could begin so. Seen in 0.24.4; `packages/core/src/core/coreToolScheduler.ts` in https://github.com/QwenLM/qwen-code.
 */
const RULE =
  /^(?:(?:\[tool_call bridge refused\] )?(?:This "\w+" invocation was denied by permission rules\.|Qwen Code requires permission to use .*, but that permission was declined\. Matching deny rule: )|File path '.*' is ignored by \.qwenignore pattern)/;
const ASK =
  /^(?:\[tool_call bridge refused\] )?Qwen Code requires permission to use .*, but that permission was declined/;
const HOOK = /^Tool execution blocked by hook$/;
/** A tool that is not there says nothing of why; one called in a wrong way was not tried; and it overwrites only what it has read. */
const UNABLE =
  /^(?:\[tool_call bridge refused\] |params must |File path must be absolute|File not found: |File .* has not been read in this session)/;
/** How a shell's result begins, whatever came of the command. Where a hook refused it, its reason is all that comes. */
const RAN =
  /^(?:Command: |Command (?:timed out|was cancelled|finished|moved|is running)|Directory: |Tool output was too large|Background |sed edit applied|Error)/;

/** Nothing came of a command, run without a terminal, that went well: what it printed may be lost: see `OVER`. */
const LOST =
  /^Command: [\s\S]*\nOutput: \(empty\)\nError: \(none\)\nExit Code: 0\nSignal: \(none\)\nProcess Group PGID: \(none\)/;

/** What it asks its model beside: what stands on a page that it fetched. */
const PAGE = /^Extract and summarize the requested information from the provided web content/;

/** As it ends over settings that it cannot read. Those of a repository that are no JSON it leaves out, and says nothing. */
const COMPLAINT = /^An unexpected critical error occurred:\n(.*)/m;

/**
 * Its parser of shells is WebAssembly, which V8 compiles once more while it runs: that keeps a core busy for two seconds, and is waited
 * for as it ends. What its bin starts, with the flag, is the agent itself, whose own children are not to know of it.
 */
const COMPILED_ONCE = [
  "import v8 from 'node:v8'",
  "v8.setFlagsFromString('--liftoff-only')",
  "if (process.execArgv.includes('--expose-gc')) delete process.env.NODE_OPTIONS",
].join(';');

/**
 * Its bin is a script that the `node` of PATH runs, here as for its user. Its package asks for version 22; 0.24.4 starts by 20 as well.
 * Where the first `node` of PATH is too old, whoever drives it puts the folder of a newer one before the others, as a user of
 * several does. Flags: https://qwenlm.github.io/qwen-code-docs/en/users/features/headless/; variables and settings:
 * https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/. Servers of the repository are not started.
 */
export const driver: Driver = {
  agent: qwen,
  wire: chat,
  modes: { configured: 'as configured, every question answered yes', bypass: 'yolo' },
  copies: [
    { path: SETTINGS, keep: text => keptJson(text, LOGINS) },
    { path: '~/.qwen/hooks/' },
    { path: '~/.qwen/QWEN.md' },
  ],
  start({ root, program, model, mode, read }) {
    const settings = withSettings(read(SETTINGS), OVER);
    return {
      command: [
        program,
        ...['--auth-type', 'openai', '-o', 'stream-json', '--allowed-mcp-server-names', 'none'],
        ...(mode === 'bypass'
          ? ['--approval-mode', 'yolo']
          : ['--approval-mode', 'default', '--allowed-tools', ALLOWED]),
        ...['-p', 'go'],
      ],
      env: {
        OPENAI_BASE_URL: `${model}/v1`,
        OPENAI_API_KEY: 'scripted',
        OPENAI_MODEL: 'scripted',
        QWEN_CODE_SUPPRESS_YOLO_WARNING: '1',
        QWEN_DISABLE_AUTO_TITLE: '1',
        // It starts itself once more to have more memory, which takes a good part of its start.
        QWEN_CODE_NO_RELAUNCH: 'true',
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(COMPILED_ONCE)}`,
      },
      files: [
        ...(settings === undefined ? [] : [{ path: SETTINGS, text: JSON.stringify(settings) }]),
        // https://qwenlm.github.io/qwen-code-docs/en/users/configuration/trusted-folders/
        { path: '~/.qwen/trustedFolders.json', text: JSON.stringify({ [root]: 'TRUST_FOLDER' }) },
      ],
    };
  },
  // https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/
  takesVariables: ['.env'],
  readsFirst: true,
  tools: {
    shell: command => ({ name: 'run_shell_command', input: { command, is_background: false, description: 'x' } }),
    read: path => ({ name: 'read_file', input: { file_path: path } }),
    write: (path, content) => ({ name: 'write_file', input: { file_path: path, content } }),
    search: (text, path) => ({ name: 'grep_search', input: { pattern: text, path } }),
    list: path => ({ name: 'glob', input: { pattern: '*', path } }),
    // It has more tools than it offers at once, and one through which the others are called.
    fetch: url => ({ name: 'tool_call', input: { name: 'web_fetch', arguments: { url, prompt: 'x' } } }),
  },
  aside: ({ text }) => (PAGE.test(text.trimStart()) ? 'ok' : undefined),
  refused(result, call) {
    if (RULE.test(result)) return 'rule';
    if (ASK.test(result)) return 'ask';
    if (HOOK.test(result)) return 'hook';
    if (UNABLE.test(result) || LOST.test(result)) return 'unable';
    return isShell(call) && !RAN.test(result) ? 'hook' : undefined;
  },
  denied: deniedIn,
  complaint: output => COMPLAINT.exec(output)?.[1],
  rules,
  // Waited for in seconds, and as an older one had it in milliseconds, from a thousand on: seen in 0.24.4.
  hooks: settings => hooksIn(settings, value => (value < 1_000 ? 1 : 1_000)),
  runs: {
    harmless: [
      ...[
        '$schema',
        '$version',
        'permissions',
        'model',
        'context',
        'privacy',
        'output',
        'general',
        'security.folderTrust',
      ],
      ...['ui.theme', 'ui.hideBanner', 'ui.hideTips', 'mcp.allowed', 'mcp.excluded'],
      ...['core', 'exclude', 'allowed', 'approvalMode', 'executionSandbox'].map(key => `tools.${key}`),
    ],
    files: ['.qwen/hooks/', '~/.qwen/hooks/', '.qwen/extensions/', '.mcp.json'],
  },
};

/** The last of its events names the calls that were denied, be it by a rule, a hook or for want of an answer: seen in 0.24.4. */
function deniedIn(output: string): string[] {
  const last = output.split('\n').findLast(line => line.startsWith('{"type":"result"'));
  const denials = jsonValue(last ?? '', 'permission_denials');
  return (Array.isArray(denials) ? denials : []).map(denial => string(object(denial).tool_use_id));
}

const isShell = (call: AgentCall | undefined) => call?.name === 'run_shell_command';
