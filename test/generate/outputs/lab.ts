import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Facts } from '../../../src/discover/facts.ts';
import { applyPlan } from '../../../src/generate/apply.ts';
import { outputs } from '../../../src/generate/outputs/index.ts';
import { type PlanOptions, planGeneration } from '../../../src/generate/plan.ts';
import type { Plan, RenderContext, Rendered } from '../../../src/generate/types.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { contextOf } from '../support/context.ts';

/** A posture that asks for every output. */
export const FULL: Posture = {
  version: 1,
  project: 'shop-api',
  agents: ['claude-code', 'codex', 'gemini', 'qwen', 'opencode', 'copilot', 'cline', 'cursor', 'windsurf', 'aider'],
  managedSettings: true,
  environments: { development: { agentAccess: 'write' }, production: { agentAccess: 'none' } },
  systems: [
    {
      id: 'orders-db',
      kind: 'postgres',
      environment: 'production',
      address: 'db.example.com:5432',
      holds: ['customer-pii'],
      normally: { by: 'app servers', rowsPerQuery: 200, note: 'read replicas at night' },
    },
  ],
  data: [{ id: 'customer-pii', tables: ['public.customers'], files: ['exports/**'] }],
  secrets: { managers: { development: 'local' } },
  credentials: [
    { id: 'dev-db', environment: 'development', kind: 'postgres-role', inject: 'DATABASE_URL', lifetime: '8h' },
  ],
  isolation: {
    runtime: 'docker',
    network: { allow: ['api.anthropic.com', '*.example.com:8443'] },
    files: { write: ['.'], hide: ['~/.ssh', '~/.aws', '.env*', '!.env*.example', 'secrets/', 'config/master.key'] },
  },
  repository: {
    forge: 'github',
    protected: ['main', 'release/*'],
    reviews: 1,
    owners: { 'src/auth/**': ['@alice'] },
    agentIdentity: { name: 'shop-agent', email: 'agent@example.com' },
    attribution: true,
  },
  scanning: { engines: ['builtin', 'gitleaks', 'git-secrets'], at: ['commit', 'push', 'ci', 'history'] },
  ci: ['drift', 'selftest'],
  review: { network: 'warn', auth: 'block', queries: 'warn', dependencies: 'block', files: 'warn' },
  accepted: [
    { safeguard: 'SEC-1', target: '~/.npmrc', reason: 'read-only token', owner: 'alice', until: '2027-01-31' },
  ],
};

/** What a stranger could write into every free text, each harmful in some format. */
export const HOSTILE = [
  `'; touch PWNED; '`,
  '"; touch PWNED; "',
  '$(touch PWNED)',
  '`touch PWNED`',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text itself.
  '${{ secrets.X }}${HOME}${localEnv:HOME}',
  "'; DROP TABLE users; --",
  '../../etc/passwd',
  '\u001b[31mred\u001b]0;title\u0007',
  '\u202eright\u2066to left\u200b',
  'a\n!!python/object:x\nb: c',
  '"""\n[permissions]\nx = 1\n"""',
  "'''\n[[rules]]\n",
  '</script><img src=x onerror=alert(1)> | [a](javascript:x) `code`',
  '*) touch PWNED ;; x',
  'a\\',
  '\u0000nul',
  '}}],"permissions":{"allow":["Bash(*)"]}',
] as const;

export function context(posture: Posture, root: string, facts: Partial<Facts> = {}): RenderContext {
  const plain = contextOf(root, posture);
  const git = { ...plain.facts.git, present: true, ...facts.git };
  return { ...plain, facts: { ...plain.facts, ...facts, git } };
}

/** All that the outputs render, by path. */
export function render(posture: Posture, facts: Partial<Facts> = {}): Map<string, Rendered> {
  const rendered = outputs.flatMap(output => output.render(context(posture, '/nowhere', facts)));
  return new Map(rendered.map(each => [each.mode === 'git-config' ? each.key : each.path, each]));
}

/** A repository with a bare remote, into which the real engine writes what the outputs render. */
export class Repository {
  readonly folder = mkdtempSync(join(tmpdir(), 'outputs-'));
  readonly root = join(this.folder, 'repository');
  readonly remote = join(this.folder, 'remote.git');

  constructor() {
    mkdirSync(this.root);
    execFileSync('git', ['init', '-q', '-b', 'main', this.root]);
    execFileSync('git', ['init', '-q', '-b', 'main', '--bare', this.remote]);
    // Written rather than told to git, which would be started three times for each of hundreds of repositories.
    const origin = `[remote "origin"]\n\turl = ${JSON.stringify(this.remote)}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
    appendFileSync(join(this.root, '.git/config'), `[user]\n\tname = Dev\n\temail = dev@example.com\n${origin}`);
  }

  plan(posture: Posture, facts: Partial<Facts> = {}, options: PlanOptions = {}): Promise<Plan> {
    const stateFolder = join(this.folder, 'state');
    return planGeneration(context(posture, this.root, facts), outputs, { stateFolder, ...options });
  }

  async generate(posture: Posture, facts: Partial<Facts> = {}, options: PlanOptions = {}): Promise<Plan> {
    const plan = await this.plan(posture, facts, options);
    await applyPlan(plan, { stateFolder: join(this.folder, 'state') });
    return plan;
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  /** Runs git as a user does: with hooks, and with nobody's settings but the repository's. */
  run(
    args: readonly string[],
    env: Record<string, string> = {},
  ): { code: number | null; stderr: string; stdout: string } {
    const { status, stderr, stdout } = spawnSync('git', args, {
      cwd: this.root,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: this.folder, GIT_CONFIG_NOSYSTEM: '1', ...env },
    });
    return { code: status, stderr, stdout };
  }

  git(...args: string[]): string {
    const { code, stderr, stdout } = this.run(args);
    if (code !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
