import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findPart, PARTS } from '../scripts/parts.js';
import { bin, once, ratio, world } from './measure.js';

/**
 * The agents that both write for, what of rulesync's refuses them a path, and the file that each of the two has to have
 * written every path into, so that a name which stands for nothing is no fast agent. One line more for each agent that both
 * know. rulesync's names are those of its docs/reference/supported-tools.md (github.com/dyoshikawa/rulesync): version 17
 * knows neither Gemini CLI, Windsurf nor Aider, and refuses Copilot CLI nothing in a project.
 */
const AGENTS = [
  ['claude-code', 'claudecode', 'permissions', '.claude/settings.json', '.claude/settings.json'],
  ['codex', 'codexcli', 'permissions', '.codex/config.toml', '.codex/config.toml'],
  ['opencode', 'opencode', 'permissions', 'opencode.json', 'opencode.jsonc'],
  ['qwen', 'qwencode', 'permissions', '.qwen/settings.json', '.qwen/settings.json'],
  ['cursor', 'cursor', 'permissions', '.cursor/cli.json', '.cursor/cli.json'],
  ['cline', 'cline', 'ignore', '.clineignore', '.clineignore'],
].map(([ours, theirs, feature, ourFile, theirFile]) => ({ ours, theirs, feature, ourFile, theirFile }));
const OUR_FILES = AGENTS.map(({ ourFile }) => ourFile);
const THEIR_FILES = AGENTS.map(({ theirFile }) => theirFile);

/** Each is neither read nor edited, in the settings of both programs. */
const HIDDEN = Array.from({ length: 50 }, (_, index) => `secrets/key-${index + 1}.pem`);

const OURS = `version: 1
project: shop-api
agents: [${AGENTS.map(({ ours }) => ours).join(', ')}]
isolation:
  runtime: native
  network: { allow: [] }
  files: { write: ["."], hide: [${HIDDEN.join(', ')}] }
`;

const denied = Object.fromEntries(HIDDEN.map(path => [path, 'deny']));
const THEIRS = {
  'rulesync.jsonc': JSON.stringify({
    targets: Object.fromEntries(AGENTS.map(({ theirs, feature }) => [theirs, [feature]])),
  }),
  '.rulesync/.aiignore': `${HIDDEN.join('\n')}\n`,
  '.rulesync/permissions.jsonc': JSON.stringify({ permission: { read: denied, edit: denied } }),
};

/** One of the two in a repository of its own, once it was seen to write every rule. */
function side({ repository, env }, program, args, files) {
  const run = () => once(program, args, { cwd: repository, env }).took;
  run();
  for (const file of files) {
    const text = readFileSync(join(repository, file), 'utf8');
    const missing = HIDDEN.find(path => !text.includes(path));
    if (missing) throw new Error(`${program} wrote no rule for ${missing} into ${file}`);
  }
  return { run, repository };
}

/** `generate` beside that of rulesync: the same agents, the same paths refused, in the same minute. */
export default async () => {
  const rulesync = findPart('rulesync');
  if (rulesync === undefined) {
    console.log('skipped: rulesync is not installed; npm run parts -- rulesync installs it');
    return [];
  }
  const mine = world({ 'agent-posture.yaml': OURS });
  const ours = side(mine, process.execPath, [bin, 'generate'], OUR_FILES);
  const theirs = side(world(THEIRS), process.execPath, [rulesync, 'generate'], THEIR_FILES);
  const undo = () => once(process.execPath, [bin, 'undo', '--yes'], { cwd: mine.repository, env: mine.env });
  /** Both with what they have written taken away first, which is not measured. */
  const fresh = {
    ours: () => {
      undo();
      const left = OUR_FILES.find(file => existsSync(join(mine.repository, file)));
      if (left) throw new Error(`${left} is still there`);
      return ours.run();
    },
    theirs: () => {
      for (const file of THEIR_FILES) rmSync(join(theirs.repository, file));
      return theirs.run();
    },
  };
  const against = `rulesync ${PARTS.rulesync.version}, ${AGENTS.length} agents, ${HIDDEN.length} paths`;
  const named = result => ({ ...result, detail: `${result.detail}: ${against}` });
  return [
    named(await ratio('generate, all new, against rulesync', 1, fresh.ours, 11, fresh.theirs)),
    named(await ratio('generate, unchanged, against rulesync', 1, ours.run, 11, theirs.run)),
  ];
};
