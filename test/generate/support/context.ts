import type { RenderContext } from '../../../src/generate/types.ts';
import type { Posture } from '../../../src/posture/schema.ts';

export function contextOf(root: string, posture: Posture = { version: 1, project: 'test' }): RenderContext {
  return {
    root,
    posture,
    facts: {
      root,
      home: root,
      project: 'test',
      agents: [],
      systems: [],
      environments: [],
      envNames: [],
      secretFiles: [],
      runtimes: [],
      git: {
        present: false,
        defaultBranch: undefined,
        remote: undefined,
        hookManager: undefined,
        hooksPath: undefined,
      },
      scanners: [],
      insideAgent: undefined,
      notes: [],
    },
  };
}
