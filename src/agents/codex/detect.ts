import { parse } from 'smol-toml';
import { detectAgent } from '../detect.ts';
import type { AgentDefinition } from '../types.ts';

export const codex: AgentDefinition = {
  id: 'codex',
  title: 'Codex',
  guardFiles: ['.codex/', 'AGENTS.md'],
  userFiles: ['~/.codex/config.toml', '~/.codex/rules/'],
  marks: [{ variable: 'CODEX_SANDBOX', source: 'https://github.com/openai/codex/blob/main/AGENTS.md' }],
  detect: context =>
    detectAgent(
      {
        id: 'codex',
        title: 'Codex',
        programs: ['codex'],
        packages: ['@openai/codex'],
        settings: ['~/.codex/config.toml', '.codex/config.toml'],
        traces: ['~/.codex', '.codex'],
        ownSandbox: files => {
          let mode: unknown = 'workspace-write';
          for (const { text } of files)
            try {
              mode = parse(text).sandbox_mode ?? mode;
            } catch {
              return undefined;
            }
          return mode !== 'danger-full-access';
        },
      },
      context,
    ),
};
