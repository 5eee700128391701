import { list } from '../base/text.ts';
import type { Posture } from '../posture/schema.ts';

const STAGES = ['commit', 'push', 'ci', 'history'] as const;

/** What the posture asked for and a new one no longer does, each in one line: such a plan closes nothing. Pure. */
export function loosenings(before: Posture, after: Posture): string[] {
  const gone = (old: readonly string[] | undefined, now: readonly string[] | undefined) =>
    (old ?? []).filter(each => !(now ?? []).includes(each));
  const box = ({ isolation }: Posture) => isolation?.runtime ?? 'none';
  const stages = ({ scanning }: Posture) => (scanning ? (scanning.at ?? STAGES) : []);
  const closed = ({ systems = [], environments = {} }: Posture) =>
    systems
      .filter(({ environment }) => ((environment && environments[environment]?.agentAccess) || 'none') === 'none')
      .map(({ id }) => id);
  const branches = gone(before.repository?.protected, after.repository?.protected);
  const scans = gone(stages(before), stages(after));
  const systems = gone(closed(before), closed(after));
  const hidden = gone(before.isolation?.files?.hide, after.isolation?.files?.hide);
  const hosts = before.isolation?.network?.allow;
  const opened = hosts && gone(after.isolation?.network?.allow, hosts);
  return [
    ...(box(before) !== 'none' && box(after) === 'none'
      ? [`the agent is no longer boxed in (${box(before)} before)`]
      : []),
    ...(branches.length > 0 ? [`pushes to ${list(branches)} are no longer refused`] : []),
    ...(scans.length > 0 ? [`secrets are no longer looked for at: ${list(scans)}`] : []),
    ...(systems.length > 0 ? [`${list(systems)} may be touched`] : []),
    ...(hidden.length > 0 ? [`no longer hidden: ${list(hidden)}`] : []),
    ...(hosts && (opened?.length ?? 0) > 0 ? [`more hosts can be reached: ${list(opened ?? [])}`] : []),
    ...(hosts && after.isolation?.network?.allow === undefined && box(after) !== 'none'
      ? ['every host can be reached']
      : []),
  ];
}
