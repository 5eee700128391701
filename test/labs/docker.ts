import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Images made on the spot from this machine's own files: no registry is asked. */
export type LabImage = 'agent-posture-lab:node' | 'agent-posture-lab:busybox';

function docker(args: readonly string[], input?: Buffer): string {
  const result = spawnSync('docker', args, { input, encoding: 'utf8', maxBuffer: 10_000_000 });
  if (result.status !== 0) throw new Error(`docker ${args.join(' ')}: ${result.stderr || result.error?.message}`);
  return result.stdout.trim();
}

/** Whether an engine answers, and busybox is here to make an image from. */
export function engineMissing(): string | undefined {
  if (spawnSync('docker', ['version', '--format', '{{.Server.Version}}']).status !== 0) return 'docker engine';
  return existsSync('/bin/busybox') ? undefined : 'busybox-static';
}

/** Imports an image made of busybox (every applet a link) and, for `:node`, this machine's Node with its libraries. */
export function makeImage(image: LabImage): LabImage {
  const tree = mkdtempSync(join(tmpdir(), 'lab-image-'));
  try {
    for (const folder of ['bin', 'usr/bin', 'etc', 'tmp', 'root', 'home', 'proc', 'sys', 'dev', 'run'])
      mkdirSync(join(tree, folder), { recursive: true });
    copyFileSync('/bin/busybox', join(tree, 'bin/busybox'));
    const applets = spawnSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).stdout.trim().split('\n');
    for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(tree, 'bin', applet));
    writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\ndev:x:1000:1000:dev:/home:/bin/sh\n');
    if (image.endsWith(':node')) {
      copyFileSync(process.execPath, join(tree, 'usr/bin/node'));
      const libraries = spawnSync('ldd', [process.execPath], { encoding: 'utf8' }).stdout.match(/\/\S+/g) ?? [];
      for (const library of libraries) {
        mkdirSync(join(tree, dirname(library)), { recursive: true });
        copyFileSync(library, join(tree, library));
      }
    }
    const archive = spawnSync('tar', ['c', '-C', tree, '.'], { maxBuffer: 500_000_000 });
    docker(['import', '-', image], archive.stdout);
    return image;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

export interface Container {
  name: string;
  /** The `--via` words that try from inside it. */
  via: string;
  stop(): void;
  remove(): void;
}

/** Starts a container that sleeps, with the given `docker run` options. */
export function startContainer(image: LabImage, options: readonly string[], command = 'sleep 1000'): Container {
  const name = `agent-posture-lab-${randomBytes(6).toString('hex')}`;
  docker(['run', '-d', '--name', name, ...options, image, 'sh', '-c', command]);
  return {
    name,
    via: `docker exec -i ${name}`,
    stop: () => void docker(['kill', name]),
    remove: () => void docker(['rm', '-f', name]),
  };
}
