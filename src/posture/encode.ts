/** Words and numbers that some version of YAML reads as something else than text. */
const NOT_TEXT =
  /^(?:~|null|true|false|yes|no|on|off|y|n|[-+]?[\d_.]*(?:e[-+]?[\d_]+)?|0[xob][\da-f_]+|[-+]?\.(?:inf|nan)|\d+(?::[0-5]?\d)+(?:\.\d*)?|\d{4}-\d{1,2}-\d{1,2}.*|<<|=)$/i;
const PLAIN = /^[A-Za-z0-9_./~](?:[A-Za-z0-9_.,/@+~()=$-]| (?=[A-Za-z0-9_./@+~($])|:(?=[A-Za-z0-9_/.]))*$/;
/** What JSON leaves as it is, but a reader cannot see or a YAML reader stumbles over. */
const UNSEEN =
  /[\u007f-\u009f\u061c\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]|[\u{e0000}-\u{e007f}]/gu;

function escapeUnseen(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * A value as YAML on one line, for a block or (with `flow`) inside brackets. Text is written bare only where every YAML
 * reader takes it for that text; all else in double quotes, with escapes, so that no value can become structure.
 */
export function encodeScalar(value: unknown, flow = false): string {
  if (typeof value === 'string') {
    const bare = PLAIN.test(value) && !NOT_TEXT.test(value) && !(flow && value.includes(','));
    return bare ? value : JSON.stringify(value).replace(UNSEEN, escapeUnseen);
  }
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw new TypeError(`a ${typeof value} cannot be written into a posture`);
}

/** Columns that a list or mapping may take on one line. */
const WIDTH = 90;

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function members(value: Record<string, unknown>): [string, unknown][] {
  return Object.entries(value).filter(([, member]) => member !== undefined);
}

/** Any value on one line. */
export function encodeFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encodeFlow).join(', ')}]`;
  if (!isMapping(value)) return encodeScalar(value, true);
  const inside = members(value).map(([key, member]) => `${encodeScalar(key, true)}: ${encodeFlow(member)}`);
  return inside.length === 0 ? '{}' : `{ ${inside.join(', ')} }`;
}

/** A value that reads best on the line of its key, as text; undefined for what wants lines of its own. */
export function encodeInline(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    if (value.some(item => typeof item === 'object' && item !== null)) return undefined;
    const text = encodeFlow(value);
    return text.length <= WIDTH ? text : undefined;
  }
  if (!isMapping(value)) return encodeScalar(value);
  const all = members(value);
  if (all.length === 0) return '{}';
  if (all.length > 1 || encodeInline(all[0]?.[1]) === undefined) return undefined;
  const text = encodeFlow(value);
  return text.length <= WIDTH ? text : undefined;
}

/** A list or mapping as lines of a block, each indented by `indent` columns. */
export function encodeBlock(value: unknown, indent: number): string[] {
  if (Array.isArray(value)) return value.flatMap(item => encodeItem(item, indent));
  if (!isMapping(value)) return [`${' '.repeat(indent)}${encodeScalar(value)}`];
  return members(value).flatMap(([key, member]) => encodePair(key, member, indent));
}

/** `key: value` as lines. At the top of a file a mapping always gets lines of its own. */
export function encodePair(key: string, value: unknown, indent: number): string[] {
  const head = `${' '.repeat(indent)}${encodeScalar(key)}:`;
  const empty = isMapping(value) && members(value).length === 0;
  const inline = indent === 0 && isMapping(value) && !empty ? undefined : encodeInline(value);
  return inline === undefined ? [head, ...encodeBlock(value, indent + 2)] : [`${head} ${inline}`];
}

/** `- value` as lines. */
export function encodeItem(value: unknown, indent: number): string[] {
  const pad = ' '.repeat(indent);
  if (isMapping(value) && members(value).length > 0) {
    const [first = '', ...rest] = encodeBlock(value, indent + 2);
    return [`${pad}- ${first.trimStart()}`, ...rest];
  }
  return [`${pad}- ${encodeFlow(value)}`];
}
