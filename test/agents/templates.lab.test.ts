import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import type { PartId } from '../../scripts/parts.js';
import type { AgentRule, Driver } from '../../src/agents/driver.ts';
import { driverOf, drivers } from '../../src/agents/drivers.ts';
import { HOOK_FILE } from '../../src/agents/hook.ts';
import { agents } from '../../src/agents/index.ts';
import { makeLab } from '../../src/cli/reach-lab.ts';
import { patternRules } from '../../src/posture/patterns.ts';
import { type Made, makeCall } from '../../src/selftest/drive/calls.ts';
import { Ground, withProof } from '../../src/selftest/drive/ground.ts';
import { lay } from '../../src/selftest/drive/lay.ts';
import { type AgentSession, startAgent } from '../../src/selftest/drive/session.ts';
import { Stage } from '../../src/selftest/drive/stage.ts';
import { type DriveTry, triesOf } from '../../src/selftest/drive/tries.ts';
import { agentOf, inNewHome, subject } from '../selftest/drive/lab.ts';
import { describeWith, firstOnPath, part } from '../support/parts.ts';
import { type Example, examplesFor } from './examples.ts';

/** A rule as it stands in a generated file, and whether it speaks of a call. */
interface Rule {
  text: string;
  means(tool: Example['tool'], said: string): boolean;
}

const wildcard = (pattern: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map(text => text.replace(/[.+^${}()|[\]\\?]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );

/** By the pattern of gitignore that the driver reads in it. */
function byPattern({ text, what }: AgentRule): Rule {
  return {
    text,
    means(tool, said) {
      if (what.kind !== 'read' && what.kind !== 'write') return false;
      const inHome = said.startsWith('~/');
      if (tool !== what.kind || inHome !== what.pattern.startsWith('~/')) return false;
      return patternRules([inHome ? `/${what.pattern.slice(2)}` : what.pattern]).ignores(inHome ? said.slice(2) : said);
    },
  };
}

/** By a pattern of picomatch, which means the names that it matches and not what lies below. */
function byName(text: string): Rule {
  const [, tool, path = ''] = /^(\w+)\((.*)\)$/.exec(text) ?? [];
  const expression = path
    .replace(/^\//, '')
    .replace(/[.+^${}()|[\]\\?]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*/g, star => (star === '*' ? '[^/]*' : star === '**' ? '.*' : '(?:.*/)?'));
  return {
    text,
    means: (by, said) => by === (tool === 'Read' ? 'read' : 'write') && new RegExp(`^${expression}$`).test(said),
  };
}

/** `permissions.deny` of Claude Code and its kin. */
const denied =
  (path: string, reads?: (text: string) => Rule) =>
  (stage: Stage, { rules }: Driver): Rule[] => {
    const text = stage.read(path) ?? '';
    const all: string[] = JSON.parse(text).permissions.deny;
    return all.map(rule => {
      const glob = /^Bash\((.*)\)$/.exec(rule)?.[1];
      if (glob !== undefined)
        return { text: rule, means: (tool, said) => tool === 'shell' && wildcard(glob).test(said) };
      if (reads) return reads(rule);
      const [read] = rules?.([{ path, text: JSON.stringify({ permissions: { deny: [rule] } }) }]) ?? [];
      return read ? byPattern(read) : { text: rule, means: () => false };
    });
  };

/** What our own hook goes by. */
function ofHook(stage: Stage): Rule[] {
  const text = stage.read(HOOK_FILE) ?? '';
  const found: Record<string, string[]> = JSON.parse(/^const RULES = (\{[\s\S]*?^\});$/m.exec(text)?.[1] ?? '{}');
  const of = (name: string, tools: readonly Example['tool'][], as: (said: string) => string) =>
    (found[name] ?? []).map(
      (expression): Rule => ({
        text: `${name} ${expression}`,
        means: (tool, said) => tools.includes(tool) && new RegExp(expression).test(as(said)),
      }),
    );
  const asPath = (said: string) => `"path":${JSON.stringify(said)}`;
  return [
    ...of('hiddenPaths', ['read', 'write'], asPath),
    ...of('guardPaths', ['write'], asPath),
    ...['hiddenCommands', 'guardCommands', 'pushes'].flatMap(name => of(name, ['shell'], said => JSON.stringify(said))),
  ];
}

interface Agent {
  id: PartId;
  needs?: readonly PartId[];
  /** Each rule of what is generated. */
  rules(stage: Stage, driver: Driver): Rule[];
  /** By which tool a rule over several is tried first: its ignore file is for one that reads. */
  first?: Example['tool'];
  /** What comes back where a rule of ours holds, if the agent refuses some of it by itself too. */
  says?: RegExp;
}

const AGENTS: readonly Agent[] = [
  { id: 'claude-code', rules: denied('.claude/settings.json') },
  {
    id: 'codex',
    rules: (stage, { rules }) => {
      const path = '.codex/config.toml';
      const text = stage.read(path) ?? '';
      // Every path of the profile's file system, below the workspace and elsewhere.
      const { filesystem } = Object.values(parse(text).permissions as Record<string, { filesystem: object }>)[0] ?? {};
      const {
        ':workspace_roots': below,
        glob_scan_max_depth: _depth,
        ...others
      } = (filesystem ?? {}) as Record<string, object>;
      const found = (rules?.([{ path, text }]) ?? []).map(byPattern);
      return Object.entries({ ...others, ...below }).map(([place, access]) => {
        const said = `${JSON.stringify(place)} = ${JSON.stringify(access)}`;
        return found.find(rule => rule.text === said) ?? { text: said, means: () => false };
      });
    },
  },
  {
    id: 'gemini',
    rules: stage => {
      const all = parse(stage.read('.gemini/policies/agent-posture.toml') ?? '').rule as {
        toolName: string[];
        argsPattern: string;
      }[];
      const names = { read: 'read_file', write: 'write_file', shell: 'run_shell_command' };
      return all.map(({ toolName, argsPattern }) => ({
        text: `${toolName.join(' ')} ${argsPattern}`,
        means: (tool, said) =>
          toolName.includes(names[tool]) &&
          new RegExp(argsPattern).test(
            JSON.stringify(tool === 'shell' ? { command: said } : { file_path: stage.inside(said) }),
          ),
      }));
    },
    first: 'write',
    // It goes by walls of its own before it looks at policies.
    says: /^(?:Tool execution denied by policy\. .|Path not in workspace: .*\/\.(?:env|git)\b)/,
  },
  {
    id: 'opencode',
    rules: stage => {
      const { permission } = JSON.parse(stage.read('opencode.json') ?? '');
      const tools: Record<string, Example['tool']> = {
        read: 'read',
        edit: 'write',
        bash: 'shell',
        external_directory: 'read',
      };
      // As it is written, and from the repository, as its tools name what lies outside.
      const spellings = (said: string) =>
        said.startsWith('~/') ? [said, relative(stage.seen.root, stage.inside(said))] : [said];
      return Object.entries(permission as Record<string, Record<string, string>>).flatMap(([name, patterns]) =>
        Object.entries(patterns).flatMap(([pattern, action]): Rule[] =>
          action === 'deny'
            ? [
                {
                  text: `${name} ${pattern}`,
                  means: (tool, said) =>
                    tool === tools[name] && spellings(said).some(each => wildcard(pattern).test(each)),
                },
              ]
            : [],
        ),
      );
    },
  },
  { id: 'copilot', rules: ofHook },
  { id: 'qwen', needs: ['node-22'], rules: denied('.qwen/settings.json', byName) },
  { id: 'cline', rules: ofHook },
];

/** The folder of the home that the lab lies in. */
const ABOVE = 'work';
/** Examples after which the agent is started anew: with each call it sends all that went before. */
const SESSION = 40;

/** What the lab's posture hides and protects; guards are those of every agent. */
const HIDDEN = ['.env', '.env.local', 'secrets', '~/.ssh'];
const GUARDS = [
  ...['agent-posture.yaml', '.agent-posture', '.git/hooks', '.git/config', '.githooks', '.husky', '.github/workflows'],
  ...['.gitlab-ci.yml', '.pre-commit-config.yaml', 'lefthook.yml', '.gitleaks.toml'],
  ...['.devcontainer', '.devcontainer.json', '.vscode', '.idea'],
];

describe('the examples', () => {
  test.each(drivers.map(({ agent }) => agent.id))('%s is an agent here', id => {
    expect(AGENTS.map(agent => agent.id)).toContain(id);
  });
});

for (const { id, needs = [], rules: rulesIn, says, first } of AGENTS)
  describeWith([id, ...needs, 'bubblewrap', 'git'], `what is generated for the real ${id}`, () => {
    firstOnPath(needs);

    test('each rule blocks its example, and lets the near miss through', async () => {
      await inNewHome(async home => {
        const above = join(home, ABOVE);
        mkdirSync(above);
        const lab = await makeLab(above, agentOf(id), 'rules', { home, env: process.env });
        const stage = new Stage({ home, root: lab.root });
        try {
          const driver = driverOf(id) as Driver;
          await lay(stage, driver, [], { ...lab, home, bare: true, instead: [] });
          const rules = rulesIn(stage, driver);
          const own = agents.find(agent => agent.id === id)?.guardFiles.map(path => path.replace(/\/$/, '')) ?? [];
          const all = examplesFor(HIDDEN, [...new Set([...GUARDS, ...own])], ['main'], ABOVE);
          // In the place of a folder that is there no file can be written, whatever refuses it.
          const isLast = ({ tool, blocked }: Example) =>
            2 * Number(stage.kind(blocked) === 'folder') + Number(tool !== first);
          const pool = all.sort((a, b) => isLast(a) - isLast(b));
          const isFree = ({ tool, allowed }: Example) => !rules.some(({ means }) => means(tool, allowed));
          const chosen = new Map(
            rules.map(rule => [rule.text, pool.find(each => rule.means(each.tool, each.blocked) && isFree(each))]),
          );
          expect(rules.length).toBeGreaterThan(5);
          expect([...chosen].filter(([, example]) => !example).map(([text]) => text)).toEqual([]);
          const examples = [...new Set(chosen.values())] as Example[];
          const wrong = await tryAll(driver, part(id), stage, examples, says);
          expect(wrong).toEqual([]);
        } finally {
          stage.remove();
        }
      });
      // Each refusal ends a session of Cline's.
    }, 1_200_000);
  });

/** The examples that were not as they have to be. */
async function tryAll(
  driver: Driver,
  program: string,
  stage: Stage,
  examples: readonly Example[],
  says = /(?:)/,
): Promise<string[]> {
  const ground = new Ground(stage);
  ground.commit([]);
  const git = (...args: string[]) => execFileSync('git', args, { cwd: stage.scratchRoot });
  git('config', 'user.name', 'lab');
  git('config', 'user.email', 'lab@example.com');
  git('branch', 'maiz');

  const hands = { driver, ground, denied: { programs: [], pushes: false } };
  let session: AgentSession | undefined;
  const start = async () => {
    let said = '';
    for (let tries = 0; !session && tries < 5; tries++) {
      const started = await startAgent(driver, program, stage);
      if (await started.model.ready(60_000)) session = started;
      else said = (await started.close()).output;
    }
    if (!session) throw new Error(`it did not start: ${said}`);
    return session;
  };
  const call = async (each: DriveTry): Promise<Made | undefined> => {
    const current = await start();
    const made = await makeCall(each, hands, current);
    if (made?.tried.outcome.kind === 'ended' || made?.tried.outcome.kind === 'timeout') {
      session = undefined;
      await current.close();
    }
    return made;
  };
  const wrong: string[] = [];
  try {
    for (const [index, example] of examples.entries()) {
      if (index % SESSION === SESSION - 1) {
        await session?.close();
        session = undefined;
      }
      const { tool, blocked, allowed } = example;
      const laid = (list: readonly string[]) => list.map(path => setAside(stage, path));
      const before = laid(tool === 'shell' ? [] : [blocked]);
      const refused = (await call(tryOf(example, true, driver, stage)))?.tried;
      for (const back of before) back();
      const text = refused?.outcome.kind === 'returned' ? refused.outcome.text : '';
      const isHeld =
        refused?.refused === 'rule'
          ? says.test(text)
          : refused?.refused === 'hook' || (driver.tools.read === undefined && refused?.stopped === 'system');
      if (!isHeld || refused?.effect) wrong.push(`not blocked: ${tool} ${blocked}: ${text.slice(0, 200)}`);
      const beside = laid([
        ...(tool === 'shell' ? [] : [allowed]),
        ...(example.there ?? []),
        ...(example.reads ? [example.reads] : []),
      ]);
      const made = (await call(tryOf(example, false, driver, stage)))?.tried;
      for (const back of beside) back();
      const said = made?.outcome.kind === 'returned' ? made.outcome.text : made?.outcome.kind;
      if (!made?.effect) wrong.push(`not let through: ${tool} ${allowed}: ${said?.slice(0, 200)}`);
    }
  } finally {
    await session?.close();
  }
  return wrong;
}

/** The folders on the way to a path, the upper ones first. */
const waysTo = (path: string) => [...path.matchAll(/(?<=[^~])\//g)].map(({ index }) => path.slice(0, index));

/** Takes away what stands where a file is to be laid, or where a folder on the way to it is; gives what makes all as it was. */
function setAside(stage: Stage, path: string): () => void {
  const above = waysTo(path);
  const way = above.find(each => stage.kind(each) === 'file') ?? (stage.kind(path) === 'folder' ? path : undefined);
  const missing = [...above, path].find(each => stage.kind(each) === undefined);
  if (way === undefined) return () => (missing === undefined ? undefined : stage.drop(missing));
  const [from, to] = [stage.at(way), stage.at(`${way}.aside`)];
  renameSync(from, to);
  return () => {
    rmSync(from, { recursive: true, force: true });
    renameSync(to, from);
  };
}

/** An example as a call on what is laid for it. */
function tryOf(
  { tool, blocked, allowed, reads, moves, there = [] }: Example,
  isBlocked: boolean,
  driver: Driver,
  stage: Stage,
): DriveTry {
  const said = isBlocked ? blocked : allowed;
  if (tool !== 'shell') {
    const on = subject({ kind: tool, target: said, attempt: tool, path: said });
    const [plain] = triesOf([on], {
      driver,
      contained: true,
      ...stage.seen,
      deep: false,
      families: [],
      has: () => true,
    });
    return plain as DriveTry;
  }
  const shell = (make: DriveTry['make'], from: Partial<DriveTry['subject']>): DriveTry => ({
    subject: subject({ kind: 'work', target: said, attempt: 'exec', ...from }),
    escape: null,
    make,
  });
  if (moves) return shell(() => driver.tools.shell(said), { kind: 'push', branch: moves[isBlocked ? 0 : 1] });
  if (reads !== undefined && !isBlocked) return shell(() => driver.tools.shell(said), { kind: 'read', path: reads });
  return shell(
    (_on, mark) => {
      if (isBlocked) return driver.tools.shell(said);
      for (const path of there) stage.write(path, 'x\n');
      return driver.tools.shell(withProof(said, mark));
    },
    { command: said },
  );
}
