import { managed as claudeCode } from '../../agents/claude-code/managed.ts';
import { managed as codex } from '../../agents/codex/managed.ts';
import { managed as copilot, rulePaths as copilotPaths } from '../../agents/copilot/managed.ts';
import { managed as gemini } from '../../agents/gemini/managed.ts';
import { agentGuards } from '../../agents/guards.ts';
import { agents } from '../../agents/index.ts';
import type { ManagedFile } from '../../agents/managed.ts';
import { managed as opencode } from '../../agents/opencode/managed.ts';
import { managed as qwen } from '../../agents/qwen/managed.ts';
import { list } from '../../base/text.ts';
import type { Posture } from '../../posture/schema.ts';
import type { Output } from '../types.ts';
import { protectedPatterns } from './branches.ts';
import { shellWord } from './encode.ts';
import { hiddenOf, unsaidBy } from './hidden.ts';
import { template } from './template.ts';

/** The agents that document what an administrator of the machine lays down. */
const MANAGED: Readonly<Record<string, readonly ManagedFile[]>> = {
  'claude-code': claudeCode,
  codex,
  gemini,
  opencode,
  copilot,
  qwen,
};

const pathOf = (agent: string, { name }: ManagedFile) => `.agent-posture/managed/${agent}/${name}`;

function asked(posture: Posture): [agent: string, files: readonly ManagedFile[]][] {
  if (posture.managedSettings !== true) return [];
  return (posture.agents ?? []).flatMap(id =>
    MANAGED[id] ? [[id, MANAGED[id]] as [string, readonly ManagedFile[]]] : [],
  );
}

export const managedSettings: Output = {
  id: 'managed-settings',
  title: 'settings of agents for an administrator to lay down, which hold in every repository of the machine',
  safeguards: ['ISO-1', 'SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 2,
  guard: true,
  render(context) {
    const { posture } = context;
    const hidden = hiddenOf(context);
    const source = {
      hidden: hidden.plain,
      hiddenInHome: hidden.home,
      guards: agentGuards(posture.agents ?? []),
      protectedBranches: protectedPatterns(posture),
      ownSandbox: posture.isolation?.runtime === 'native',
      allow: posture.isolation?.network?.allow,
    };
    const all = asked(posture);
    if (all.length === 0) return [];
    return [
      ...all.flatMap(([agent, files]) =>
        files.map(file => ({ mode: 'owned' as const, path: pathOf(agent, file), content: file.content(source) })),
      ),
      { mode: 'owned', path: INSTALL, executable: true, content: installScript(all) },
    ];
  },
  // Nothing outside of the repository is ever written from here.
  notes(context) {
    const all = asked(context.posture);
    if (all.length === 0) return [];
    const titles = all.map(([agent]) => agents.find(({ id }) => id === agent)?.title ?? agent);
    return [
      // What those of the others cannot say, their settings in the repository cannot either, and tell.
      ...(all.some(([agent]) => agent === 'copilot')
        ? unsaidBy('A managed rule of GitHub Copilot CLI', hiddenOf(context), copilotPaths)
        : []),
      `The managed settings of ${list(titles)} are in force once an administrator of this machine (Linux) has laid them down, where files of others stay as they are: sudo sh ${INSTALL}`,
    ];
  },
};

const INSTALL = '.agent-posture/managed/install.sh';

/** Lays each file at its place, over nothing that is somebody else's. */
function installScript(all: ReturnType<typeof asked>): string {
  const calls = all.flatMap(([agent, files]) =>
    files.map(file => `lay ${shellWord(`${agent}/${file.name}`)} ${shellWord(file.place)}`),
  );
  return template('managed/install', { LAY: calls.join('\n') });
}
