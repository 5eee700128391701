import { agentGuards } from '../../agents/guards.ts';
import type { Posture } from '../../posture/schema.ts';
import type { Output } from '../types.ts';
import { shellWord } from './encode.ts';
import { caseNotes, hiddenCases } from './hidden-cases.ts';
import { template } from './template.ts';

const PATH = '.agent-posture/bwrap.sh';

/** A place in the repository that may be written, or undefined: patterns are for the program that can look them up. */
function place(pattern: string): string | undefined {
  const path = pattern.replace(/^(?:\.\/)+(?=.)/, '').replace(/\/(?:\*\*)?$/, '') || '.';
  const outside = path.split('/').includes('..') || /^[~/!]/.test(path);
  return outside || /[*?[\]\p{Cc}]/u.test(path) ? undefined : path;
}

/** All of the root, or single places in it: those are named, and must be there. */
function writing(posture: Posture): { ROOT: string; WRITE: string } {
  const places = (posture.isolation?.files?.write ?? ['.']).flatMap(pattern => place(pattern) ?? []);
  if (places.includes('.')) return { ROOT: '--bind', WRITE: '' };
  const words = places.map(shellWord).join(' ');
  const lines = [
    `for folder in ${words}; do`,
    '  if [ -e "$folder" ] && [ ! -L "$folder" ]; then set -- --bind "$root/$folder" "$root/$folder" "$@"; fi',
    'done',
  ];
  return { ROOT: '--ro-bind', WRITE: words === '' ? '' : lines.join('\n') };
}

/** Without a proxy no host can be told from another: then there is no network at all, and that is said. */
function network(posture: Posture): string {
  const allow = posture.isolation?.network?.allow;
  if (allow === undefined) return '';
  const lines = ['set -- --unshare-net "$@"', ''];
  if (allow.length > 0)
    lines.unshift(
      "printf 'agent-posture: the hosts of isolation.network.allow need agent-posture run; nothing of the network is in this box\\n' >&2",
    );
  return lines.join('\n');
}

export const bwrap: Output = {
  id: 'bwrap-script',
  title: 'the box of bubblewrap as a script, for where this program is not installed',
  safeguards: ['ISO-1', 'ISO-3', 'SEC-1', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  notes: context => (context.posture.isolation?.runtime === 'bubblewrap' ? caseNotes(PATH, context) : []),
  render(context) {
    const { posture } = context;
    if (posture.isolation?.runtime !== 'bubblewrap') return [];
    const guards = agentGuards(posture.agents ?? []).map(guard => shellWord(guard.replace(/\/+$/, '')));
    return [
      {
        mode: 'owned',
        path: PATH,
        executable: true,
        content: template('bubblewrap/box', {
          HIDDEN: hiddenCases(context),
          GUARDS: guards.join(' '),
          ...writing(posture),
          NETWORK: network(posture),
        }),
      },
    ];
  },
};
