import { stringify } from 'smol-toml';
import type { Output } from '../types.ts';
import { pathExpression } from './encode.ts';
import { hiddenOf } from './hidden.ts';

export const gitleaks: Output = {
  id: 'gitleaks',
  title: 'gitleaks: its own rules, and every hidden file by its name',
  safeguards: ['SEC-4'],
  templateVersion: 1,
  guard: true,
  render(context) {
    if (!context.posture.scanning?.engines.includes('gitleaks')) return [];
    const { patterns } = hiddenOf(context);
    const hidden = patterns.filter(pattern => !pattern.startsWith('!')).map(pathExpression);
    const exceptions = [
      ...patterns.filter(pattern => pattern.startsWith('!')).map(pattern => pathExpression(pattern.slice(1))),
      pathExpression('.env*.example'),
    ];
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
                  { description: 'Exceptions of the posture, and examples', paths: [...new Set(exceptions)] },
                ],
              },
            ],
          }
        : {}),
    };
    return [{ mode: 'owned', path: '.gitleaks.toml', content: `${stringify(config).trimEnd()}\n` }];
  },
};
