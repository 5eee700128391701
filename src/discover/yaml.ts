import { isMap, isScalar, type LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { isNestedDeep } from '../base/nesting.ts';

/** A YAML document that cannot be made to grow: undefined where it does not parse to a mapping. */
export function yamlMap(text: string, lines: LineCounter): YAMLMap | undefined {
  if (isNestedDeep(text)) return undefined;
  try {
    const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent', uniqueKeys: false, merge: true });
    return isMap(document.contents) ? document.contents : undefined;
  } catch {
    // Nested so deep that the parser gave up.
    return undefined;
  }
}

export const keyOf = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : '');
export const lineOf = (pair: Pair, lines: LineCounter): number =>
  isScalar(pair.key) && pair.key.range ? lines.linePos(pair.key.range[0]).line : 1;
export const textAt = (map: YAMLMap, key: string): string | undefined => {
  const value = map.get(key);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};
