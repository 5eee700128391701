import { part } from '../support/parts.ts';
import type { Order } from './drive-program.ts';

type Start = Omit<Order, 'cwd' | 'calls'>;

const SCRIPTED = {
  npm: '@ai-sdk/openai-compatible',
  options: { baseURL: 'http://127.0.0.1:@PORT@/v1', apiKey: 'dummy' },
  models: { scripted: { tool_call: true } },
};

/** opencode, as it is started headless with the scripted model. */
export const startOpencode = (): Start => ({
  protocol: 'chat',
  command: [part('opencode'), 'run', '-m', 'scripted/scripted', 'go'],
  env: {
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_CONFIG_CONTENT: JSON.stringify({ provider: { scripted: SCRIPTED } }),
  },
});

/** The same of Qwen Code. */
export const startQwen = (): Start => ({
  protocol: 'chat',
  command: [part('node-22'), part('qwen'), '--auth-type', 'openai', '--approval-mode', 'yolo', '-p', 'go'],
  env: {
    OPENAI_BASE_URL: 'http://127.0.0.1:@PORT@/v1',
    OPENAI_API_KEY: 'dummy',
    OPENAI_MODEL: 'scripted',
    QWEN_CODE_SUPPRESS_YOLO_WARNING: '1',
  },
});
