import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startBox } from '../../src/isolation/bubblewrap/index.ts';
import { runtimeOf } from '../../src/isolation/index.ts';
import type { BoxContext } from '../../src/isolation/types.ts';

// Starts one box as `run` does. The order: a JSON file with the context, the command, whether stdin is a terminal's, and a
// script for the moment between the look at the repository and bubblewrap's start.
const { context, command, stdio, meanwhile } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as {
  context: BoxContext;
  command: string[];
  stdio: 'pipe' | 'inherit';
  meanwhile?: string;
};
const box =
  meanwhile === undefined
    ? await runtimeOf(context.isolation.runtime)?.start(context, command, stdio)
    : await startBox(context, command, stdio, () => execFileSync('sh', ['-c', meanwhile], { cwd: context.root }));
if (!box) throw new Error('no such runtime');
process.on('SIGTERM', () => box.signal('SIGTERM'));
if (box.notes.length > 0) process.stderr.write(`notes: ${box.notes.join('; ')}\n`);
if (stdio === 'pipe') {
  box.child.stdin?.end();
  box.child.stdout?.pipe(process.stdout);
  box.child.stderr?.pipe(process.stderr);
}
box.child.once('close', async (code, signal) => {
  await box.close();
  process.exitCode = code ?? 200;
  if (signal) process.stderr.write(`ended by ${signal}\n`);
});
