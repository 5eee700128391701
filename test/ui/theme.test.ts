import { describe, expect, it } from 'vitest';
import { isLightBackground } from '../../src/report/style.ts';
import { line, span } from '../../src/ui/lines.ts';
import { reflows, wrappedRows } from '../../src/ui/output.ts';
import { paint } from '../../src/ui/paint.ts';
import { createTheme } from '../../src/ui/theme.ts';

const options = { color: true, unicode: true, screenReader: false };

describe('theme', () => {
  it('has no look at all without colour', () => {
    const { looks } = createTheme({ ...options, color: false });
    expect(Object.values(looks).flatMap(look => Object.keys(look))).toEqual([]);
    const text = paint([line(span('x', 'bad'), span('y', 'strong'))], createTheme({ ...options, color: false }));
    expect(text).toBe('xy\n');
  });

  it('takes other colours on a light background', () => {
    expect(isLightBackground('0;15')).toBe(true);
    expect(isLightBackground('0;default;7')).toBe(true);
    expect(isLightBackground('15;0')).toBe(false);
    expect(isLightBackground('')).toBe(false);
    expect(isLightBackground(undefined)).toBe(false);
    expect(createTheme({ ...options, colorFgBg: '0;15' }).looks.accent).not.toEqual(createTheme(options).looks.accent);
  });

  it('is ASCII for a terminal that shows no more, and for a screen reader', () => {
    for (const theme of [createTheme({ ...options, unicode: false }), createTheme({ ...options, screenReader: true })])
      expect(Object.values(theme.glyphs).flat().join('')).toMatch(/^[ -~]*$/);
  });
});

describe('output', () => {
  it('counts the rows that a narrower window makes of a frame', () => {
    expect(wrappedRows('abc\n', 10)).toBe(2);
    expect(wrappedRows('abcdefghijk\n\u001b[31mabcdefghij\u001b[39m\n', 10)).toBe(4);
    expect(wrappedRows('漢字漢字漢字', 10)).toBe(2);
  });

  it('knows terminals that cut lines off instead', () => {
    expect(reflows({ TERM: 'xterm-256color' })).toBe(true);
    expect(reflows({ TERM: 'screen-256color', TMUX: '/tmp/tmux' })).toBe(true);
    expect(reflows({ TERM: 'screen' })).toBe(false);
    expect(reflows({ TERM: 'linux' })).toBe(false);
    expect(reflows({ TERM: 'xterm', XTERM_VERSION: 'XTerm(390)' })).toBe(false);
  });
});
