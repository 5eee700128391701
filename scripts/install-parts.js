// Installs the real parts that the tests run against, for a person and for CI alike: `npm run parts [-- NAME…]`.
// What is there is left alone; what was done is said. Exits 1 when something could not be installed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findPart, PARTS, partFolder, partsFolder } from './parts.js';

const wanted = process.argv.slice(2);
for (const id of wanted)
  if (!Object.hasOwn(PARTS, id)) {
    console.error(`no part is called ${id}; there are: ${Object.keys(PARTS).join(', ')}`);
    process.exit(2);
  }
const ids = wanted.length > 0 ? wanted : Object.keys(PARTS);
const missing = ids.filter(id => findPart(id) === undefined);
const failed = new Map();

function start(program, args, options = {}) {
  console.log(`> ${[program, ...args].join(' ')}`);
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  return error ? error.message : status === 0 ? undefined : `${program} ended with ${status}`;
}

function installPackages(names) {
  if (names.length === 0) return;
  const packages = [...new Set(names.flatMap(id => PARTS[id].packages))];
  if (process.platform !== 'linux' || findProgram('apt-get') === undefined) {
    for (const id of names)
      failed.set(id, `install it with your system's package manager: ${PARTS[id].packages.join(' ')}`);
    return;
  }
  const rooted = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = [...rooted, 'apt-get', '-y', '-qq', '-o', 'Dpkg::Use-Pty=0'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (...args) => start(apt[0], [...apt.slice(1), ...args], { env });
  const install = () => run('install', '--no-install-recommends', ...packages);
  const problem = install() && (run('update') ?? install());
  if (problem) for (const id of names) failed.set(id, `sudo apt-get install ${packages.join(' ')}   (${problem})`);
}

function findProgram(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim() || undefined;
}

/** Filled beside its place and moved there when it is whole, so that an interrupted run leaves no half part. */
function intoCache(id, fill) {
  const folder = partFolder(id);
  mkdirSync(partsFolder, { recursive: true });
  const making = mkdtempSync(join(partsFolder, '.making-'));
  const problem = fill(making);
  if (problem === undefined) {
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
  } else {
    rmSync(making, { recursive: true, force: true });
    failed.set(id, problem);
  }
}

function installNpm(id) {
  const { name, version } = PARTS[id];
  const scripts = id.startsWith('node-') ? ['--ignore-scripts'] : [];
  intoCache(id, folder =>
    start(
      'npm',
      ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', ...scripts, `${name}@${version}`],
      {
        cwd: folder,
      },
    ),
  );
}

function installGo(id) {
  const { module, version } = PARTS[id];
  intoCache(id, folder => {
    if (findProgram('go') === undefined) return 'install Go from https://go.dev/dl, then run this again';
    const env = { ...process.env, GOBIN: dirname(join(folder, PARTS[id].program)), GOFLAGS: '-mod=mod' };
    return start('go', ['install', `${module}@${version}`], { env, cwd: folder });
  });
}

function installPip(id) {
  const { name, version } = PARTS[id];
  intoCache(id, folder =>
    start('python3', ['-m', 'pip', 'install', '-q', '--no-input', '--target', folder, `${name}==${version}`]),
  );
}

installPackages(missing.filter(id => PARTS[id].kind === 'apt'));
for (const id of missing) {
  if (PARTS[id].kind === 'npm') installNpm(id);
  if (PARTS[id].kind === 'go') installGo(id);
  if (PARTS[id].kind === 'pip') installPip(id);
}

console.log(`\nparts in ${partsFolder} and on the PATH:`);
for (const id of ids) {
  const place = findPart(id);
  const state = place ? (missing.includes(id) ? 'installed' : 'there') : 'MISSING';
  console.log(
    `  ${state.padEnd(10)} ${id.padEnd(14)} ${place ?? failed.get(id) ?? 'installed, but its program is not where it should be'}`,
  );
}
process.exitCode = ids.every(id => findPart(id)) ? 0 : 1;
