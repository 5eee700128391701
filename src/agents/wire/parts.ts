import { object, string } from '../values.ts';
import type { Json, ToolResult, WireAnswer } from './types.ts';

/** Words as the protocols carry them: a text, or a list of parts with a text each. What is no text is given as JSON. */
export function words(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value
    .map(each => string(object(each).text) || (typeof each === 'string' ? each : JSON.stringify(each)))
    .join('');
}

export const result = (id: unknown, text: string): ToolResult => ({ id: string(id), text });

export function json(body: unknown, status = 200): WireAnswer {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

/** Server-sent events; with `named`, each says its type. */
export function events(list: readonly Json[], { named = false, end = '' } = {}): WireAnswer {
  const body = list.map(event => `${named ? `event: ${string(event.type)}\n` : ''}data: ${JSON.stringify(event)}\n\n`);
  return { status: 200, type: 'text/event-stream', body: body.join('') + end };
}

/** The path without its query and without slashes at its end. */
export const pathOf = (path: string): string => (path.split('?')[0] ?? '').replace(/\/+$/, '');
