import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { promptOver } from '../../../src/selftest/drive/acp.ts';

/** An agent's end of the streams. */
function agent() {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const lines = createInterface({ input: stdin })[Symbol.asyncIterator]();
  let asked = 0;
  const prompting = promptOver({ stdin, stdout }, { root: '/shop', model: 'm', turns: () => asked });
  const say = (message: object) => stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  return {
    prompting,
    say,
    askModel: () => asked++,
    stdout,
    /** What comes next; undefined: its input has ended. */
    hear: async () => {
      const { value, done } = await lines.next();
      return done ? undefined : JSON.parse(value);
    },
  };
}

async function withSession() {
  const one = agent();
  const first = await one.hear();
  expect(first).toMatchObject({ jsonrpc: '2.0', method: 'initialize', params: { protocolVersion: 1 } });
  one.say({ id: first.id, result: { protocolVersion: 1 } });
  const second = await one.hear();
  expect(second).toMatchObject({ method: 'session/new', params: { cwd: '/shop', mcpServers: [] } });
  one.say({ id: second.id, result: { sessionId: 's' } });
  const third = await one.hear();
  expect(third).toMatchObject({ method: 'session/set_model', params: { sessionId: 's', modelId: 'm' } });
  one.say({ id: third.id, result: {} });
  return { ...one, prompt: await one.hear() };
}

test('a turn that has ended is followed by another, until it is over', async () => {
  const { hear, say, prompting, prompt, askModel } = await withSession();
  askModel();
  expect(prompt).toMatchObject({ method: 'session/prompt', params: { sessionId: 's' } });
  say({ id: prompt.id, result: { stopReason: 'cancelled' } });
  const next = await hear();
  expect(next.method).toBe('session/prompt');
  expect(next.id).not.toBe(prompt.id);
  prompting.end();
  say({ id: next.id, result: { stopReason: 'end_turn' } });
  expect(await hear()).toBeUndefined();
});

test('one that ends its turns without asking its model is not prompted for ever', async () => {
  const { hear, say, prompt } = await withSession();
  say({ id: prompt.id, result: { stopReason: 'cancelled' } });
  expect(await hear()).toBeUndefined();
});

test('what it asks leave for is allowed, anything else is not known here, and no line of another kind disturbs', async () => {
  const { hear, say, stdout } = await withSession();
  stdout.write('no JSON\n[1]\nnull\n');
  say({ method: 'session/update', params: {} });
  const options = [
    { optionId: 'no', kind: 'reject_once' },
    { optionId: 'yes', kind: 'allow_once' },
  ];
  say({ id: 'a', method: 'session/request_permission', params: { options } });
  expect(await hear()).toEqual({
    jsonrpc: '2.0',
    id: 'a',
    result: { outcome: { outcome: 'selected', optionId: 'yes' } },
  });
  say({ id: 'b', method: 'fs/read_text_file', params: { path: '/etc/passwd' } });
  expect(await hear()).toMatchObject({ id: 'b', error: { code: -32601 } });
});

test('where it takes no session or no prompt, its input ends', async () => {
  const one = agent();
  one.say({ id: (await one.hear()).id, result: {} });
  one.say({ id: (await one.hear()).id, error: { code: -32000, message: 'Authentication required' } });
  expect(await one.hear()).toBeUndefined();
  expect(one.prompting.refusal()).toBe('"Authentication required"');
  const { hear, say, prompt } = await withSession();
  say({ id: prompt.id, error: { code: -32603 } });
  expect(await hear()).toBeUndefined();
});

test('one that is gone before it was told anything is no fault of ours', async () => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  promptOver({ stdin, stdout }, { root: '/shop', model: 'm', turns: () => 0 });
  stdin.destroy(new Error('write EPIPE'));
  await new Promise(resolve => stdin.once('close', resolve));
});
