import { describe, expect, it } from 'vitest';
import { painter } from '../../src/report/style.ts';

const style = { width: 80, color: true, unicode: true, verbose: false };

describe('colours of plain text', () => {
  it('are others where the background is light and they could not be read', () => {
    expect(painter(style)('yellow', 'x')).toBe('\u001b[33mx\u001b[39m');
    expect(painter({ ...style, light: true })('yellow', 'x')).toBe('\u001b[35mx\u001b[39m');
    expect(painter({ ...style, light: true })('cyan', 'x')).toBe('\u001b[34mx\u001b[39m');
    expect(painter({ ...style, light: true })('red', 'x')).toBe('\u001b[31mx\u001b[39m');
  });
  it('are none without colour', () => {
    expect(painter({ ...style, color: false, light: true })('yellow', 'x')).toBe('x');
  });
});
