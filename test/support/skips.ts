import type { Reporter, TestModule } from 'vitest/node';
import { ABILITIES, isAbility } from './abilities.ts';

/** As many are named of those that say no reason: with a filter on the names, that is nearly all. */
const NAMED = 3;

/** Says at the end what was missing for the tests that were skipped, and what to do about it. */
export default class Skips implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, number>();
    const unnamed: string[] = [];
    for (const module of modules)
      for (const test of module.children.allTests('skipped')) {
        const missing = /\[needs ([^\]]+)\]/.exec(test.fullName)?.[1]?.split(', ');
        if (!missing) unnamed.push(test.fullName);
        for (const id of missing ?? []) counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    if (unnamed.length > 0)
      console.log(
        `skipped ${unnamed.length} without a reason: ${unnamed.slice(0, NAMED).join('; ')}${unnamed.length > NAMED ? ' …' : ''}`,
      );
    for (const [id, count] of counts) console.log(`skipped ${count} for want of ${id}${howTo(id)}`);
  }
}

function howTo(id: string): string {
  return `: ${isAbility(id) ? ABILITIES[id].how : `npm run parts -- ${id}`}`;
}
