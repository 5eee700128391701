import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A message of JSON-RPC, as far as it is looked at. */
interface Message {
  id?: number | string;
  method?: string;
  params?: {
    options?: readonly { optionId?: string; kind?: string }[];
    update?: { sessionUpdate?: string; toolCallId?: string };
  };
  result?: { sessionId?: string };
  error?: unknown;
}

/** An agent that is prompted as an editor does it. */
export interface Prompting {
  /** The calls that it has begun, by their ids: whatever stopped one afterwards, it was made. */
  begun: ReadonlySet<string>;
  /** The error by which it took no session or no prompt. */
  refusal(): string | undefined;
  /** No further prompt: its input ends, as soon as the one that it works on is done. */
  end(): void;
}

/** What a prompt says. The model of ours does not read it. */
const PROMPT = [{ type: 'text', text: 'please do what I say' }];

/**
 * Prompts an agent by the Agent Client Protocol, version 1, over its standard streams, again and again: what ends a turn (a hook's no)
 * ends no session. Whatever it asks leave for is allowed. Where it takes no session or no prompt, or has ended one without asking its
 * model (`turns`: how often it has), its input ends, and with it the agent. Sources:
 * https://agentclientprotocol.com/protocol/overview and, of the model, …/protocol/schema.
 */
export function promptOver(
  { stdin, stdout }: Pick<ChildProcess, 'stdin' | 'stdout'>,
  { root, model, turns }: { root: string; model: string; turns(): number },
): Prompting {
  if (!stdin || !stdout) throw new Error('an agent that is prompted needs both of its streams');
  // It may be gone before it was told anything.
  stdin.on('error', () => {});
  const waiting = new Map<number | string, (message: Message) => void>();
  const begun = new Set<string>();
  let serial = 0;
  let isOver = false;
  const send = (message: object) => stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const ask = (method: string, params: object) =>
    new Promise<Message>((resolve, reject) => {
      waiting.set(serial, message => (message.error === undefined ? resolve(message) : reject(message.error)));
      send({ id: serial++, method, params });
    });
  createInterface({ input: stdout }).on('line', line => {
    const message = parsed(line);
    const { sessionUpdate, toolCallId } = message?.params?.update ?? {};
    if (sessionUpdate?.startsWith('tool_call') && toolCallId !== undefined) begun.add(toolCallId);
    if (message?.id === undefined) return;
    if (message.method === undefined) waiting.get(message.id)?.(message);
    else send({ id: message.id, ...answerTo(message) });
  });
  const prompt = async () => {
    await ask('initialize', {
      protocolVersion: 1,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    });
    const { result } = await ask('session/new', { cwd: root, mcpServers: [] });
    const sessionId = result?.sessionId;
    // Which tools an agent offers may depend on the name of its model.
    await ask('session/set_model', { sessionId, modelId: model });
    for (let before = -1; !isOver && turns() > before; ) {
      before = turns();
      await ask('session/prompt', { sessionId, prompt: PROMPT });
    }
  };
  let refusal: string | undefined;
  void prompt()
    .catch((error: unknown) => {
      refusal = JSON.stringify((error as { message?: unknown } | undefined)?.message ?? error);
    })
    .finally(() => stdin.end());
  return {
    begun,
    refusal: () => refusal,
    end() {
      isOver = true;
    },
  };
}

/** Yes to what it asks leave for; there is nothing else that we do for it. */
function answerTo({ method, params }: Message): object {
  const allowed = params?.options?.find(({ kind }) => kind?.startsWith('allow'));
  return method === 'session/request_permission' && allowed
    ? { result: { outcome: { outcome: 'selected', optionId: allowed.optionId } } }
    : { error: { code: -32601, message: 'Method not found' } };
}

function parsed(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}
