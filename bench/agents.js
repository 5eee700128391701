import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { findPart } from '../scripts/parts.js';
import { bin, median, once, root, within, world } from './measure.js';

const AGENTS = ['claude-code', 'codex', 'gemini', 'opencode', 'copilot', 'qwen', 'cline'];

/** A posture with a few guards and files. */
const POSTURE = `version: 1
project: shop-api
agents: [${AGENTS.join(', ')}]
isolation:
  runtime: none
  files: { hide: [".env", ".env.production"] }
repository: { protected: [main] }
`;
/** Where a system has its own programs. */
const SYSTEM = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
/** So many rules through one agent, and rows of each at least: what is skipped is none. */
const RULES = 50;
const ROWS = 18;
/** What is refused counts once it was seen in two sessions. */
const SESSIONS = 2;

/** Fifty rules through Claude Code against as many of its calls bare; and all agents, a score of rows each. */
export default async () => {
  const missing = [...AGENTS, 'bubblewrap', 'node-22'].find(id => !findPart(id));
  if (missing) throw new Error(`${missing} is missing: npm run parts -- ${missing}`);
  const program = join(root, 'dist', `bench-agents-${process.pid}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: ['bench/agents-program.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    define: { __VERSION__: '"0"', __BUILD__: '"0"' },
    banner: {
      js: "import { createRequire as __require } from 'node:module'; const require = __require(import.meta.url);",
    },
    logLevel: 'error',
  });
  try {
    return [fifty(program), ...all(program)];
  } finally {
    rmSync(program, { force: true });
  }
};

function fifty(program) {
  const runs = JSON.parse(
    once(process.execPath, [program, 'fifty', findPart('claude-code')], { env: process.env }).stdout,
  );
  const ratios = runs.map(({ ms, bare }) => ms / bare);
  const { ms, bare, calls, held } = runs[ratios.indexOf(median(ratios))];
  const told = `${held} held, ${calls} calls, ${ms.toFixed(0)} ms against ${bare.toFixed(0)} ms`;
  // A session that broke off is fast.
  if (held !== RULES) throw new Error(`${held} of ${RULES} rules were held: ${told}`);
  return within('50 rules through Claude Code, against its calls bare', median(ratios), 1.25, '×', told);
}

function all(program) {
  // Codex takes no home below /tmp.
  process.env.TMPDIR = '/var/tmp';
  const { repository, env } = world({
    'agent-posture.yaml': POSTURE,
    '.env': 'API_TOKEN=x\n',
    '.env.production': 'API_TOKEN=x\n',
  });
  // Without the shims of managers of versions, of which each start is a tenth of a second of shell.
  const PATH = [...['node-22', ...AGENTS].map(id => dirname(findPart(id))), dirname(process.execPath), SYSTEM].join(
    ':',
  );
  const run = (args, codes) =>
    once(process.execPath, [bin, ...args], { cwd: repository, env: { ...env, PATH }, codes });
  // Warm: Copilot unpacks itself in a home at its first start.
  once(findPart('copilot'), ['--version'], { cwd: repository, env: { ...env, PATH } });
  run(['generate'], [0]);
  const test = () => run(['test', '--agent', 'all', '--json', '--trust', '--safeguard', 'SEC-1'], [0, 1, 3]);
  const first = test();
  const { rows } = JSON.parse(first.stdout);
  const counts = AGENTS.map(
    id => rows.filter(({ vantage, verdict }) => vantage === `agent:${id}` && verdict !== 'skipped').length,
  );
  const few = AGENTS.filter((_id, at) => counts[at] < ROWS);
  if (few.length > 0) throw new Error(`fewer than ${ROWS} rows: ${few.join(', ')} (${counts.join(', ')})`);
  const each = AGENTS.map((id, at) => ({ id, program: findPart(id), sessions: SESSIONS, calls: counts[at] }));
  const bare = () =>
    Number(once(process.execPath, [program, 'bare', JSON.stringify(each)], { env: { ...env, PATH } }).stdout);
  const runs = [1, 2, 3].map(() => ({ took: test().took, bare: bare() }));
  const took = median(runs.map(run => run.took));
  const told = `${counts.join(', ')} rows`;
  return [
    within(`all seven agents, ${ROWS} rows each`, took / 1000, 30, 's', told),
    within(
      'the same, against their starts and a call a row bare',
      median(runs.map(run => run.took / run.bare)),
      2,
      '×',
      `${(median(runs.map(run => run.bare)) / 1000).toFixed(0)} s bare, in ${SESSIONS} sessions each`,
    ),
  ];
}
