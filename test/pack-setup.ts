import { execFileSync } from 'node:child_process';

/** Builds the program that is sent into vantages, and nothing else: what tests of the source cannot do without. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.js', '--quiet', '--pack'], { stdio: 'inherit' });
}
