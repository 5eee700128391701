import { execFileSync } from 'node:child_process';
import type { Facts } from '../../src/discover/facts.ts';
import { applyPlan } from '../../src/generate/apply.ts';
import { outputs } from '../../src/generate/outputs/index.ts';
import { planGeneration } from '../../src/generate/plan.ts';
import type { Posture } from '../../src/posture/schema.ts';
import { context, FULL, HOSTILE } from '../generate/outputs/lab.ts';
import { Stage } from './drive.ts';

/** A stage whose repository is one of git's. */
export function stageWithGit(): Stage {
  const stage = new Stage();
  execFileSync('git', ['init', '-q', '-b', 'main', stage.root]);
  return stage;
}

/** The same with the files that the agents' tests read and must not read. */
export function stageWithSecrets(): Stage {
  const stage = stageWithGit();
  for (const path of ['.env', 'sub/.env.local', 'secrets/a.txt', 'config/master.key', '~/.ssh/id'])
    stage.write(path, 'CANARY');
  stage.write('.env.development.example', 'NAMES');
  stage.write('src/app.ts', 'works');
  stage.write('agent-posture.yaml', 'version: 1\n');
  return stage;
}

/** Writes what the posture asks for into the stage's repository. */
export async function generate(stage: Stage, posture: Posture, facts: Partial<Facts> = {}): Promise<void> {
  const stateFolder = `${stage.folder}/state`;
  const plan = await planGeneration(context(posture, stage.root, facts), outputs, { stateFolder });
  await applyPlan(plan, { stateFolder });
}

/** The full posture for one agent, without a box: its rules alone. */
export const rulesOnly = (
  agent: 'codex' | 'gemini' | 'qwen' | 'opencode' | 'copilot' | 'cline' | 'aider',
): Posture => ({
  ...FULL,
  agents: [agent],
  isolation: { runtime: 'none', files: FULL.isolation?.files ?? {} },
});

/** The same with hostile text in every place that reaches an agent's settings. */
export const hostileRules = (agent: Parameters<typeof rulesOnly>[0]): Posture => ({
  ...rulesOnly(agent),
  isolation: { runtime: 'none', files: { hide: ['.env*', ...HOSTILE, ...HOSTILE.map(text => `~/${text}`)] } },
  repository: { protected: ['main', ...HOSTILE] },
});

/** Patterns whose names hold what means something in one syntax or another, files that they mean, and files beside them. */
export const ODD = {
  hide: [
    'exports/\\[prod] customers.csv',
    'app/(private)/**',
    '[a-c].key',
    'a\\*b',
    'x\\\\y',
    'é (1) {a,b}.txt',
    '/top',
  ],
  held: [
    'exports/[prod] customers.csv',
    'app/(private)/a.txt',
    'b.key',
    'sub/c.key',
    'a*b',
    'x\\y',
    'é (1) {a,b}.txt',
    'top',
  ],
  open: ['exports/p customers.csv', 'app/private/a.txt', 'd.key', 'axb', 'é (1) a.txt'],
} as const;

/** Lays those files. */
export function layOdd(stage: Stage): void {
  for (const path of ODD.held) stage.write(path, 'CANARY');
  for (const path of ODD.open) stage.write(path, 'works');
}

/** A posture that hides them, for one agent and its rules alone. */
export const hidingOdd = (agent: NonNullable<Posture['agents']>[number]): Posture => ({
  ...FULL,
  agents: [agent],
  isolation: { runtime: 'none', files: { hide: [...ODD.hide] } },
});

/** Pushes and commits that a rule over the text of a command can hold. */
export const PUSHES = [
  'git push origin main',
  'git push origin HEAD:main',
  'git -C . push origin main',
  'git push -f origin main',
  'git push origin +main',
  'git push origin HEAD:refs/heads/main',
  'git push origin HEAD:release/1',
  'git push --all origin',
  'git push --mirror origin',
  'git push --no-verify origin topic',
  'git commit --no-verify -m x',
  'git commit -n -m x',
  'git -c core.hooksPath=/dev/null commit -m x',
  'git -c core.hookspath=/dev/null commit -m x',
  'git push origin "main"',
  "git push origin 'HEAD:main'",
  'git push origin HEAD:refs/heads/main -f',
  'git commit -m x -n',
  'git commit -nm x',
  'git -C . commit --no-verify -m x',
];

/** Commands that have to work beside them. */
export const WORK = [
  'cat src/app.ts',
  'git commit --allow-empty -m maintenance',
  'git push origin topic',
  'git push -u origin HEAD:fix-main-menu',
];
