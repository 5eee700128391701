import { applyPlan } from '../../../src/generate/apply.ts';
import { undo } from '../../../src/generate/journal.ts';
import { planGeneration } from '../../../src/generate/plan.ts';
import { contextOf } from './context.ts';
import { everyMode } from './outputs.ts';

// A run that kills itself, as a power cut would, just before the operation whose number it is given. Prints the number
// of operations when it gets to the end.
const [root = '', stateFolder = '', what, at] = process.argv.slice(2);
let count = 0;
const step = <T>(_what: string, _path: string, operation: () => Promise<T>): Promise<T> => {
  if (count++ === Number(at)) process.kill(process.pid, 'SIGKILL');
  return operation();
};
if (what === 'undo') await undo(root, { stateFolder, step });
else {
  const plan = await planGeneration(contextOf(root), everyMode(2), { stateFolder });
  await applyPlan(plan, { stateFolder, step });
}
process.stdout.write(String(count));
