import { expect, test } from 'vitest';
import type { PartId } from '../../scripts/parts.js';
import { expectHeld, inLab, WAYS } from '../selftest/drive/lab.ts';
import { describeWith, firstOnPath } from '../support/parts.ts';

interface Agent {
  id: PartId;
  needs?: readonly PartId[];
  /** Its rules alone let some of these ways through: the others' go by the text of a command, and hold these by themselves. */
  opens?: true;
  /** Why it is not driven there. */
  reason?: RegExp;
}

/** Root whose rights were all taken cannot make the sandbox that Codex starts each of its helpers in: an ordinary user can. */
const AS_ROOT = process.getuid?.() === 0 ? { reason: /setting up uid map: Operation not permitted/ } : {};

const AGENTS: readonly Agent[] = [
  { id: 'claude-code', opens: true },
  { id: 'codex', ...AS_ROOT },
  { id: 'gemini' },
  { id: 'opencode', opens: true },
  { id: 'copilot' },
  { id: 'qwen', needs: ['node-22'] },
  { id: 'cline' },
];

for (const { id, needs = [], opens, reason } of AGENTS)
  describeWith([id, ...needs, 'bubblewrap', 'git'], `the real ${id} in the bubblewrap box that we start it in`, () => {
    firstOnPath(needs);

    test('is held wherever it says that a box holds it, or is said not to start, and why', async () => {
      const boxed = await inLab(id, 'box', { families: WAYS });
      expect(boxed.title).toContain(' in the bubblewrap');
      if (reason === undefined) {
        if (opens) expect(boxed.rows.filter(({ layer }) => layer === 'sandbox')).not.toEqual([]);
        return expectHeld(boxed);
      }
      expect(boxed.available).toBe(false);
      expect(boxed.reason).toMatch(reason);
    }, 300_000);
  });
