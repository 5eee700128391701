import { stringify } from 'smol-toml';
import { readPattern } from '../../posture/patterns.ts';
import type { Output } from '../types.ts';
import { pathExpression } from './encode.ts';
import { hiddenOf, unsaidBy } from './hidden.ts';

export const gitleaks: Output = {
  id: 'gitleaks',
  title: 'gitleaks: its own rules, and every hidden file by its name',
  safeguards: ['SEC-4'],
  templateVersion: 1,
  guard: true,
  notes: context =>
    context.posture.scanning?.engines.includes('gitleaks')
      ? unsaidBy('gitleaks', { plain: hiddenOf(context).patterns, home: [] }, pathExpression)
      : [],
  render(context) {
    if (!context.posture.scanning?.engines.includes('gitleaks')) return [];
    const { patterns } = hiddenOf(context);
    const all = [...patterns, '!.env*.example'].flatMap(pattern => readPattern(pattern) ?? []);
    const said = (exception: boolean) =>
      all.filter(pattern => pattern.exception === exception).flatMap(pattern => pathExpression(pattern) ?? []);
    const hidden = said(false);
    const config = {
      title: 'agent-posture',
      extend: { useDefault: true },
      ...(hidden.length > 0
        ? {
            rules: [
              {
                id: 'agent-posture-hidden-file',
                description: 'A file that the posture hides from agents is in the repository',
                path: hidden.map(expression => `(?:${expression})`).join('|'),
                allowlists: [
                  { description: 'Exceptions of the posture, and examples', paths: [...new Set(said(true))] },
                ],
              },
            ],
          }
        : {}),
    };
    return [{ mode: 'owned', path: '.gitleaks.toml', content: `${stringify(config).trimEnd()}\n` }];
  },
};
