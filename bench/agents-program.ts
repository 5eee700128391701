// Run by bench/agents.js, prints one line of JSON: `fifty`: fifty rules through Claude Code, and as many of its calls bare; `bare`:
// how long each of these agents takes for so many calls with nothing around them.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Driver } from '../src/agents/driver.ts';
import { AT_ONCE, driverOf, longestFirst } from '../src/agents/drivers.ts';
import { someAtOnce } from '../src/base/all.ts';
import { stateHome } from '../src/base/state-home.ts';
import { driveColumn } from '../src/selftest/drive/column.ts';
import { Ground } from '../src/selftest/drive/ground.ts';
import { ScriptedModel } from '../src/selftest/drive/model.ts';
import { startAgent } from '../src/selftest/drive/session.ts';
import { Stage } from '../src/selftest/drive/stage.ts';
import type { DriveSubject } from '../src/selftest/drive/subjects.ts';
import { triesOf } from '../src/selftest/drive/tries.ts';

interface Bare {
  id: string;
  program: string;
  sessions: number;
  /** In each session. */
  calls: number;
}

const RULES = 50;
const [what, given = ''] = process.argv.slice(2);
mkdirSync(stateHome(), { recursive: true });
const root = join(mkdtempSync(join(stateHome(), 'bench-')), 'repository');
mkdirSync(root);

let calls = 0;
const made = ScriptedModel.prototype.calls;
ScriptedModel.prototype.calls = function (...args) {
  calls++;
  return made.apply(this, args);
};

const subjects = Array.from(
  { length: RULES },
  (_, at): DriveSubject => ({
    kind: 'read',
    target: `private/${at}.txt`,
    attempt: 'read',
    expect: 'deny',
    probe: { safeguard: 'SEC-1', severity: 'high', group: 'secrets', origin: 'secret-file' },
    path: `private/${at}.txt`,
    rules: [],
  }),
);

function stageWithRules(): Stage {
  const stage = new Stage({ home: homedir(), root });
  const deny = subjects.map(({ path }) => `Read(./${path})`);
  stage.write('.claude/settings.json', JSON.stringify({ permissions: { deny } }));
  stage.write('src/app.js', 'console.log(1);\n');
  for (const { path = '' } of subjects) stage.write(path, '');
  return stage;
}

/** Fifty rows with their repeats and controls. Milliseconds, calls and rows that were held. */
async function judged(driver: Driver, program: string) {
  const stage = stageWithRules();
  try {
    const ground = new Ground(stage);
    ground.commit(subjects);
    const tries = triesOf(subjects, { driver, contained: true, ...stage.seen, deep: false, ways: 0, has: () => true });
    const before = calls;
    const started = performance.now();
    const { records } = await driveColumn(tries, {
      driver,
      program,
      stage,
      ground,
      denied: { programs: [], pushes: false },
    });
    const held = records.filter(
      ({ tries: all }) => all.length === 2 && all.every(({ refused }) => refused === 'rule'),
    ).length;
    return { ms: performance.now() - started, calls: calls - before, held };
  } finally {
    stage.remove();
  }
}

/** So many calls in one session, with nothing around them. Milliseconds. */
async function bare(driver: Driver, program: string, count: number) {
  const stage = stageWithRules();
  try {
    const started = performance.now();
    const session = await startAgent(driver, program, stage);
    if (!(await session.model.ready(60_000))) throw new Error(`${driver.agent.id} did not start`);
    for (let at = 0; at < count; at++)
      await session.model.call(driver.tools.read?.(stage.inside('src/app.js')) ?? driver.tools.shell('true'));
    await session.close();
    return performance.now() - started;
  } finally {
    stage.remove();
  }
}

async function fifty(program: string) {
  const driver = driverNamed('claude-code');
  await judged(driver, program);
  const runs = [];
  for (let times = 0; times < 3; times++) {
    const subject = await judged(driver, program);
    runs.push({ ...subject, bare: await bare(driver, program, subject.calls) });
  }
  return runs;
}

/** All of these, as many at once as a test drives. Milliseconds. */
async function allBare(agents: readonly Bare[]) {
  const started = performance.now();
  const one = async ({ id, program, sessions, calls: each }: Bare) => {
    for (let times = 0; times < sessions; times++) await bare(driverNamed(id), program, each);
  };
  await someAtOnce(
    longestFirst(agents, ({ id }) => id),
    AT_ONCE,
    one,
    undefined,
  );
  return performance.now() - started;
}

function driverNamed(id: string): Driver {
  const driver = driverOf(id);
  if (!driver) throw new Error(`no agent called ${id} is driven`);
  return driver;
}

try {
  process.stdout.write(JSON.stringify(await (what === 'bare' ? allBare(JSON.parse(given)) : fifty(given))));
} finally {
  rmSync(dirname(root), { recursive: true, force: true });
}
