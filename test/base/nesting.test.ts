import { describe, expect, it } from 'vitest';
import { isNestedDeep } from '../../src/base/nesting.ts';

describe('how deep a text is nested', () => {
  it.each([
    ['brackets', '['.repeat(201)],
    ['braces with keys', '{"a":'.repeat(201)],
    ['items in items', `${'- '.repeat(201)}x`],
    ['keys in keys', '? '.repeat(201)],
    ['indentation', Array.from({ length: 402 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')],
  ])('is too deep by %s', (_, text) => expect(isNestedDeep(text)).toBe(true));
  it.each([
    ['what is closed again', '[{}]'.repeat(1_000)],
    ['lines of their own', '- a\n'.repeat(1_000)],
    ['closing that was never opened', `${']'.repeat(1_000)}${'['.repeat(100)}`],
    ['rules between documents', '---\n'.repeat(1_000)],
    ['a long rule', `# ${'-'.repeat(1_000)}`],
    ['blanks at an end of a line', `a: b${' '.repeat(1_000)}\n`],
  ])('is not by %s', (_, text) => expect(isNestedDeep(text)).toBe(false));
});
