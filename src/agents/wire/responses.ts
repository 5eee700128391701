import { objects, string } from '../values.ts';
import { events, json, pathOf, result, words } from './parts.ts';
import type { Json, Wire } from './types.ts';

const USAGE = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };

/** OpenAI's Responses. Source: https://platform.openai.com/docs/api-reference/responses and …/responses-streaming. */
export const responses: Wire = {
  id: 'responses',
  turn({ method, path, body }) {
    if (method !== 'POST' || !pathOf(path).endsWith('/responses')) return undefined;
    const input = objects(body.input);
    return {
      tools: objects(body.tools).map(({ name, type }) => string(name) || string(type)),
      results: input
        .filter(({ type }) => type === 'function_call_output' || type === 'custom_tool_call_output')
        .map(({ call_id: id, output }) => result(id, words(output))),
      stream: body.stream === true,
      text: [words(body.instructions), ...input.map(({ content }) => words(content))].join('\n'),
    };
  },
  answer({ stream }, { calls, text }, serial) {
    const id = `resp_${serial}`;
    const output: Json[] = calls.map(({ id: call, name, input }, index) => ({
      type: 'function_call',
      id: `fc_${serial}_${index}`,
      call_id: call,
      name,
      arguments: JSON.stringify(input),
      status: 'completed',
    }));
    if (output.length === 0)
      output.push({
        type: 'message',
        id: `msg_${serial}`,
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text, annotations: [] }],
      });
    const whole = { id, object: 'response', status: 'completed', model: 'scripted', output, usage: USAGE };
    if (!stream) return json(whole);
    return events(
      [
        { type: 'response.created', response: { ...whole, status: 'in_progress', output: [] } },
        ...output.map((item, index) => ({ type: 'response.output_item.done', output_index: index, item })),
        { type: 'response.completed', response: whole },
      ],
      { named: true },
    );
  },
  aside({ path }) {
    return pathOf(path).endsWith('/models')
      ? json({ object: 'list', data: [{ id: 'scripted', object: 'model' }] })
      : undefined;
  },
};
