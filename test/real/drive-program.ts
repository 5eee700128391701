import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is to be driven: the agent's command, with `@PORT@` for the port of the scripted model. */
export interface Order {
  protocol: 'anthropic' | 'responses' | 'chat' | 'gemini';
  command: string[];
  cwd: string;
  env: Record<string, string>;
  /** Tool calls that the model makes, one a turn; then it says `ok`. */
  calls: { name: string; input: Record<string, unknown> }[];
}

export interface Driven {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Turns in which tools were offered. */
  turns: number;
  /** What the agent gave back for each call, in order. */
  results: string[];
  /** The first request in which tools were offered, as JSON: all that the model was told before it began. */
  told: string;
}

// Runs in a network namespace of its own: the model and the agent share its loopback, and there is no way out.
const order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Order;
let turns = 0;
let told = '';
const results: string[] = [];

const text = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Array.isArray(value)
      ? value.map(each => text((each as { text?: unknown }).text)).join('')
      : '';

function send(response: ServerResponse, events: readonly (Record<string, unknown> & { type: string })[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}

/** Anthropic's Messages, as a stream. */
function anthropic(body: { tools?: unknown[]; messages?: { content: unknown }[] }, response: ServerResponse): void {
  const main = (body.tools?.length ?? 0) > 0;
  if (main) {
    const blocks = (body.messages ?? []).flatMap(({ content }) => (Array.isArray(content) ? content : []));
    const given = (blocks as { type: string; content?: unknown }[]).filter(({ type }) => type === 'tool_result');
    results.splice(0, results.length, ...given.map(({ content }) => text(content)));
  }
  const call = main ? order.calls[turns++] : undefined;
  const block = call
    ? { type: 'tool_use', id: `toolu_${turns}`, name: call.name, input: {} }
    : { type: 'text', text: '' };
  const delta = call
    ? { type: 'input_json_delta', partial_json: JSON.stringify(call.input) }
    : { type: 'text_delta', text: 'ok' };
  const usage = { input_tokens: 1, output_tokens: 1 };
  send(response, [
    {
      type: 'message_start',
      message: {
        id: `msg_${turns}`,
        type: 'message',
        role: 'assistant',
        model: 'scripted',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage,
      },
    },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: call ? 'tool_use' : 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]);
}

/** OpenAI's Responses, as a stream. */
function responses(
  body: { tools?: unknown[]; input?: { type: string; output?: unknown }[] },
  response: ServerResponse,
): void {
  const main = (body.tools?.length ?? 0) > 0;
  const given = (body.input ?? []).filter(item => item.type === 'function_call_output').map(item => text(item.output));
  results.splice(0, results.length, ...given);
  const call = main ? order.calls[turns++] : undefined;
  const item = call
    ? {
        type: 'function_call',
        id: `fc_${turns}`,
        call_id: `call_${turns}`,
        name: call.name,
        arguments: JSON.stringify(call.input),
      }
    : { type: 'message', id: `msg_${turns}`, role: 'assistant', content: [{ type: 'output_text', text: 'ok' }] };
  const id = `resp_${turns}`;
  send(response, [
    { type: 'response.created', response: { id } },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: { id, usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } } },
  ]);
}

/** OpenAI's chat completions, as a stream. */
function chat(
  body: { tools?: unknown[]; messages?: { role: string; content?: unknown }[] },
  response: ServerResponse,
): void {
  const main = (body.tools?.length ?? 0) > 0;
  if (main) {
    const given = (body.messages ?? []).filter(({ role }) => role === 'tool').map(({ content }) => text(content));
    results.splice(0, results.length, ...given);
  }
  const call = main ? order.calls[turns++] : undefined;
  const delta = call
    ? {
        role: 'assistant',
        tool_calls: [
          {
            index: 0,
            id: `call_${turns}`,
            type: 'function',
            function: { name: call.name, arguments: JSON.stringify(call.input) },
          },
        ],
      }
    : { role: 'assistant', content: 'ok' };
  const chunk = (choice: object) => ({
    id: `chat_${turns}`,
    object: 'chat.completion.chunk',
    created: 1,
    model: 'scripted',
    choices: [{ index: 0, ...choice }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const part of [
    chunk({ delta, finish_reason: null }),
    chunk({ delta: {}, finish_reason: call ? 'tool_calls' : 'stop' }),
  ])
    response.write(`data: ${JSON.stringify(part)}\n\n`);
  response.end('data: [DONE]\n\n');
}

/** Gemini's generateContent, as a stream. */
function gemini(
  body: {
    tools?: unknown[];
    contents?: { parts?: { functionResponse?: { response?: { output?: unknown; error?: unknown } } }[] }[];
  },
  response: ServerResponse,
): void {
  const main = (body.tools?.length ?? 0) > 0;
  if (main) {
    const given = (body.contents ?? [])
      .flatMap(({ parts }) => parts ?? [])
      .flatMap(({ functionResponse }) => (functionResponse ? [functionResponse.response ?? {}] : []));
    results.splice(0, results.length, ...given.map(({ output, error }) => text(output ?? error)));
  }
  const call = main ? order.calls[turns++] : undefined;
  const part = call ? { functionCall: { name: call.name, args: call.input } } : { text: 'ok' };
  const answer = {
    candidates: [{ index: 0, content: { role: 'model', parts: [part] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  };
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(`data: ${JSON.stringify(answer)}\n\n`);
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString() || '{}') as Record<string, unknown>;
}

const server = createServer(async (request, response) => {
  if (request.method !== 'POST') return void response.writeHead(404).end('{}');
  const body = await bodyOf(request);
  if (told === '' && Array.isArray(body.tools) && body.tools.length > 0) told = JSON.stringify(body);
  if (request.url?.includes('count_tokens')) return void response.end('{"input_tokens":1}');
  if (request.url?.includes('countTokens')) return void response.end('{"totalTokens":1}');
  ({ anthropic, responses, chat, gemini })[order.protocol](body, response);
});
server.listen(0, '127.0.0.1', () => {
  const port = String((server.address() as AddressInfo).port);
  const words = order.command.map(word => word.replaceAll('@PORT@', port));
  const env = Object.fromEntries(
    Object.entries(order.env).map(([name, value]) => [name, value.replaceAll('@PORT@', port)]),
  );
  const child = spawn(words[0] ?? '', words.slice(1), { cwd: order.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const driven: Driven = { code: null, stdout: '', stderr: '', turns: 0, results, told };
  child.stdout.on('data', data => {
    driven.stdout += data;
  });
  child.stderr.on('data', data => {
    driven.stderr += data;
  });
  child.once('close', code => {
    process.stdout.write(JSON.stringify({ ...driven, code, turns, told }), () => process.exit(0));
  });
});
