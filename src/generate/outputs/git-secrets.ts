import type { Output } from '../types.ts';
import { template } from './template.ts';

const PATH = '.agent-posture/git-secrets-patterns';

/**
 * The hooks' own expression as git-secrets takes one (https://github.com/awslabs/git-secrets): it splits what it is given at
 * blanks, looks for whole words, and hands it to grep as it is, so it must not begin with a dash.
 */
function pattern(): string {
  const [, tokens = ''] = /^tokens='(.*)'$/m.exec(template('githooks/secrets', { HIDDEN: '' })) ?? [];
  const whole = tokens
    .replaceAll('(^|[^A-Za-z0-9])', '')
    .replaceAll('([^0-9A-Za-z]|$)', '')
    .replace(/\{(\d+)\}/g, '{$1,}')
    .replaceAll(' ]', '[:space:]]')
    .replaceAll(' ', '[[:space:]]');
  return `(${whole})`;
}

export const gitSecrets: Output = {
  id: 'git-secrets',
  title: 'git-secrets: what private keys and known tokens look like',
  safeguards: ['SEC-4'],
  templateVersion: 1,
  guard: true,
  render({ posture }) {
    if (!posture.scanning?.engines.includes('git-secrets')) return [];
    const lines = [
      '# What git-secrets looks for here, beside your own patterns: the hooks and CI give it this file. By hand:',
      `# git config --add secrets.providers 'grep -v ^# ${PATH}'`,
      '# It passes over what .gitattributes calls binary; the checks in the hooks do not.',
      pattern(),
    ];
    return [{ mode: 'owned', path: PATH, content: `${lines.join('\n')}\n` }];
  },
};
