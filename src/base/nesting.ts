/** Deeper than any file that people or programs write, and far from where a parser that calls itself comes to its end. */
const DEPTH = 200;

/**
 * Whether a text of YAML, TOML or JSON is nested deeper than is read. A parser that calls itself would run out of stack on
 * it, which not every version of Node survives: where a regular expression is made just then, the whole process ends.
 * Brackets in strings count too, so that this is quick; one that is refused by mistake is a fact less.
 */
export function isNestedDeep(text: string): boolean {
  let depth = 0;
  let column = 0;
  let leading = true;
  let indicators = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10) {
      [column, leading, indicators] = [0, true, 0];
      continue;
    }
    column++;
    if (code === 91 || code === 123) {
      if (++depth > DEPTH) return true;
    } else if ((code === 93 || code === 125) && depth > 0) depth--;
    // `- - - a` is nested as deep as it has signs, and any line as deep as it is indented.
    else if (leading && (code === 45 || code === 63) && ++indicators > DEPTH) return true;
    if (leading && code !== 32 && code !== 45 && code !== 63) {
      if (column > 2 * DEPTH) return true;
      leading = false;
    }
  }
  return false;
}
