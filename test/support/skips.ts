import type { Reporter, TestModule } from 'vitest/node';
import { ABILITIES, isAbility } from './abilities.ts';

/** Says at the end what was missing for the tests that were skipped, and what to do about it. */
export default class Skips implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, number>();
    for (const module of modules)
      for (const test of module.children.allTests('skipped')) {
        const missing = /\[needs ([^\]]+)\]/.exec(test.fullName)?.[1]?.split(', ') ?? [`(not named) ${test.fullName}`];
        for (const id of missing) counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    for (const [id, count] of counts) console.log(`skipped ${count} for want of ${id}${howTo(id)}`);
  }
}

function howTo(id: string): string {
  if (id.startsWith('(')) return '';
  return `: ${isAbility(id) ? ABILITIES[id].how : `npm run parts -- ${id}`}`;
}
