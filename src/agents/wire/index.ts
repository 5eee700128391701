import { anthropic } from './anthropic.ts';
import { chat } from './chat.ts';
import { gemini } from './gemini.ts';
import { responses } from './responses.ts';
import type { Wire } from './types.ts';

/** The protocols that the scripted model speaks. Adding one is a file and a line here. */
export const wires: readonly Wire[] = [anthropic, responses, chat, gemini];
