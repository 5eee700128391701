import { bin, once, POSTURE, within, world } from './measure.js';

const REPORT = 'process.on("exit", () => process.stderr.write("RSS " + process.resourceUsage().maxRSS))';
const MEMORY = `data:text/javascript,${encodeURIComponent(REPORT)}`;

function large() {
  const systems = Array.from(
    { length: 1_000 },
    (_, i) => `  - { id: db-${i}, kind: postgres, environment: production, address: "db-${i}.example.com:5432" }`,
  );
  const credentials = Array.from(
    { length: 10_000 },
    (_, i) =>
      `  - { id: c-${i}, environment: production, system: db-${i % 1_000}, kind: postgres-role, rotateEvery: 30d }`,
  );
  return `${POSTURE}systems:\n${systems.join('\n')}\ncredentials:\n${credentials.join('\n')}\n`;
}

/** 1,000 systems and 10,000 credentials: every command but `test` within 2 s and 300 MB. */
export default async () => {
  const { repository, env } = world({ 'agent-posture.yaml': large() });
  const commands = [
    ['generate'],
    ['generate', '--check'],
    ['generate', '--diff'],
    ['status'],
    ['explain', 'SEC-1'],
    ['doctor'],
    ['run', '--', 'true'],
    ['init', '--yes', '--no-test', '--dry-run'],
    ['undo', '--yes'],
  ];
  return commands.flatMap(args => {
    const { took, stderr } = once(process.execPath, ['--import', MEMORY, bin, ...args], { cwd: repository, env });
    const memory = Number(/RSS (\d+)/.exec(stderr)?.[1]) / 1000;
    const name = `large posture: ${args.join(' ')}`;
    return [within(name, took / 1000, 2, 's'), within(`${name}, memory`, memory, 300, 'MB')];
  });
};
