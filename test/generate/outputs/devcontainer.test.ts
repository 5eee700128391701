import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FULL, HOSTILE, Repository } from './lab.ts';

const require = createRequire(import.meta.url);
const CLI = join(dirname(require.resolve('@devcontainers/cli/package.json')), 'devcontainer.js');
const PATH = '.devcontainer/devcontainer.json';

/** What the program puts a value of the machine for. */
const VALUE = ['$', '{localEnv:SECRET}'].join('');

let repository: Repository;
beforeEach(() => {
  repository = new Repository();
});
afterEach(() => repository.remove());

/** What the real reader of devcontainers makes of it: without an engine, as one that knows no container stands in. */
function readConfiguration(): { code: number | null; configuration: Record<string, unknown> | undefined } {
  const engine = join(repository.folder, 'engine');
  writeFileSync(engine, '#!/bin/sh\nexit 0\n');
  chmodSync(engine, 0o755);
  const words = ['read-configuration', '--docker-path', engine, '--docker-compose-path', engine];
  const { status, stdout } = spawnSync(process.execPath, [CLI, ...words, '--workspace-folder', repository.root], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', HOME: repository.folder, SECRET: 'hunter2' },
  });
  const { configuration } = (stdout === '' ? {} : JSON.parse(stdout)) as { configuration?: Record<string, unknown> };
  delete configuration?.configFilePath;
  return { code: status, configuration };
}

const laid = () => JSON.parse(readFileSync(join(repository.root, PATH), 'utf8')) as Record<string, unknown>;

describe('the devcontainer, read by the devcontainer program', () => {
  test('is what was meant', async () => {
    await repository.generate(FULL);
    expect(readConfiguration()).toEqual({ code: 0, configuration: laid() });
    expect(laid()).toMatchObject({
      name: 'shop-api',
      dockerComposeFile: 'compose.yaml',
      workspaceFolder: '/workspace',
      remoteEnv: { SSH_AUTH_SOCK: '', GIT_ASKPASS: '' },
    });
  });

  test('a project of any name brings neither a key nor a value of the machine into it', async () => {
    await repository.generate(FULL);
    const keys = Object.keys(laid());
    const names = [VALUE, `$${VALUE}`, `$\{${VALUE}}`, '", "runArgs": ["--privileged"], "x": "'];
    for (const project of [...names, ...HOSTILE]) {
      await repository.generate({ ...FULL, project });
      const { code, configuration = {} } = readConfiguration();
      expect({ code, keys: Object.keys(configuration) }).toEqual({ code: 0, keys });
      expect(configuration).toEqual(laid());
      expect(JSON.stringify(configuration)).not.toMatch(/hunter2/);
      expect(String(configuration.name)).not.toContain(repository.folder);
    }
  }, 60_000);

  test('tells a bad one from a good one', async () => {
    await repository.generate(FULL);
    const meant = laid();
    for (const bad of ['[]', '"text"', '']) {
      writeFileSync(join(repository.root, PATH), bad);
      expect(readConfiguration()).toEqual({ code: 1, configuration: undefined });
    }
    // Where one would come through as it is, its values are put in.
    writeFileSync(join(repository.root, PATH), JSON.stringify({ ...meant, name: VALUE }));
    expect(readConfiguration().configuration?.name).toBe('hunter2');
    rmSync(join(repository.root, PATH));
    expect(readConfiguration().code).toBe(1);
  });
});
