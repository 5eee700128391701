import type { Json, ToolResult, WireAnswer } from './types.ts';

/** A value that should be a list of objects, as one: whatever else it is, is none. */
export function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((each): each is Json => typeof each === 'object' && each !== null) : [];
}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

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
