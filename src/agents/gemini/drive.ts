import { stringify } from 'smol-toml';
import type { DriveContext, Driver } from '../driver.ts';
import { hooksIn } from '../json-hooks.ts';
import { keptJson, withSettings } from '../kept.ts';
import { jsonValue } from '../values.ts';
import { gemini as wire } from '../wire/gemini.ts';
import { gemini } from './detect.ts';
import { rules } from './rules.ts';

const SETTINGS = '~/.gemini/settings.json';
const YES = '~/.gemini/policies/agent-posture-drive.toml';

/** Where its settings keep logins, and whom else it would speak to. */
const LOGINS = ['mcpServers', 'security.auth', 'telemetry'];

/**
 * What it would ask the user about in its default mode, with yes for an answer. In the user's tier, at its lowest: every rule of the
 * user's own goes before. It is no YOLO mode, which settings can forbid, and in which rules for the other modes are not in force.
 * Source: https://github.com/google-gemini/gemini-cli/blob/main/docs/reference/policy-engine.md, and the policies that it brings
 * along, `packages/core/src/policy/policies/` there.
 */
const ANSWERS = stringify({
  rule: [
    {
      toolName: ['replace', 'write_file', 'run_shell_command', 'web_fetch', 'activate_skill'],
      decision: 'allow',
      priority: 0,
      modes: ['default', 'autoEdit'],
      allowRedirection: true,
    },
  ],
});

/**
 * Over the user's own: a login that needs nobody; nothing but the model is spoken to; and neither its search for loops nor a limit of
 * turns ends a session of many like calls. Source: https://github.com/google-gemini/gemini-cli/blob/main/docs/reference/configuration.md.
 */
const OVER = {
  security: { auth: { selectedType: 'gemini-api-key' } },
  general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
  model: { disableLoopDetection: true, skipNextSpeakerCheck: true, maxSessionTurns: -1 },
};

/**
 * Words that begin a result where nothing was done. A shell's results begin with `<untrusted_context>`; only a file that is read by
 * its own tool could begin so. `Path not in workspace` is its own wall: around its folders, and before every `.env`, `.git` and
 * `node_modules`. Seen in 0.61.0.
 */
const RULE =
  /^(?:Tool execution denied by policy\.|Path not in workspace: |File path '.*' is ignored by configured ignore patterns|Access denied: )/;
const HOOK = /^(?:Tool (?:execution|result) blocked: |Agent execution stopped by hook: )/;
const ASK = /^Tool execution for ".*" requires user confirmation/;
/** Its fetching takes no address of the machine or of an inner network, whatever the rules say. */
const UNABLE = /^(?:All requested URLs were skipped: \[Blocked Host\]|params (?:must|\/)|Invalid path: )/;

/** As it begins a line of its output, with the line or two that say more. */
const COMPLAINT =
  /^(?:\[[A-Z]+\] Policy file (?:error|warning) in .*\n.*\n.*|Error in .*|Invalid configuration in .*\n+.*\n.*|Discarding invalid hook.*)/m;

/**
 * What it asks its model beside: whether it is in a loop, and who speaks next. Anything else is not known. Its prompts:
 * `packages/core/src/services/loopDetectionService.ts` and `packages/core/src/utils/nextSpeakerChecker.ts`, see above.
 */
const ASIDES: readonly (readonly [RegExp, string])[] = [
  [/stuck in an unproductive loop/, '{"unproductive_state_analysis":"no loop","unproductive_state_confidence":0}'],
  [/determine who should logically speak next/, '{"reasoning":"done","next_speaker":"user"}'],
];

/**
 * Its bin is a script, started by the `node` that stands first on PATH: it wants version 20. Flags and variables:
 * https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/cli-reference.md and docs/reference/configuration.md there.
 * Servers of the repository are not started; extensions of the user's are not copied.
 */
export const driver: Driver = {
  agent: gemini,
  wire,
  modes: { configured: 'as configured, every question answered yes', bypass: 'yolo' },
  copies: [
    { path: SETTINGS, keep: text => keptJson(text, LOGINS) },
    { path: '~/.gemini/policies/' },
    { path: '~/.gemini/hooks/' },
    { path: '~/.gemini/GEMINI.md' },
  ],
  start({ program, model, mode, read }) {
    return {
      command: [
        program,
        // Without a model it asks another which one to take.
        ...['-m', 'gemini-2.5-flash', '-o', 'stream-json', '--allowed-mcp-server-names', 'none'],
        ...['--approval-mode', mode === 'bypass' ? 'yolo' : 'default', '-p', 'go'],
      ],
      env: {
        GOOGLE_GEMINI_BASE_URL: model,
        GEMINI_API_KEY: 'scripted',
        GEMINI_CLI_TRUST_WORKSPACE: 'true',
        // It starts itself once more to have more memory, which takes as long as all the rest of its start.
        GEMINI_CLI_NO_RELAUNCH: 'true',
      },
      files: [...settingsFor(read), ...(mode === 'bypass' ? [] : [{ path: YES, text: ANSWERS }])],
    };
  },
  // https://geminicli.com/docs/get-started/configuration/
  takesVariables: ['.env'],
  tools: {
    shell: command => ({ name: 'run_shell_command', input: { command } }),
    read: path => ({ name: 'read_file', input: { file_path: path } }),
    write: (path, content) => ({ name: 'write_file', input: { file_path: path, content } }),
    search: (text, path) => ({ name: 'grep_search', input: { pattern: text, dir_path: path } }),
    list: path => ({ name: 'list_directory', input: { dir_path: path } }),
    fetch: url => ({ name: 'web_fetch', input: { prompt: `Read ${url}` } }),
  },
  aside: ({ text }) => ASIDES.find(([words]) => words.test(text))?.[1],
  refused(result) {
    if (HOOK.test(result)) return 'hook';
    if (RULE.test(result)) return 'rule';
    if (ASK.test(result)) return 'ask';
    return UNABLE.test(result) ? 'unable' : undefined;
  },
  complaint: output => COMPLAINT.exec(output)?.[0].replace(/\s+/g, ' ').trim(),
  ruleFiles: ['~/.gemini/policies/', '.gemini/policies/'],
  rules,
  // Waited for in milliseconds: https://github.com/google-gemini/gemini-cli/blob/main/docs/hooks/reference.md.
  hooks: settings => hooksIn(settings, () => 1_000),
  runs: {
    harmless: [
      ...['$schema', 'general', 'ui', 'privacy', 'model', 'context', 'security', 'output', 'ide', 'rule'],
      ...['core', 'exclude', 'allowed', 'sandboxNetworkAccess', 'useRipgrep'].map(key => `tools.${key}`),
      ...['mcp.allowed', 'mcp.excluded'],
    ],
    files: ['.gemini/hooks/', '~/.gemini/hooks/', '.gemini/extensions/'],
  },
};

/**
 * The user's settings with ours over them; those that it cannot read stay, and it says so itself. Where they or the repository's name
 * folders of policies, only those are read, so that ours has to be named among them.
 */
function settingsFor(read: DriveContext['read']): { path: string; text: string }[] {
  const settings = withSettings(read(SETTINGS), OVER);
  if (settings === undefined) return [];
  const own = Array.isArray(settings.policyPaths) ? settings.policyPaths : [];
  const theirs = jsonValue(read('.gemini/settings.json') ?? '', 'policyPaths');
  const named = own.length > 0 || (Array.isArray(theirs) && theirs.length > 0);
  return [{ path: SETTINGS, text: JSON.stringify({ ...settings, ...(named ? { policyPaths: [...own, YES] } : {}) }) }];
}
