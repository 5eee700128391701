import { object, objects, string } from '../values.ts';
import { events, json, pathOf, result, words } from './parts.ts';
import type { Json, Wire } from './types.ts';

const USAGE = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 };

/** What a function gave, whether by the words of the API or by others. */
function given(response: Json): string {
  return words(response.output ?? response.error ?? response);
}

/** Gemini's generateContent. Source: https://ai.google.dev/api/generate-content. */
export const gemini: Wire = {
  id: 'gemini',
  turn({ method, path, body }) {
    if (method !== 'POST' || !/:(streamG|g)enerateContent$/.test(pathOf(path))) return undefined;
    const contents = objects(body.contents);
    const parts = contents.flatMap(content => objects(content.parts));
    return {
      tools: objects(body.tools).flatMap(tool => objects(tool.functionDeclarations).map(({ name }) => string(name))),
      results: parts.flatMap(({ functionResponse }) => {
        const { id, response } = object(functionResponse);
        return functionResponse ? [result(id, given(object(response)))] : [];
      }),
      stream: pathOf(path).endsWith(':streamGenerateContent'),
      text: [words(object(body.systemInstruction).parts), ...parts.map(({ text }) => string(text))].join('\n'),
    };
  },
  answer({ stream }, { calls, text }, serial) {
    const parts =
      calls.length > 0 ? calls.map(({ id, name, input }) => ({ functionCall: { id, name, args: input } })) : [{ text }];
    const answer = {
      candidates: [{ index: 0, content: { role: 'model', parts }, finishReason: 'STOP' }],
      usageMetadata: USAGE,
      modelVersion: 'scripted',
      responseId: `gen_${serial}`,
    };
    return stream ? events([answer]) : json(answer);
  },
  aside({ path }) {
    if (path.includes(':countTokens')) return json({ totalTokens: 1 });
    return pathOf(path).endsWith('/models') ? json({ models: [{ name: 'models/scripted' }] }) : undefined;
  },
};
