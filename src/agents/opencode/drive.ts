import { stripVTControlCharacters } from 'node:util';
import { SHORT_RUN } from '../bun.ts';
import type { DriveContext, Driver } from '../driver.ts';
import { jsonValue, object } from '../values.ts';
import { chat } from '../wire/chat.ts';
import { opencode } from './detect.ts';
import { SETTINGS } from './files.ts';
import { withoutLogins } from './logins.ts';
import { rules } from './rules.ts';

/** Its folder in the home, and what in it steers it: https://opencode.ai/docs/config/. */
const HOME = '~/.config/opencode/';
const OWN_SETTINGS = ['config.json', 'opencode.json', 'opencode.jsonc'].map(name => `${HOME}${name}`);
/** Models that it may know. */
const MODELS = '~/.cache/opencode/agent-posture-models.json';
/** What it would install beside its settings at each start, said to be there: without a network it cannot, and what is there is let in. */
const INSTALLED = JSON.stringify({
  lockfileVersion: 3,
  packages: { '': { dependencies: { '@opencode-ai/plugin': '*' } } },
});
/** Code of the user's that it loads: https://opencode.ai/docs/plugins/ and https://opencode.ai/docs/custom-tools/. */
const CODE = ['plugin/', 'plugins/', 'tool/', 'tools/'];
const WORDS = ['agent/', 'agents/', 'command/', 'commands/', 'mode/', 'modes/', 'skill/', 'skills/', 'prompts/'];

/**
 * A result is the whole message of what was thrown; a file's content comes in a frame of its own, so that nothing but the
 * output of a command can begin like one. https://github.com/anomalyco/opencode/blob/dev/packages/opencode/src/permission/index.ts
 */
const RULE =
  /^The user has specified a rule which prevents you from using this specific tool call\. Here are some of the relevant rules \[/;
const ASK = /^The user rejected permission to use this specific tool call/;
/** The rule about calls that are made three times over, which says nothing of what is called. */
const LOOP = '"permission":"doom_loop"';
const UNABLE =
  /^(?:The \w+ tool was called with invalid arguments: |Model tried to call unavailable tool |File not found: |Cannot read binary file: |Search path not found: |Could not find oldString in the file|(?:BadResource|NotFound|PermissionDenied): FileSystem\.|ripgrep execution failed$)/;

/**
 * The provider, and what is off, over the user's settings, which they are merged into: snapshots of the folder by git before
 * and after each call take as long as the call. Servers of the model context protocol are none of what is tried, and one that
 * does not answer holds it up for half a minute. Source: https://opencode.ai/docs/config/.
 */
function overlay({ model, read }: DriveContext): string {
  const servers = [...OWN_SETTINGS, ...SETTINGS].flatMap(path =>
    Object.keys(object(jsonValue(read(path) ?? '', 'mcp'))),
  );
  return JSON.stringify({
    enabled_providers: ['scripted'],
    provider: {
      scripted: {
        npm: '@ai-sdk/openai-compatible',
        options: { baseURL: `${model}/v1`, apiKey: 'scripted' },
        models: { scripted: { tool_call: true } },
      },
    },
    autoupdate: false,
    share: 'disabled',
    snapshot: false,
    ...(servers.length > 0 ? { mcp: Object.fromEntries(servers.map(name => [name, { enabled: false }])) } : {}),
  });
}

/**
 * Source of its flags and variables: https://opencode.ai/docs/cli/. The same call three times in one turn is asked about; in
 * turns of their own it is not. A command that leaves something in the background which holds its output is waited for.
 */
export const driver: Driver = {
  agent: opencode,
  wire: chat,
  // It has no flag by which a rule that denies would not hold.
  modes: {
    configured: '--auto, every question answered yes',
    bypass: '--auto, every question answered yes',
  },
  copies: [
    ...OWN_SETTINGS.map(path => ({ path, keep: withoutLogins })),
    ...['AGENTS.md', 'package.json', ...CODE, ...WORDS].map(name => ({ path: `${HOME}${name}` })),
  ],
  // What it has installed beside its settings, which plugins import.
  letsIn: { folder: `${HOME}node_modules`, below: 0 },
  start(context) {
    return {
      // With a title it asks for none.
      command: [context.program, 'run', '--auto', '--title', 'go', '-m', 'scripted/scripted', 'go'],
      env: {
        OPENCODE_CONFIG_CONTENT: overlay(context),
        // Nobody reads it again, and its disk is waited for with each call.
        OPENCODE_DB: ':memory:',
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        // The one model is the overlay's; to read thousands of others takes it a second of two.
        OPENCODE_MODELS_PATH: MODELS.replace('~', context.home),
        ...SHORT_RUN,
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        // Where there is a plugin, it installs what those need before it begins, and tries that for 70 s without a network.
        npm_config_offline: 'true',
      },
      files: [
        { path: MODELS, text: '{}' },
        { path: `${HOME}node_modules/.package-lock.json`, text: INSTALLED },
        { path: `${HOME}package-lock.json`, text: INSTALLED },
      ],
    };
  },
  tools: {
    shell: command => ({ name: 'bash', input: { command, description: 'x' } }),
    read: path => ({ name: 'read', input: { filePath: path } }),
    write: (path, content) => ({ name: 'write', input: { filePath: path, content } }),
    // A pattern of names makes it search what git ignores too. Given a file, it searches the folder in which that lies.
    search: (text, path) => ({ name: 'grep', input: { pattern: text, path, include: '*' } }),
    list: path => ({ name: 'glob', input: { pattern: '*', path } }),
    fetch: url => ({ name: 'webfetch', input: { url, format: 'text' } }),
  },
  aside: ({ text }) => (/^You are a title generator\./.test(text) ? 'go' : undefined),
  refused(result) {
    if (RULE.test(result)) return result.includes(LOOP) ? 'unable' : 'rule';
    if (ASK.test(result)) return 'ask';
    return UNABLE.test(result) ? 'unable' : undefined;
  },
  // It does not start then; what else keeps it from starting it tells its log alone.
  complaint: output =>
    /^(?:Error: )?(Config(?:uration| file at \S+)? is (?:invalid|not valid)[^\r\n]*|Unexpected server error)/m.exec(
      stripVTControlCharacters(output),
    )?.[1],
  rules,
  runs: {
    harmless: [
      ...[
        '$schema',
        'permission',
        'model',
        'small_model',
        'theme',
        'autoupdate',
        'share',
        'username',
        'keybinds',
        'tui',
      ],
      ...['instructions', 'watcher', 'snapshot', 'tools', 'agent', 'mode', 'disabled_providers', 'enabled_providers'],
    ],
    files: [...CODE.flatMap(name => [`${HOME}${name}`, `.opencode/${name}`])],
  },
};
