import type { Output } from '../types.ts';
import { hiddenOf } from './hidden.ts';

/** A gitignore line that means the pattern and nothing else: blanks at its end count, `#` at its start is no comment. */
function line(pattern: string): string {
  return pattern.replace(/ +$/, blanks => '\\ '.repeat(blanks.length)).replace(/^#/, String.raw`\#`);
}

export const gitignore: Output = {
  id: 'gitignore',
  title: 'git ignores the hidden files, and keeps their examples',
  safeguards: ['SEC-1'],
  templateVersion: 1,
  guard: true,
  render(context) {
    const patterns = hiddenOf(context).patterns.filter(pattern => pattern.trim() !== '');
    if (patterns.length === 0) return [];
    const lines = [...patterns.map(line), '!.env*.example', '*.agent-posture-new'];
    return [{ mode: 'block', path: '.gitignore', comment: '#', lines: [...new Set(lines)] }];
  },
};
