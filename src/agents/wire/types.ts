/** A JSON object as it came over a wire, of which nothing is trusted. */
export type Json = Record<string, unknown>;

/** A call of one of the agent's tools, as the scripted model makes it. */
export interface ToolCall {
  /** By which its result is known: no other call has it. */
  id: string;
  name: string;
  input: Json;
}

/** What the agent gave back for a call. */
export interface ToolResult {
  id: string;
  text: string;
}

/** A request in which the agent asks its model what to do next. */
export interface Turn {
  /** The names of the tools that it offers; none in a request aside, such as one for a title. */
  tools: readonly string[];
  /** The results of all calls so far, as far as the request carries them. */
  results: readonly ToolResult[];
  /** Whether the answer is to come as a stream of events. */
  stream: boolean;
  /** All that is said in words, for telling requests aside apart. */
  text: string;
}

/** What the model says: calls, or where there are none, words. */
export interface Reply {
  calls: readonly ToolCall[];
  text: string;
}

export interface WireRequest {
  method: string;
  /** Path and query. */
  path: string;
  body: Json;
}

export interface WireAnswer {
  status: number;
  type: 'application/json' | 'text/event-stream';
  body: string;
}

/** A protocol between an agent and its model, in the registry of wires (src/agents/wire/index.ts). Pure. */
export interface Wire {
  id: 'anthropic' | 'responses' | 'chat' | 'gemini';
  /** The request as a turn; undefined where it is none. */
  turn(request: WireRequest): Turn | undefined;
  /** The model's answer to a turn. `serial` is another number for each answer. */
  answer(turn: Turn, reply: Reply, serial: number): WireAnswer;
  /** The answer to what is no turn, such as a count of tokens or a list of models; undefined: nothing of the protocol. */
  aside(request: WireRequest): WireAnswer | undefined;
}
