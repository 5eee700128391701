import { readFileSync } from 'node:fs';
import { runtimeOf } from '../../src/isolation/index.ts';
import type { BoxContext } from '../../src/isolation/types.ts';

// Starts one box as `run` does. The order: a JSON file with the context, the command, and whether stdin is a terminal's.
const { context, command, stdio } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as {
  context: BoxContext;
  command: string[];
  stdio: 'pipe' | 'inherit';
};
const box = await runtimeOf(context.isolation.runtime)?.start(context, command, stdio);
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
