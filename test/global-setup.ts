import { execFileSync } from 'node:child_process';

/** Builds the bundle once, so that tests that start the program start what would be published. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.js', '--quiet'], { stdio: 'inherit' });
}
