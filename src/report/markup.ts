import { oneLine } from '../base/text.ts';

/** What XML 1.0 cannot hold and HTML counts as an error: halves of characters, and code points that are none. */
const NO_CHARACTER = /[\p{Surrogate}\p{Noncharacter_Code_Point}]/gu;

/** What begins markup, or ends what is quoted; and the middle of what a CI takes for a command (see `escapeCi`). */
const SPECIAL = /[&<>"']|#(?=#)|:(?=:)/g;

/**
 * Text from outside for XML and HTML alike, as content or in a quoted attribute: on one line, without controls and marks
 * that reorder or hide, and everything special as a numeric reference, so that readers get the text as it is.
 */
export function markup(text: string | number): string {
  return oneLine(`${text}`)
    .replace(NO_CHARACTER, '\ufffd')
    .replace(SPECIAL, found => `&#${found.charCodeAt(0)};`);
}
