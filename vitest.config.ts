import { defineConfig } from 'vitest/config';

const BUILT = ['test/e2e/**/*.test.{ts,tsx}', 'test/packaging/**/*.test.ts', 'test/**/*.pty.test.{ts,tsx}'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/support/skips.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'source',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: BUILT,
          setupFiles: ['test/setup.ts'],
          globalSetup: ['test/pack-setup.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'built', include: BUILT, setupFiles: ['test/setup.ts'], globalSetup: ['test/global-setup.ts'] },
      },
    ],
  },
});
