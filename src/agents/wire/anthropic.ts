import { object, objects, string } from '../values.ts';
import { events, json, pathOf, result, words } from './parts.ts';
import type { Json, Wire } from './types.ts';

const USAGE = { input_tokens: 1, output_tokens: 1 };

/** Anthropic's Messages. Source: https://docs.anthropic.com/en/api/messages and …/messages-streaming. */
export const anthropic: Wire = {
  id: 'anthropic',
  turn({ method, path, body }) {
    if (method !== 'POST' || !pathOf(path).endsWith('/messages')) return undefined;
    const messages = objects(body.messages);
    const blocks = messages.flatMap(({ content }) => objects(content));
    return {
      tools: objects(body.tools).map(({ name }) => string(name)),
      results: blocks
        .filter(({ type }) => type === 'tool_result')
        .map(({ tool_use_id: id, content }) => result(id, words(content))),
      stream: body.stream === true,
      text: [words(body.system), ...messages.map(({ content }) => words(content))].join('\n'),
    };
  },
  answer({ stream }, { calls, text }, serial) {
    const content: Json[] = calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input }));
    if (content.length === 0) content.push({ type: 'text', text });
    const message = { id: `msg_${serial}`, type: 'message', role: 'assistant', model: 'scripted', stop_sequence: null };
    const reason = { stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null };
    if (!stream) return json({ ...message, content, ...reason, usage: USAGE });
    return events(
      [
        { type: 'message_start', message: { ...message, content: [], stop_reason: null, usage: USAGE } },
        ...content.flatMap((block, index) => [
          {
            type: 'content_block_start',
            index,
            content_block: block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} },
          },
          {
            type: 'content_block_delta',
            index,
            delta:
              block.type === 'text'
                ? { type: 'text_delta', text: block.text }
                : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) },
          },
          { type: 'content_block_stop', index },
        ]),
        { type: 'message_delta', delta: reason, usage: USAGE },
        { type: 'message_stop' },
      ],
      { named: true },
    );
  },
  aside({ path }) {
    if (path.includes('count_tokens')) return json({ input_tokens: 1 });
    if (pathOf(path).endsWith('/models')) return json({ data: [object({ id: 'scripted', type: 'model' })] });
    return undefined;
  },
};
