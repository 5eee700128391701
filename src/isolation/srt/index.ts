import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loginsOf } from '../../agents/index.ts';
import { UserError } from '../../base/errors.ts';
import { findProgram, run } from '../../base/exec.ts';
import { stateHome } from '../../base/state-home.ts';
import type { RuntimeFact } from '../../discover/facts.ts';
import { boxEnvironment } from '../environment.ts';
import { removeScratch, scratchFolder } from '../scratch.ts';
import type { Runtime } from '../types.ts';
import { type SrtSettings, srtSettings } from './settings.ts';

/** The settings in a folder of their own: what it obeys while it runs is nothing that the box could write. */
function laid(settings: SrtSettings): { folder: string; words: string[] } {
  const folder = scratchFolder();
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  return { folder, words: ['--settings', file] };
}

/** Really starts a box: it needs programs and rights of the machine that only a start shows to be there. */
async function detect(root: string): Promise<RuntimeFact> {
  const unavailable = (detail: string): RuntimeFact => ({ id: 'srt', available: false, detail });
  const program = findProgram('srt', [root]);
  if (!program) return unavailable('not installed: npm install -g @anthropic-ai/sandbox-runtime');
  const { folder, words } = laid(srtSettings({ runtime: 'srt', network: { allow: [] } }, []));
  try {
    const [version, tried] = await Promise.all([
      run(program, ['--version'], { cwd: '/', timeout: 10_000 }),
      run(program, [...words, '--', 'true'], { cwd: folder, timeout: 10_000 }),
    ]);
    if (tried.code === 0) return { id: 'srt', available: true, detail: version.stdout.trim() };
    return unavailable(`it could not start a box: ${tried.stderr.trim().split('\n')[0]?.slice(0, 200) ?? ''}`);
  } finally {
    removeScratch(folder);
  }
}

export const srt: Runtime = {
  id: 'srt',
  title: 'sandbox runtime (srt)',
  madeBy: 'us',
  choice: {
    label: 'the sandbox runtime (srt)',
    hint: 'files and hosts by its settings file, which is made',
  },
  limits:
    'Hides what isolation.files.hide names, as it is there at the start, and nothing else: the rest of the home can be read. Its network has the listed hosts alone, also where isolation.network does not restrict it. A guard is kept where it lies; the folder round it can be moved.',
  detect,
  approval: () => undefined,
  async start({ root, isolation, guards, env, agents }, command, stdio) {
    const program = findProgram('srt', [root]);
    if (!program)
      throw new UserError({ what: 'srt is not installed', next: 'npm install -g @anthropic-ai/sandbox-runtime' });
    const logins = loginsOf(agents);
    const files = logins.flatMap(login => login.files.map(file => `~/${file}`));
    const settings = srtSettings(isolation, guards, files);
    // What judges the box is no business of what runs in it.
    settings.filesystem.denyRead.push(stateHome());
    const { folder, words } = laid(settings);
    const child = spawn(program, [...words, '--', ...command], {
      cwd: root,
      env: boxEnvironment(
        env,
        logins.flatMap(({ keys }) => keys),
      ),
      stdio,
    });
    return {
      child,
      notes: [],
      signal: signal => void child.kill(signal),
      close: async () => removeScratch(folder),
    };
  },
};
