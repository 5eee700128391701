import { expect, test } from 'vitest';
import { PARTS, type PartId } from '../../scripts/parts.js';
import { drivers } from '../../src/agents/drivers.ts';
import { installedVersion } from '../../src/base/installed.ts';
import { describeWith, part } from '../support/parts.ts';

for (const { agent } of drivers) {
  const id = agent.id as PartId;
  describeWith([id], `the real ${agent.title}`, () => {
    test('its version is told by what installed it', async () => {
      const version = await installedVersion(part(id), { npm: agent.traces.packages });
      expect(version).toBe(PARTS[id].version);
    });
  });
}
