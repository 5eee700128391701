import { findPart } from '../scripts/parts.js';
import { bin, median, once, POSTURE, paired, within, world } from './measure.js';

const RUN = [bin, 'test', '--json', '--quiet', '--trust'];
const CODES = [0, 1, 3];

/** Agentless `test` of the host and one sandbox: 60 tries and more, where nothing is dropped and where one address drops all. */
export default async () => {
  if (!findPart('bubblewrap')) throw new Error('bubblewrap is missing: npm run parts -- bubblewrap');
  const { repository, env } = world({ 'agent-posture.yaml': POSTURE, '.env': 'API_TOKEN=x\n' });
  const run = (args = RUN, program = process.execPath) => once(program, args, { cwd: repository, env, codes: CODES });
  const { rows } = JSON.parse(run().stdout);
  const tried = rows.filter(({ verdict }) => verdict !== 'skipped').length;
  const { subject, baseline } = await paired(() => run().took, 7);
  return [
    within('tries of one run (at least 60)', 60 / tried, 1, '', `${tried} tried, ${rows.length} rows`),
    within('test, host and one sandbox', subject / 1000, 1, 's'),
    within(
      'test, against node -e 0',
      subject / baseline,
      12,
      '×',
      `${subject.toFixed(0)} ms against ${baseline.toFixed(0)} ms`,
    ),
    ...dropping(),
  ];
};

/** The same in a network namespace of our own, with one declared system behind an interface that drops every packet. */
function dropping() {
  const posture = `${POSTURE}systems:\n  - { id: db, kind: postgres, environment: production, address: "10.255.0.2:5432" }\n`;
  const { repository, env } = world({ 'agent-posture.yaml': posture, '.env': 'API_TOKEN=x\n' });
  const script =
    'PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && ip link add drop0 type dummy && ip addr add 10.255.0.1/24 dev drop0 && ip link set drop0 up && exec "$@"';
  const args = ['-Urn', 'sh', '-c', script, 'sh', process.execPath, ...RUN];
  const runs = Array.from({ length: 3 }, () => once('unshare', args, { cwd: repository, env, codes: CODES }));
  const bounds = runs.map(({ stdout }) =>
    Math.max(
      ...JSON.parse(stdout)
        .rows.filter(({ attempt }) => attempt === 'connect')
        .map(({ durationMs }) => durationMs),
    ),
  );
  const took = median(runs.map(run => run.took));
  const bound = median(bounds);
  return [
    within('test with an address that drops all', took / 1000, 3, 's'),
    within(
      'the same, against its slowest single bound',
      took / bound,
      1.2,
      '×',
      `${took.toFixed(0)} ms against ${bound} ms`,
    ),
  ];
}
