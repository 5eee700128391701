import { object, objects, string } from '../values.ts';
import { events, json, pathOf, result, words } from './parts.ts';
import type { Json, Wire } from './types.ts';

const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

/** OpenAI's chat completions. Source: https://platform.openai.com/docs/api-reference/chat and …/chat-streaming. */
export const chat: Wire = {
  id: 'chat',
  turn({ method, path, body }) {
    if (method !== 'POST' || !pathOf(path).endsWith('/chat/completions')) return undefined;
    const messages = objects(body.messages);
    return {
      tools: objects(body.tools).map(tool => string(object(tool.function).name) || string(tool.name)),
      results: messages
        .filter(({ role }) => role === 'tool')
        .map(({ tool_call_id: id, content }) => result(id, words(content))),
      stream: body.stream === true,
      text: messages.map(({ content }) => words(content)).join('\n'),
    };
  },
  answer({ stream }, { calls, text }, serial) {
    const message: Json =
      calls.length > 0
        ? {
            role: 'assistant',
            content: null,
            tool_calls: calls.map(({ id, name, input }, index) => ({
              ...(stream ? { index } : {}),
              id,
              type: 'function',
              function: { name, arguments: JSON.stringify(input) },
            })),
          }
        : { role: 'assistant', content: text };
    const reason = calls.length > 0 ? 'tool_calls' : 'stop';
    const whole = { id: `chat_${serial}`, created: 1, model: 'scripted' };
    if (!stream)
      return json({
        ...whole,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: reason }],
        usage: USAGE,
      });
    const chunk = (choice: Json, more: Json = {}) => ({
      ...whole,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, ...choice }],
      ...more,
    });
    return events(
      [chunk({ delta: message, finish_reason: null }), chunk({ delta: {}, finish_reason: reason }, { usage: USAGE })],
      {
        end: 'data: [DONE]\n\n',
      },
    );
  },
  aside({ path }) {
    return pathOf(path).endsWith('/models')
      ? json({ object: 'list', data: [{ id: 'scripted', object: 'model' }] })
      : undefined;
  },
};
