import { SHORT_RUN } from '../bun.ts';
import type { Driver } from '../driver.ts';
import { keptJson } from '../kept.ts';
import type { SettingsFile } from '../types.ts';
import { jsonValue, object } from '../values.ts';
import { chat } from '../wire/chat.ts';
import { cline } from './detect.ts';
import { HOOK_FILES, hooks } from './hooks.ts';

/** Where its command line keeps its settings, and its logins: https://github.com/cline/cline/blob/main/sdk/packages/shared/src/storage/paths.ts. */
const SETTINGS = '~/.cline/data/settings/global-settings.json';
const PROVIDERS = '~/.cline/data/settings/providers.json';
const PLUGINS = ['.cline/plugins/', '~/.cline/plugins/', '~/Documents/Cline/Plugins/'];

/**
 * Its results are JSON of its own, in which whatever was read or printed stands between quotes: none of these can come from a
 * file. What a command that failed has printed is its result; where nothing was done, there is none.
 */
const ASK = /^\{"error":"Tool \\"\w+\\" requires approval in a TTY session/;
/** A hook said no: its turn ended there. What the hook said is not told. */
const INTERRUPTED = /^\[\{"type":"text","text":"Tool execution was interrupted before a result was produced\./;
const UNABLE = /^(?:\{"error":|\[?\{"query":"(?:[^"\\]|\\.)*","result":"","error":")/;

/**
 * Source of its flags: https://docs.cline.bot/cline-cli/cli-reference; of its variables, none of which a page lists:
 * https://github.com/cline/cline/tree/main/apps/cli/src. A no of a hook ends a turn, and so do the fifth of five same calls in a row
 * and some calls in a row of a form that it does not take: started with a prompt it ends then, prompted as by an editor it goes on. It
 * approves everything by default, and has no other mode.
 */
export const driver: Driver = {
  agent: cline,
  wire: chat,
  modes: { configured: '--acp --auto-approve true', bypass: '--acp --auto-approve true' },
  copies: [
    { path: SETTINGS, keep: text => keptJson(text, []) },
    ...HOOK_FILES.filter(path => path.startsWith('~/')).map(path => ({ path })),
    ...PLUGINS.filter(path => path.startsWith('~/')).map(path => ({ path })),
    ...['~/.cline/rules/', '~/.cline/agents/', '~/.cline/skills/', '~/Documents/Cline/Rules/'].map(path => ({ path })),
  ],
  start({ program, model, read }) {
    const provider = { provider: 'openai-compatible', apiKey: 'scripted', model: 'scripted', baseUrl: `${model}/v1` };
    return {
      command: [program, '--acp', '--auto-approve', 'true', '--retries', '100000', '--compaction', 'off'],
      env: {
        // What else it would ask an editor's user to choose and to log in with.
        CLINE_PROVIDER: 'openai-compatible',
        CLINE_API_KEY: 'scripted',
        CLINE_NO_AUTO_UPDATE: '1',
        CLINE_TELEMETRY_DISABLED: '1',
        // Else it starts a helper for all its sessions, which outlives them.
        CLINE_SESSION_BACKEND_MODE: 'local',
        ...SHORT_RUN,
      },
      files: [
        {
          path: PROVIDERS,
          text: JSON.stringify({
            version: 1,
            lastUsedProvider: 'openai-compatible',
            providers: {
              'openai-compatible': {
                settings: provider,
                updatedAt: '2026-01-01T00:00:00.000Z',
                tokenSource: 'manual',
              },
            },
          }),
        },
        {
          path: SETTINGS,
          text: JSON.stringify({
            ...object(jsonValue(read(SETTINGS) ?? '')),
            telemetryOptOut: true,
            autoUpdateEnabled: false,
          }),
        },
      ],
    };
  },
  tools: {
    shell: command => ({ name: 'run_commands', input: { commands: [command] } }),
    read: path => ({ name: 'read_files', input: { files: [{ path }] } }),
    write: (path, content) => ({ name: 'editor', input: { path, new_text: content } }),
    rewrite: (path, before, content) => ({ name: 'editor', input: { path, old_text: before, new_text: content } }),
    // It searches the root, without what git ignores and what begins with a dot, and tells places alone.
    search: text => ({ name: 'search_codebase', input: { queries: [text] } }),
    fetch: url => ({ name: 'fetch_web_content', input: { requests: [{ url, prompt: 'all of it' }] } }),
  },
  refused(result) {
    if (ASK.test(result)) return 'ask';
    if (UNABLE.test(result)) return 'unable';
    return INTERRUPTED.test(result) ? 'hook' : undefined;
  },
  // Settings and hooks that it cannot read it leaves out, and says nothing.
  complaint: () => undefined,
  rules: toolsOff,
  hooks,
  ruleFiles: [SETTINGS, ...HOOK_FILES],
  runs: {
    harmless: ['disabledTools', 'telemetryOptOut', 'autoUpdateEnabled'],
    files: [...HOOK_FILES, ...PLUGINS],
  },
  // What it is built on does so, before it has begun: seen in 3.0.65; https://bun.com/docs/runtime/env.
  takesVariables: ['.env', '.env.local', '.env.development'],
  prompted: { model: 'scripted' },
};

/** The tools that its settings take away. Its .clineignore is read by the extension of editors alone. */
function toolsOff(settings: readonly SettingsFile[]) {
  return settings
    .filter(({ path }) => path === SETTINGS)
    .flatMap(({ path, text }) => {
      const off = jsonValue(text, 'disabledTools');
      return (Array.isArray(off) ? off : [])
        .filter((name): name is string => typeof name === 'string')
        .map(name => ({ text: `disabledTools "${name}"`, path, what: { kind: 'tool' as const, name } }));
    });
}
