import { access, constants, stat } from 'node:fs/promises';
import { belowNote } from '../../agents/below.ts';
import { errorCode, UserError } from '../../base/errors.ts';
import { findProgram, loadersAtStart, run } from '../../base/exec.ts';
import { displayPath, isWithin } from '../../base/files.ts';
import { packageRoot } from '../../base/package.ts';
import { stateFolder } from '../../base/state.ts';
import { stateHome } from '../../base/state-home.ts';
import { version } from '../../base/version.ts';
import type { AgentFact, Facts, RuntimeFact } from '../../discover/facts.ts';
import { discover } from '../../discover/index.ts';
import { runtimeOf, unboxable } from '../../isolation/index.ts';
import { clearPlaceholders } from '../../isolation/placeholders.ts';
import { loadPosture } from '../../posture/load.ts';
import type { Posture } from '../../posture/schema.ts';
import { painter, type Style } from '../../report/style.ts';
import { displayWidth, hang, pad } from '../../report/width.ts';
import type { Command, Context } from '../command.ts';
import { inventoryFindings, settingsText } from '../inventory-findings.ts';
import { recoverTries } from '../load.ts';
import { splitPath } from '../path.ts';
import { refusedToOne } from '../refused-finding.ts';
import { weakFinding } from '../weak-finding.ts';

export interface Finding {
  name: string;
  state: 'ok' | 'missing' | 'attention';
  detail: string;
  /** What to do, where there is something to do. */
  next?: string;
}

/** `doctor`: what is there to work with, each line ok or missing with what to do. Read only, but for what a killed box left; exit 0 whatever is missing. */
export const command: Command = async context => {
  const { root, home, terminal } = context;
  const unknown = clearPlaceholders(root);
  const recovered = await recoverTries(root);
  const facts = await discover(root, { home, env: terminal.streams.env, defaultBranch: false });
  const posture = await postureOf(root);
  const below = posture && belowNote(facts, posture);
  const findings: Finding[] = [
    {
      name: 'agent-posture',
      state: 'ok',
      detail: `${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    },
    await git(root, facts.git.untold),
    ...facts.runtimes.filter(({ id }) => runtimeOf(id)?.madeBy === 'us').map(box(facts)),
    ...(facts.agents.length > 0
      ? facts.agents.map(agent)
      : [
          {
            name: 'agents',
            state: 'missing' as const,
            detail: 'no coding agent was found',
            next: 'a posture can be made all the same',
          },
        ]),
    ...facts.scanners.map(
      ({ id, version: of }): Finding => ({ name: id, state: 'ok', detail: of ?? 'version not known' }),
    ),
    ...inventoryFindings(facts),
    ...(posture ? refusedToOne(facts.agents, posture.isolation?.files?.hide ?? []) : []),
    ...(below === undefined ? [] : [{ name: 'below', state: 'attention' as const, detail: below }]),
    await stateFolderFinding(home, root),
    ...unknown.map(
      (note): Finding => ({
        name: 'box',
        state: 'attention',
        detail: `one in another container may still run, so what stands for its missing guards stays (${note})`,
        next: 'if it was killed: run doctor on the machine itself, or after its next start',
      }),
    ),
    ...recovered.map((detail): Finding => ({ name: 'killed test', state: 'attention', detail })),
    terminalFinding(context),
    ...integrity(context),
    ...(facts.insideAgent
      ? [
          {
            name: 'session',
            state: 'attention' as const,
            detail: `this runs inside a ${facts.insideAgent} session`,
            next: 'let a person answer what asks for approval',
          },
        ]
      : []),
  ];
  return { exitCode: 0, json: { findings }, text: style => findingLines(findings, style).join('\n') };
};

/** Columns of the names, at the least and at the most. */
const NAMES = { least: 16, most: 20 };

/** All findings, their names in one column. */
export function findingLines(findings: readonly Finding[], style: Style): string[] {
  const widest = Math.max(NAMES.least, ...findings.map(({ name }) => displayWidth(name)));
  return findings.flatMap(each => print(each, Math.min(NAMES.most, widest), style));
}

/** A place of one word that is told in brackets. */
const PLACE = / \(((?:~|\.{1,2})?\/[^\s()]+)\)/;
const BELOW = 8;

/** The posture; undefined where there is none, or an invalid one: that is for other commands to say. */
async function postureOf(root: string): Promise<Posture | undefined> {
  const loaded = await loadPosture(root, { stateFolder: stateFolder(root) }).catch(error => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  return loaded?.posture;
}

function print({ name, state, detail, next }: Finding, names: number, style: Style): string[] {
  const paint = painter(style);
  const [mark, color] = (
    { ok: ['ok', 'green'], missing: ['missing', 'yellow'], attention: ['look', 'yellow'] } as const
  )[state];
  const start = `${pad(mark, BELOW)}${pad(name, names)} `;
  // A path that has no room beside its name stands below it, whole: it is there to be copied.
  const [bracketed = '', place] = PLACE.exec(detail) ?? [];
  const isLong = place !== undefined && displayWidth(bracketed.trim()) > style.width - displayWidth(start);
  return [
    ...hang(start, isLong ? detail.replace(bracketed, '') : detail, style.width).map((line, index) =>
      index === 0 ? line.replace(mark, paint(color, mark)) : line,
    ),
    ...(isLong ? [`${' '.repeat(BELOW)}${place}`] : []),
    ...(next ? hang(' '.repeat(BELOW), next, style.width) : []),
  ];
}

/** What is known of an agent by its files alone is not installed: nothing here could start it. */
function agent(fact: AgentFact): Finding {
  const { title, version: of, binary, settings, seen } = fact;
  const settled = settingsText({ settings });
  if (binary === undefined)
    return {
      name: title,
      state: 'missing',
      detail: `used here (${seen.path}), its program is not on the PATH${settled}`,
    };
  const weak = weakFinding(fact);
  const found = `${of ?? 'version not known'} (${seen.path})`;
  return weak
    ? { name: title, state: 'attention', detail: `${found}${settled}; ${weak.detail}`, next: weak.next }
    : { name: title, state: 'ok', detail: `${found}${settled}` };
}

/** Older ones do not say where a setting comes from. */
const OLDEST_GIT = [2, 26] as const;

async function git(root: string, untold: string | undefined): Promise<Finding> {
  const program = findProgram('git', [root]);
  if (!program)
    return {
      name: 'git',
      state: 'missing',
      detail: 'not on the PATH',
      next: 'install git: hooks, history and pushes are not tried without it',
    };
  const { stdout } = await run(program, ['--version'], { cwd: '/' });
  const said = stdout.trim().replace(/^git version /, '');
  const [major = 0, minor = 0] = said.split('.').map(Number);
  const detail = `${said} (${program})`;
  if (major < OLDEST_GIT[0] || (major === OLDEST_GIT[0] && minor < OLDEST_GIT[1]))
    return { name: 'git', state: 'attention', detail, next: `install git ${OLDEST_GIT.join('.')} or newer` };
  return untold === undefined
    ? { name: 'git', state: 'ok', detail }
    : { name: 'git', state: 'attention', detail: `${detail}; ${untold}`, next: 'see what git status says here' };
}

function box({ root, home }: Facts): (fact: RuntimeFact) => Finding {
  // Where none can be made, installing one changes nothing.
  const installs = unboxable(root, home) === undefined;
  return ({ id, available, detail }) => {
    const next = available || !installs ? undefined : runtimeOf(id)?.install;
    return { name: id, state: available ? 'ok' : 'missing', detail, ...(next ? { next } : {}) };
  };
}

async function stateFolderFinding(home: string, root: string): Promise<Finding> {
  const folder = stateHome();
  const shown = displayPath(folder, { root, home });
  const name = 'state folder';
  if (isWithin(root, folder))
    return {
      name,
      state: 'attention',
      detail: `${shown} lies in the repository, within the agent's reach`,
      next: 'set AGENT_POSTURE_STATE to a folder outside',
    };
  const stats = await stat(folder).catch(errorCode);
  if (stats === 'ENOTDIR' || (typeof stats === 'object' && !stats.isDirectory()))
    return {
      name,
      state: 'missing',
      detail: `${shown} is not a folder`,
      next: 'set AGENT_POSTURE_STATE to a folder outside the repository, or unset it',
    };
  if (typeof stats !== 'object') return { name, state: 'ok', detail: `${shown} (made when it is needed)` };
  const usable = await access(folder, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!usable)
    return {
      name,
      state: 'missing',
      detail: `${shown} cannot be written`,
      next: `give it back to yourself, or set AGENT_POSTURE_STATE`,
    };
  const open = process.platform !== 'win32' && (stats.mode & 0o077) !== 0;
  return open
    ? { name, state: 'attention', detail: `${shown} can be read by others`, next: `chmod 700 ${shown}` }
    : { name, state: 'ok', detail: shown };
}

function terminalFinding({ terminal: { unasked, style, streams } }: Context): Finding {
  const size = streams.stdout.isTTY
    ? `${streams.stdout.columns} columns, ${streams.stdout.rows} rows`
    : 'not a terminal';
  const parts = [
    size,
    style.color ? 'colours' : 'no colours',
    style.unicode ? 'UTF-8' : 'ASCII',
    unasked === undefined ? 'asks' : streams.stdout.isTTY ? `never asks ${unasked}` : 'never asks',
  ];
  return { name: 'terminal', state: 'ok', detail: parts.join(', ') };
}

/** What would let somebody else speak for this program: loaders, folders of the repository on the PATH, its own place. */
function integrity({ root, home, path }: Context): Finding[] {
  const found: Finding[] = [];
  const name = 'integrity';
  const onPath = splitPath(path, root).refused;
  if (onPath.length > 0)
    found.push({
      name,
      state: 'attention',
      detail: `on the PATH, but in the repository or relative: ${onPath.map(folder => folder || '(empty)').join(', ')}`,
      next: 'helpers are never taken from there by this program; other programs may take them',
    });
  const loaders = loadersAtStart();
  if (loaders.length > 0)
    found.push({
      name,
      state: 'attention',
      detail: `set when this program was started: ${loaders.join(', ')}`,
      next: `unset ${loaders.join(' ')}`,
    });
  if (isWithin(root, packageRoot))
    found.push({
      name,
      state: 'attention',
      detail: `this program lies in the repository (${displayPath(packageRoot, { root, home })}): an agent can change it`,
      next: 'start it with npx from outside, or install it globally',
    });
  return found.length > 0
    ? found
    : [{ name, state: 'ok', detail: 'helpers and this program lie outside the repository' }];
}
