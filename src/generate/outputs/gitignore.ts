import type { Output } from '../types.ts';
import { idleNote } from './hidden.ts';
import { ignoreLines } from './ignore-file.ts';

export const gitignore: Output = {
  id: 'gitignore',
  title: 'git ignores the hidden files, and keeps their examples',
  safeguards: ['SEC-1'],
  templateVersion: 1,
  guard: true,
  notes: idleNote,
  render(context) {
    const lines = ignoreLines(context);
    if (lines.length === 0) return [];
    return [{ mode: 'block', path: '.gitignore', comment: '#', lines: [...lines, '*.agent-posture-new'] }];
  },
};
