import { managed as claudeCode } from '../../agents/claude-code/managed.ts';
import { managed as codex } from '../../agents/codex/managed.ts';
import { managed as copilot } from '../../agents/copilot/managed.ts';
import { managed as gemini } from '../../agents/gemini/managed.ts';
import { agentsOf } from '../../agents/index.ts';
import type { Managed, ManagedFile } from '../../agents/managed.ts';
import { managed as opencode } from '../../agents/opencode/managed.ts';
import { managed as qwen } from '../../agents/qwen/managed.ts';
import { list } from '../../base/text.ts';
import type { Posture } from '../../posture/schema.ts';
import type { Output } from '../types.ts';
import { rulesOf } from './agent-output.ts';
import { shellWord } from './encode.ts';
import { hiddenOf, unsaidBy } from './hidden.ts';
import { template } from './template.ts';

/**
 * What agents document for an administrator of the machine. A list of its own: the registry is loaded by every command, and
 * none of this is. A test holds it to the folders of the agents.
 */
const MANAGED: readonly Managed[] = [claudeCode, codex, gemini, opencode, copilot, qwen];

const pathOf = (agent: string, { name }: ManagedFile) => `.agent-posture/managed/${agent}/${name}`;

/** Those of the declared agents, in their order. */
function asked({ agents, managedSettings: wanted }: Posture): Managed[] {
  return wanted === true ? (agents ?? []).flatMap(id => MANAGED.find(({ agent }) => agent === id) ?? []) : [];
}

export const managedSettings: Output = {
  id: 'managed-settings',
  title: 'settings of agents for an administrator to lay down, which hold in every repository of the machine',
  safeguards: ['ISO-1', 'SEC-1', 'VCS-4', 'GRD-1'],
  templateVersion: 2,
  guard: true,
  render(context) {
    const all = asked(context.posture);
    if (all.length === 0) return [];
    const rules = rulesOf(context);
    return [
      ...all.flatMap(({ agent, files }) =>
        files.map(file => ({ mode: 'owned' as const, path: pathOf(agent, file), content: file.content(rules) })),
      ),
      { mode: 'owned', path: INSTALL, executable: true, content: installScript(all) },
    ];
  },
  // Nothing outside of the repository is ever written from here.
  notes(context) {
    const all = asked(context.posture);
    if (all.length === 0) return [];
    const titleOf = ({ agent }: Managed) => agentsOf([agent])[0]?.title ?? agent;
    return [
      // What those of the others cannot say, their settings in the repository cannot either, and tell.
      ...all.flatMap(each =>
        each.rulePaths ? unsaidBy(`A managed rule of ${titleOf(each)}`, hiddenOf(context), each.rulePaths) : [],
      ),
      `The managed settings of ${list(all.map(titleOf))} are in force once an administrator of this machine (Linux) has laid them down, where files of others stay as they are: sudo sh ${INSTALL}`,
    ];
  },
};

const INSTALL = '.agent-posture/managed/install.sh';

/** Lays each file at its place, over nothing that is somebody else's. */
function installScript(all: readonly Managed[]): string {
  const calls = all.flatMap(({ agent, files }) =>
    files.map(file => `lay ${shellWord(`${agent}/${file.name}`)} ${shellWord(file.place)}`),
  );
  return template('managed/install', { LAY: calls.join('\n') });
}
