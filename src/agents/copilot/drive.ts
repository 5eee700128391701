import type { AgentRule, DriveContext, Driver } from '../driver.ts';
import { keptJson } from '../kept.ts';
import type { SettingsFile } from '../types.ts';
import { jsonValue, object, string } from '../values.ts';
import { chat } from '../wire/chat.ts';
import { copilot } from './detect.ts';
import { HOOK_FILES, hooks } from './hooks.ts';

/**
 * What it gives back where it did nothing, from its first word on; seen in 1.0.102. A file comes back bare, so that one may begin
 * like that, but the output of a command ends with what became of the command.
 */
const HOOK = /^Denied by preToolUse hook\b/;
const ASKED =
  /^(?:Denied by preToolUse hook \(unable to ask user|Permission denied because no interactive user response)/;
const RULE = /^Permission to run this tool was denied due to the following rules: `/;
const UNABLE =
  /^(?:Path \S.* already exists as a file\.|Path \S.* does not exist|Invalid inputs?: |File too large to read at once|No match found: |Failed to execute with arguments: |Error: (?:Search paths do not exist|rg): )/;
const RAN = /<shellId: \S+ completed with exit code -?\d+>\s*$/;

const SETTINGS = '~/.copilot/settings.json';
/** Who is logged in, and with what, as an older one had it there. */
const LOGINS = ['loggedInUsers', 'lastLoggedInUser', 'copilotTokens'];
/** What it keeps for itself: logins, and the folders that it trusts. */
const STATE = '~/.copilot/config.json';

/** Where the repository names servers of the model context protocol: each is waited for, a minute where it does not answer. */
const SERVERS = ['.mcp.json', '.github/mcp.json', '.vscode/mcp.json'];

function servers({ read }: DriveContext): string[] {
  const names = SERVERS.map(path => read(path) ?? '').flatMap(text =>
    ['mcpServers', 'servers'].flatMap(key => Object.keys(object(jsonValue(text, key)))),
  );
  return [...new Set(names)].map(name => `--disable-mcp-server=${name}`);
}

/**
 * The one thing that its settings deny: hosts, in the user's own. Those of a repository that say so were seen to hold nothing.
 * Source: https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-config-dir-reference.
 */
function rules(settings: readonly SettingsFile[]): AgentRule[] {
  return settings
    .filter(({ path }) => path === SETTINGS)
    .flatMap(({ path, text }) => {
      const denied = jsonValue(text, 'deniedUrls');
      return (Array.isArray(denied) ? denied.map(string).filter(Boolean) : []).map(url => ({
        text: `deniedUrls "${url}"`,
        path,
        what: { kind: 'fetch' as const, host: /^(?:https?:\/\/)?(?:\*\.)?([\w.-]+)/.exec(url)?.[1] },
      }));
    });
}

/**
 * Source of its flags and variables: https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-command-reference, and
 * `copilot help environment`. In a new home it first unpacks itself, 236 MB, for a second and more.
 */
export const driver: Driver = {
  agent: copilot,
  wire: chat,
  modes: { configured: 'as configured, every question answered yes', bypass: '--allow-all' },
  copies: [
    { path: SETTINGS, keep: text => keptJson(text, LOGINS) },
    ...['copilot-instructions.md', 'hooks/', 'agents/', 'skills/', 'instructions/'].map(name => ({
      path: `~/.copilot/${name}`,
    })),
  ],
  // What it has unpacked, by platform and version.
  letsIn: { folder: '~/.cache/copilot/pkg', below: 2 },
  start(context) {
    return {
      command: [
        context.program,
        ...['-p', 'go', '--no-auto-update', '--disable-builtin-mcps', ...servers(context)],
        ...(context.mode === 'bypass'
          ? ['--allow-all']
          : ['--allow-all-tools', '--allow-all-paths', '--allow-all-urls']),
      ],
      env: {
        COPILOT_PROVIDER_BASE_URL: `${context.model}/v1`,
        COPILOT_PROVIDER_MODEL_ID: 'gpt-4.1',
        // Nothing is to be summed up on the way.
        COPILOT_PROVIDER_MAX_PROMPT_TOKENS: '100000000',
        COPILOT_MODEL: 'gpt-4.1',
        // Neither a login nor telemetry; its tool that fetches is off as well, and would take no address of loopback.
        COPILOT_OFFLINE: 'true',
        COPILOT_AUTO_UPDATE: 'false',
      },
      // Where the folder is not trusted, no hook of it runs; where it is by a flag, it says nothing of what it cannot read.
      files: [{ path: STATE, text: JSON.stringify({ trustedFolders: [context.root] }) }],
    };
  },
  tools: {
    shell: command => ({ name: 'bash', input: { command, description: 'x' } }),
    read: path => ({ name: 'view', input: { path } }),
    write: (path, content) => ({ name: 'create', input: { path, file_text: content } }),
    rewrite: (path, before, content) => ({ name: 'edit', input: { path, old_str: before, new_str: content } }),
    // A pattern of names makes it search what git ignores too.
    search: (text, path) => ({
      name: 'grep',
      input: { pattern: text, paths: path, output_mode: 'content', glob: '*' },
    }),
    list: path => ({ name: 'glob', input: { pattern: '*', path } }),
  },
  refused(result) {
    if (RAN.test(result)) return undefined;
    if (ASKED.test(result)) return 'ask';
    if (HOOK.test(result)) return 'hook';
    if (RULE.test(result)) return 'rule';
    return UNABLE.test(result) ? 'unable' : undefined;
  },
  // Of hooks, and of settings in the home, that it cannot read it says nothing.
  complaint: output => /^Warning: .*(?:could not be loaded|invalid|malformed).*/im.exec(output)?.[0],
  rules,
  hooks,
  ruleFiles: HOOK_FILES,
  runs: {
    harmless: [
      ...['permissions', 'disableAllHooks', 'model', 'theme', 'banner', 'beep', 'trustedFolders', 'trusted_folders'],
      ...['allowedUrls', 'allowed_urls', 'deniedUrls', 'denied_urls', 'renderMarkdown', 'render_markdown', 'logLevel'],
      ...['sandbox.enabled', 'sandbox.failIfUnavailable', 'sandbox.allowBypass'],
    ],
    files: HOOK_FILES.filter(path => path.endsWith('/')),
  },
};
