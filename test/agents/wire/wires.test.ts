import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { wires } from '../../../src/agents/wire/index.ts';
import type { Json, Reply, Wire, WireAnswer, WireRequest } from '../../../src/agents/wire/types.ts';

const REPLY: Reply = { calls: [{ id: 'call_1', name: 'shell', input: { command: 'echo "a\n"' } }], text: '' };

/** A request of each protocol with one tool and one result, as its documentation has them. */
const REQUESTS: Readonly<Record<Wire['id'], (stream: boolean) => WireRequest>> = {
  anthropic: stream => ({
    method: 'POST',
    path: '/v1/messages?beta=true',
    body: {
      stream,
      system: [{ type: 'text', text: 'be good' }],
      tools: [{ name: 'shell' }],
      messages: [
        { role: 'user', content: 'go' },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'call_0', content: [{ type: 'text', text: 'DONE' }] }],
        },
      ],
    },
  }),
  responses: stream => ({
    method: 'POST',
    path: '/v1/responses',
    body: {
      stream,
      instructions: 'be good',
      tools: [{ type: 'function', name: 'shell' }],
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'go' }] },
        { type: 'function_call_output', call_id: 'call_0', output: 'DONE' },
      ],
    },
  }),
  chat: stream => ({
    method: 'POST',
    path: '/v1/chat/completions',
    body: {
      stream,
      tools: [{ type: 'function', function: { name: 'shell' } }],
      messages: [
        { role: 'system', content: 'be good' },
        { role: 'user', content: [{ type: 'text', text: 'go' }] },
        { role: 'tool', tool_call_id: 'call_0', content: 'DONE' },
      ],
    },
  }),
  gemini: stream => ({
    method: 'POST',
    path: stream ? '/v1beta/models/x:streamGenerateContent?alt=sse' : '/v1beta/models/x:generateContent',
    body: {
      systemInstruction: { parts: [{ text: 'be good' }] },
      tools: [{ functionDeclarations: [{ name: 'shell' }] }],
      contents: [
        { role: 'user', parts: [{ text: 'go' }] },
        { role: 'user', parts: [{ functionResponse: { id: 'call_0', name: 'shell', response: { output: 'DONE' } } }] },
      ],
    },
  }),
};

/** What a reader of the protocol finds in an answer: its calls and its words, by the fields that the documentation names. */
const READERS: Readonly<Record<Wire['id'], (answer: WireAnswer) => unknown>> = {
  anthropic: answer =>
    answer.type === 'application/json'
      ? (JSON.parse(answer.body) as { content: Json[] }).content
      : eventsOf(answer).reduce<Json[]>((blocks, event) => {
          const { type, index, content_block: block, delta } = event as Record<string, never> & { index: number };
          if (type === 'content_block_start') blocks[index] = Object.assign({}, block);
          const { partial_json: part, text } = (delta ?? {}) as { partial_json?: string; text?: string };
          if (part !== undefined) Object.assign(blocks[index] ?? {}, { input: JSON.parse(part) });
          if (text !== undefined) Object.assign(blocks[index] ?? {}, { text });
          return blocks;
        }, []),
  responses: answer => {
    const whole =
      answer.type === 'application/json'
        ? (JSON.parse(answer.body) as Json)
        : (eventsOf(answer).find(({ type }) => type === 'response.completed') as { response: Json }).response;
    return whole.output;
  },
  chat: answer => {
    if (answer.type === 'application/json')
      return (JSON.parse(answer.body) as { choices: { message: Json }[] }).choices[0]?.message;
    expect(answer.body.endsWith('data: [DONE]\n\n')).toBe(true);
    return (eventsOf(answer)[0] as { choices: { delta: Json }[] }).choices[0]?.delta;
  },
  gemini: answer => {
    const [first] = answer.type === 'application/json' ? [JSON.parse(answer.body) as Json] : eventsOf(answer);
    return (first as { candidates: { content: Json }[] }).candidates[0]?.content.parts;
  },
};

function eventsOf({ body }: WireAnswer): Json[] {
  return body
    .split('\n')
    .filter(line => line.startsWith('data: {'))
    .map(line => JSON.parse(line.slice(6)) as Json);
}

describe.each(wires.map(wire => [wire.id, wire] as const))('%s', (id, wire) => {
  test.each([true, false])(
    'tells tools, results and words of a turn, and calls a tool so that a reader finds it (stream: %s)',
    stream => {
      const turn = wire.turn(REQUESTS[id](stream));
      expect(turn).toMatchObject({ tools: ['shell'], results: [{ id: 'call_0', text: 'DONE' }], stream });
      expect(turn?.text).toMatch(/be good[\s\S]*go/);
      if (!turn) return;
      const answer = wire.answer(turn, REPLY, 1);
      expect(answer.type).toBe(stream ? 'text/event-stream' : 'application/json');
      const read = JSON.stringify(READERS[id](answer));
      expect(read).toContain('call_1');
      expect(read).toContain('shell');
      expect(read.replaceAll('\\', '')).toContain('echo "an"');
      expect(JSON.stringify(READERS[id](wire.answer(turn, { calls: [], text: 'all done' }, 2)))).toContain('all done');
    },
  );

  test('what is no turn is none', () => {
    const request = REQUESTS[id](true);
    expect(wire.turn({ ...request, method: 'GET' })).toBeUndefined();
    expect(wire.turn({ ...request, path: '/telemetry' })).toBeUndefined();
    expect(wire.aside({ ...request, path: '/telemetry' })).toBeUndefined();
    expect(wire.aside({ method: 'GET', path: '/v1/models', body: {} })).toMatchObject({ status: 200 });
  });

  property.prop([
    fc.dictionary(
      fc.constantFrom('messages', 'input', 'contents', 'tools', 'system', 'stream', 'instructions'),
      fc.jsonValue(),
    ),
  ])('nothing that an agent sends makes it stumble', body => {
    const turn = wire.turn({ ...REQUESTS[id](false), body });
    expect(turn?.tools.every(name => typeof name === 'string')).toBe(true);
    expect(turn?.results.every(({ id: call, text }) => typeof call === 'string' && typeof text === 'string')).toBe(
      true,
    );
  });
});
