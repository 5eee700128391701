import { agentGuards } from '../../agents/guards.ts';
import { loginsOf } from '../../agents/index.ts';
import { plural } from '../../base/text.ts';
import { globOf, srtSettings, takesHost } from '../../isolation/srt/settings.ts';
import { readPattern } from '../../posture/patterns.ts';
import type { Output } from '../types.ts';
import { unsaidNote } from './hidden.ts';

const PATH = '.agent-posture/srt-settings.json';

export const srt: Output = {
  id: 'srt-settings',
  title: 'the box of the sandbox runtime (srt)',
  safeguards: ['ISO-1', 'ISO-3', 'SEC-1', 'GRD-1'],
  templateVersion: 1,
  guard: true,
  render({ posture }) {
    const { isolation, agents = [] } = posture;
    if (isolation?.runtime !== 'srt') return [];
    const logins = loginsOf(agents).flatMap(({ files }) => files.map(file => `~/${file}`));
    const settings = srtSettings(isolation, agentGuards(agents), logins);
    return [{ mode: 'owned', path: PATH, content: `${JSON.stringify(settings, null, 2)}\n` }];
  },
  notes({ posture: { isolation } }) {
    if (isolation?.runtime !== 'srt') return [];
    const left = (isolation.network?.allow ?? []).filter(host => !takesHost(host));
    const says = (line: string) => {
      const pattern = readPattern(line);
      return pattern !== undefined && globOf(pattern) !== undefined;
    };
    return [
      ...unsaidNote('The box of srt', isolation.files?.hide ?? [], says),
      ...(isolation.network === undefined
        ? [
            'srt lets nothing out of its box but listed hosts, and isolation.network lists none: nothing is reached from it',
          ]
        : []),
      ...(left.length > 0
        ? [
            `srt knows no host of this form, so ${plural(left.length, 'entry', 'entries')} of isolation.network.allow is left out`,
          ]
        : []),
    ];
  },
};
