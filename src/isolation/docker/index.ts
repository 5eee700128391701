import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { cleanEnvironment, findProgram, run } from '../../base/exec.ts';
import { sha256 } from '../../base/hash.ts';
import { shellLine } from '../../base/text.ts';
import type { RuntimeFact } from '../../discover/facts.ts';
import { loginsOf } from '../logins.ts';
import type { BoxContext, Runtime } from '../types.ts';
import { COMPOSE_FILE, SERVICE } from './settings.ts';

/** `docker compose` where the engine has the plugin, else the older program. Undefined: neither. */
async function composeProgram(untrusted: readonly string[]): Promise<string[] | undefined> {
  const docker = findProgram('docker', untrusted);
  if (docker) {
    const plugin = await run(docker, ['compose', 'version'], { cwd: '/', timeout: 5_000 });
    if (plugin.code === 0) return [docker, 'compose'];
  }
  const standalone = findProgram('docker-compose', untrusted);
  return standalone ? [standalone] : undefined;
}

async function detect(root: string): Promise<RuntimeFact> {
  const unavailable = (detail: string): RuntimeFact => ({ id: 'docker', available: false, detail });
  const docker = findProgram('docker', [root]);
  if (!docker) return unavailable('not installed: https://docs.docker.com/engine/install/');
  const engine = await run(docker, ['version', '--format', '{{.Server.Version}}'], { cwd: '/', timeout: 5_000 });
  if (engine.code !== 0)
    return unavailable(
      /permission denied/i.test(engine.stderr)
        ? 'this user may not use the engine: see https://docs.docker.com/engine/install/linux-postinstall/'
        : 'the engine does not answer: start it',
    );
  if (!(await composeProgram([root])))
    return unavailable(`engine ${engine.stdout.trim()}, without compose: install the package docker-compose-plugin`);
  return { id: 'docker', available: true, detail: engine.stdout.trim() };
}

/** The words after the compose program, or after `docker` where a running container is named. `tty`: a person's terminal. */
function containerWords({ isolation, agents }: BoxContext, words: readonly string[], tty: boolean): string[] {
  const keys = loginsOf(agents).flatMap(login => login.keys.flatMap(key => (process.env[key] ? ['-e', key] : [])));
  if (isolation.container !== undefined)
    return ['exec', '-i', ...(tty ? ['-t'] : []), ...keys, isolation.container, ...words];
  return ['-f', COMPOSE_FILE, 'run', '--rm', ...(tty ? [] : ['-T']), ...keys, isolation.service ?? SERVICE, ...words];
}

function composeHashes(root: string): string {
  return ['compose.yaml', 'Dockerfile']
    .flatMap(name => {
      try {
        return [`.devcontainer/${name} sha256 ${sha256(readFileSync(join(root, '.devcontainer', name)))}`];
      } catch {
        return [];
      }
    })
    .join('\n');
}

export const docker: Runtime = {
  id: 'docker',
  title: 'compose container',
  limits:
    'Shares the engine’s kernel. Whoever may use the engine’s socket is root on this machine: it is not mounted, keep it so. Files are hidden as of the start.',
  detect,
  approval(context) {
    const named = context.isolation.container !== undefined;
    const line = shellLine([named ? 'docker' : 'docker compose', ...containerWords(context, ['…'], false)]);
    return named ? line : `${line}\n${composeHashes(context.root)}`;
  },
  async start(context, words, stdio) {
    const tty = stdio === 'inherit' && process.stdin.isTTY === true && process.stdout.isTTY === true;
    const program =
      context.isolation.container === undefined
        ? await composeProgram([context.root])
        : [findProgram('docker', [context.root])].filter(path => path !== undefined);
    const [name, ...first] = program ?? [];
    if (!name)
      throw new UserError({
        what: 'docker compose is not installed',
        expected: 'the compose plugin of Docker, or docker-compose',
        next: 'install the package docker-compose-plugin',
      });
    const child = spawn(name, [...first, ...containerWords(context, words, tty)], {
      cwd: context.root,
      env: cleanEnvironment(),
      stdio,
    });
    return { child, notes: [], signal: signal => void child.kill(signal), close: async () => {} };
  },
};
