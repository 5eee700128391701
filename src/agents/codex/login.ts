import { parse, stringify } from 'smol-toml';
import { pick } from '../pick.ts';
import type { Login } from '../types.ts';

/** From the documentation of config.toml and auth.json in https://github.com/openai/codex/tree/main/codex-rs. */
export const login: Login = {
  keys: ['OPENAI_API_KEY', 'CODEX_API_KEY', 'OPENAI_BASE_URL'],
  files: ['.codex/auth.json'],
  copies: [{ path: '.codex/config.toml', keep: codexSettings }],
};

type Table = Record<string, unknown>;

function codexSettings(text: string, root: string): string | undefined {
  try {
    const settings = parse(text) as Table;
    const kept = pick(settings, ['model', 'model_provider', 'model_reasoning_effort']);
    const providers = Object.entries((settings.model_providers ?? {}) as Table).map(([name, provider]) => [
      name,
      pick(provider, ['name', 'base_url', 'env_key', 'wire_api']),
    ]);
    const project = pick((settings.projects as Table | undefined)?.[root], ['trust_level']);
    return stringify({ ...kept, model_providers: Object.fromEntries(providers), projects: { [root]: project } });
  } catch {
    return undefined;
  }
}
