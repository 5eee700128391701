import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once, root, within } from './measure.js';

/** The packed package: at most 1 MB, no run-time dependencies. */
export default async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-posture-bench-'));
  try {
    once('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root, env: process.env });
    const [file] = readdirSync(folder);
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return [
      within('packed size', statSync(join(folder, file)).size / 1000, 1000, 'kB'),
      within('run-time dependencies', Object.keys(manifest.dependencies ?? {}).length, 0, ''),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
