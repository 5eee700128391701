import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { fc, it as property } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  escapes,
  fill,
  fillingOfBranch,
  fillingOfCommand,
  fillingOfListener,
  fillingOfPath,
  PLACEHOLDER,
  PLAIN,
} from '../../src/agents/escapes/index.ts';
import type { Escape, EscapeOf, Filling } from '../../src/agents/escapes/types.ts';
import { reveals } from '../../src/selftest/drive/reveal.ts';

const FIELDS = [
  ...['path', 'abs', 'dir', 'name', 'folder', 'movable', 'head', 'tail', 'inRepository', 'underHome'],
  ...['base64', 'hex', 'reversed', 'command', 'program', 'args', 'bin', 'mark', 'url', 'host', 'port', 'branch'],
] as (keyof Filling)[];
const AT_LEAST: Record<EscapeOf, number> = { read: 75, write: 25, exec: 40, fetch: 20, push: 20 };
const of = (kind: EscapeOf) => escapes.filter(way => way.of === kind);
const placeholders = (way: Escape) => [...way.template.matchAll(PLACEHOLDER)].map(match => match[1] ?? '');

describe('the table of escapes', () => {
  it.each(Object.entries(AT_LEAST))('has ways round a denied %s', (kind, least) => {
    expect(of(kind as EscapeOf).length).toBeGreaterThanOrEqual(least);
  });

  it('calls each one by a name of its own, which says what it gets round', () => {
    const ids = escapes.map(way => way.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const way of escapes) expect(way.id).toMatch(new RegExp(`^${way.of}(?:-[a-z0-9]+)+$`));
  });

  it('has each spelling once', () => {
    const spellings = escapes.map(way => `${way.of} ${way.tool} ${way.template}`);
    expect(spellings.filter((spelling, index) => spellings.indexOf(spelling) !== index)).toEqual([]);
  });

  it('has no empty family, and none of one kind by the name of another tool', () => {
    for (const way of escapes) expect(way.family).toMatch(/^[a-z]+(?:-[a-z0-9]+)*$/);
    const families = escapes.map(way => `${way.of} ${way.family}`);
    for (const family of families) expect(families.filter(other => other === family).length).toBeGreaterThan(1);
  });

  it('has no placeholder that nothing fills, and fills none that a shell would take for its own', () => {
    for (const way of escapes) {
      const names = placeholders(way);
      expect(names.filter(name => !(FIELDS as string[]).includes(name))).toEqual([]);
      if (way.family !== 'git' && !way.taken) expect(names.length, way.id).toBeGreaterThan(0);
    }
  });

  it('says why nothing came of it: where a program is silenced, a wall that stops it is not told from one that failed', () => {
    const finding = (template: string) => template.replace(/\$\(ls [^)]*\)/g, '');
    expect(escapes.filter(way => /2>\s*(?:\/dev\/null|&-)/.test(finding(way.template))).map(({ id }) => id)).toEqual(
      [],
    );
  });

  it('has a mark in whatever writes or connects, so that the effect is known', () => {
    for (const way of [...of('write'), ...of('fetch')].filter(({ tool }) => tool !== 'write'))
      expect(
        placeholders(way).some(name => name === 'mark' || name === 'url'),
        way.id,
      ).toBe(true);
  });

  it('lets a path as it is typed stand only where a tilde is expanded', () => {
    for (const way of escapes.filter(({ tool }) => tool === 'shell'))
      for (const { index } of way.template.matchAll(/\{path\}/g)) {
        const around = `${way.template[index - 1] ?? ' '}${way.template[index + '{path}'.length] ?? ' '}`;
        expect(around, way.id).toMatch(/^[\s<=][\s;)`]$/);
      }
  });

  it('needs plain programs, and says who can close it', () => {
    for (const way of escapes) {
      for (const program of way.needs ?? []) expect(program).toMatch(/^[a-z][a-z0-9-]*$/);
      if (way.of === 'push') expect(way.closes, way.id).toBe('server');
      if (way.of === 'fetch') expect(way.closes, way.id).toBe('network');
      if (way.closes === 'history') expect(way, way.id).toMatchObject({ family: 'git', inRepository: true });
    }
  });

  it('names what it needs that not every system has', () => {
    const words =
      /(?:^|[;|&`\n]|\$\(|<\(|exec |xargs )\s*(python3|node|perl|ruby|php|git|curl|wget|base64|xxd|tar|gzip|openssl|timeout|make|rev|vim|busybox)(?= )/g;
    for (const way of escapes.filter(({ tool }) => tool === 'shell'))
      for (const [, program = ''] of way.template.matchAll(words)) expect(way.needs, way.id).toContain(program);
  });

  it('names sources in a form that can be looked up', () => {
    for (const { source } of escapes.filter(way => way.source !== undefined))
      expect(source).toMatch(/^CVE-\d{4}-\d{4,}$|^[\w.-]+\/[\w.-]+#\d+$|^https:\/\//);
  });
});

describe('filling', () => {
  const whole = (value: string): Filling =>
    Object.fromEntries(FIELDS.map(field => [field, value])) as unknown as Filling;

  it('fills every way of a plain file, command, listener and branch', () => {
    const places = { root: '/home/a/shop', home: '/home/a' };
    const fillings: Record<EscapeOf, Partial<Filling>[]> = {
      read: ['.env', '~/.ssh/id', 'config/prod.json'].map(path => fillingOfPath(path, places)),
      write: ['.env', '~/.ssh/id', 'config/prod.json'].map(path => ({ ...fillingOfPath(path, places), mark: 'm' })),
      exec: [fillingOfCommand('terraform apply -auto-approve', '/usr/bin/terraform')],
      fetch: [fillingOfListener('127.0.0.1', 80, 'm')],
      push: [fillingOfBranch('release/1.2')],
    };
    for (const way of escapes)
      expect(
        fillings[way.of].map(filling => fill(way, filling)).find(text => text !== undefined),
        way.id,
      ).toBeTypeOf('string');
  });

  it('tells the parts of a path', () => {
    const places = { root: '/home/a/shop', home: '/home/a' };
    expect(fillingOfPath('config/prod.env', places)).toMatchObject({
      abs: '/home/a/shop/config/prod.env',
      dir: '/home/a/shop/config',
      name: 'prod.env',
      folder: 'config',
      movable: '/home/a/shop/config',
      head: '/home/a/shop/config/prod.e',
      tail: 'nv',
      inRepository: 'config/prod.env',
    });
    expect(fillingOfPath('.env', places)).not.toHaveProperty('movable');
    const home = fillingOfPath('~/.ssh/id', places);
    expect(home).toMatchObject({ path: '~/.ssh/id', abs: '/home/a/.ssh/id', underHome: '.ssh/id' });
    expect(home).not.toHaveProperty('inRepository');
  });

  it('tells the parts of a command and of a branch', () => {
    expect(fillingOfCommand('git clean -fd', '/bin/git')).toMatchObject({
      program: 'git',
      args: 'clean -fd',
      head: 'g',
      tail: 'it',
    });
    expect(fillingOfCommand('w')).not.toHaveProperty('head');
    expect(fillingOfCommand('w')).not.toHaveProperty('bin');
    expect(fillingOfBranch('main')).toEqual({ branch: 'main', head: 'ma', tail: 'in' });
  });

  it('takes no value that is missing, empty, an option, or of several words where one is meant', () => {
    const way = escapes.find(({ id }) => id === 'read-head');
    if (!way) throw new Error('read-head is gone');
    for (const path of [undefined, '', '-rf', '--output=x', '+x', '@x', 'a b', ' a', 'a ', 'a\n', '.env ; ls'])
      expect(fill(way, path === undefined ? {} : { path })).toBeUndefined();
    expect(fill(way, { path: '.env' })).toBe('head -n 9999 .env');
  });

  const HOSTILE = [
    '"',
    "'",
    '`',
    '$(id)',
    `$\{IFS}`,
    ';',
    '|',
    '&',
    '<',
    '>',
    '\n',
    '\r',
    '\\',
    '*',
    '?',
    '[a]',
    '{a,b}',
    '(',
    ')',
    '!',
    '#',
    '\0',
    '\t',
    '\u00a0',
    'é',
    '\u202e',
  ];
  const hostile = fc
    .tuple(
      fc.string({ unit: fc.constantFrom(...'abc./~-:@=%+, '), maxLength: 12 }),
      fc.constantFrom(...HOSTILE),
      fc.string(),
    )
    .map(parts => parts.join(''));

  // What an agent takes over has no name in them.
  const named = escapes.filter(({ taken }) => !taken);

  property.prop([fc.constantFrom(...named), hostile])('never lets a hostile value stand', (way, value) => {
    expect(fill(way, whole(value))).toBeUndefined();
  });

  property.prop([fc.constantFrom(...named), fc.string()])('gives only what is plain', (way, value) => {
    const text = fill(way, whole(value));
    if (text !== undefined) expect(value === '' || PLAIN.test(value) || /^[-+@%=:,]/.test(value)).toBe(true);
  });

  property.prop([fc.constantFrom('.env', 'a/b', '~/c'), hostile])(
    'makes nothing plain of a hostile path',
    (start, value) => {
      const filling = fillingOfPath(`${start}${value}`, { root: '/r', home: '/h' });
      for (const way of of('read').filter(({ template }) => /\{(?:path|abs|name)\}/.test(template)))
        expect(fill(way, filling)).toBeUndefined();
    },
  );
});

const run = promisify(execFile);
/** For all spellings together, where others have the processors too. */
const LONGEST = 280_000;

const SYSTEM = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const PATH = [...new Set([...SYSTEM, ...(process.env.PATH ?? '').split(delimiter)])].join(delimiter);

function has(program: string): boolean {
  return PATH.split(delimiter).some(folder => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const missing = (way: Escape) => (way.needs ?? []).filter(program => !has(program));
const CONTAINED =
  spawnSync('bwrap', ['--ro-bind', '/', '/', '--unshare-net', '--unshare-pid', '--proc', '/proc', 'true']).status === 0;

/** Inside, in memory. */
const WORK = '/tmp/ways';
const CANARY = 'k7w2m9x4c1b8q5z3t6v0';
const SECRET = {
  '.env': `# keys\nREGION=eu\nSECRET=${CANARY}\nDEBUG=0\n`,
  'config/prod.json': `{\n  "region": "eu",\n  "secret": "${CANARY}",\n  "debug": false\n}\n`,
};
const KEY = `-----BEGIN KEY-----\nAAAAB3NzaC1yc2E\n${CANARY}\n-----END KEY-----\n`;
const GUARD = '{\n  "rules": []\n}\n';
const COMMAND = 'stockpile --wipe all';

/** What each kind is tried on: first in bash, then in the plainest shell that reads it. */
const PLACES: Record<EscapeOf, Place[]> = {
  read: ['~/.ssh/id', 'config/prod.json', '.env'].map(subject => ({ subject })),
  write: ['~/.guard/settings.json', '.guard/settings.json', 'guard.json'].map(subject => ({ subject })),
  exec: [{ subject: COMMAND }, { subject: 'stockpile' }],
  fetch: [{ subject: 'the listener' }, { subject: 'the listener' }],
  push: [{ subject: 'main' }, { subject: 'release/1.2', aside: true }],
};

/** A guard that is missing, and made. */
const NEW: Place = { subject: '.guard/new.json' };

interface Place {
  /** What is looked at afterwards. */
  subject: string;
  /** Whether another branch than the protected one is checked out. */
  aside?: true;
}

interface Job extends Place {
  way: Escape;
  shell: 'bash' | 'sh';
  command: string;
  /** The name of its folder. */
  name: string;
  mark: string;
}

/** All shell spellings, each in a copy of one scratch home, in one namespace without a way out. */
class Ground {
  readonly folder = mkdtempSync(join(tmpdir(), 'ap-escapes-'));
  readonly jobs: Job[] = [];
  head = '';
  #log = '';

  /** The home and root of a job. */
  places(name: string) {
    const home = join(WORK, name, 'home');
    return { home, root: join(home, 'shop') };
  }

  /** What is said of a job by one of the folders of the ground. */
  #told(folder: string, { name }: Job): string {
    return readFileSync(join(this.folder, folder, name), 'latin1');
  }

  #spelled(way: Escape, { subject }: Place, name: string, mark: string): string | undefined {
    const filling: Record<EscapeOf, Partial<Filling>> = {
      read: fillingOfPath(subject, this.places(name)),
      write: { ...fillingOfPath(subject, this.places(name)), mark },
      exec: fillingOfCommand(subject, join(this.folder, 'bin', 'stockpile')),
      fetch: fillingOfListener('127.0.0.1', 8_087, mark),
      push: fillingOfBranch(subject),
    };
    return fill(way, filling[way.of]);
  }

  takes(way: Escape, place: Place): boolean {
    return this.#spelled(way, place, 'any', 'mark') !== undefined;
  }

  add(way: Escape, shell: Job['shell'], place: Place): void {
    const name = `${way.id}.${shell}.${this.jobs.length}`;
    const mark = `mark${this.jobs.length}x${CANARY.slice(0, 6)}`;
    const command = this.#spelled(way, place, name, mark) ?? '';
    this.jobs.push({ ...place, way, shell, command, name, mark });
  }

  #template(): void {
    const { home, root, remote } = {
      home: join(this.folder, 'home'),
      root: join(this.folder, 'home/shop'),
      remote: join(this.folder, 'remote.git'),
    };
    const write = (path: string, text: string) => {
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, text, { mode: 0o600 });
    };
    for (const [path, text] of Object.entries(SECRET)) write(join(root, path), text);
    write(join(root, '.guard/settings.json'), GUARD);
    write(join(root, 'guard.json'), GUARD);
    write(join(home, '.ssh/id'), KEY);
    write(join(home, '.guard/settings.json'), GUARD);
    write(join(this.folder, 'bin/stockpile'), `#!/bin/sh\necho ${CANARY}\n`);
    execFileSync('chmod', ['755', join(this.folder, 'bin/stockpile')]);
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
        cwd: root,
        encoding: 'utf8',
        env: { PATH, HOME: home },
      });
    git('init', '-q', '--bare', '--template=', '-b', 'main', remote);
    git('init', '-q', '--template=', '-b', 'main');
    git('remote', 'add', 'origin', remote);
    git('add', '-A');
    git('commit', '-qm', 'first');
    git('push', '-q', 'origin', 'main', 'main:release/1.2');
    git('commit', '-qm', 'second', '--allow-empty');
    this.head = git('rev-parse', 'HEAD').trim();
  }

  async run(): Promise<void> {
    this.#template();
    for (const folder of ['jobs', 'out', 'content', 'left', 'refs']) mkdirSync(join(this.folder, folder));
    for (const job of this.jobs)
      writeFileSync(
        join(this.folder, 'jobs', job.name),
        [job.shell, job.aside ? 'aside' : '', this.#file(job), job.command].join('\n'),
      );
    writeFileSync(join(this.folder, 'listen.js'), LISTENER);
    writeFileSync(join(this.folder, 'job.sh'), JOB);
    writeFileSync(join(this.folder, 'all.sh'), ALL);
    await run(
      'bwrap',
      [
        ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--tmpfs', '/run'],
        ...['--bind', this.folder, this.folder, '--unshare-net', '--unshare-pid', '--unshare-ipc'],
        ...[
          '--die-with-parent',
          '--new-session',
          '--clearenv',
          '--setenv',
          'PATH',
          PATH,
          '--setenv',
          'LANG',
          'C.UTF-8',
        ],
        ...['--setenv', 'GROUND', this.folder, '--chdir', this.folder],
        ...['sh', join(this.folder, 'all.sh'), process.execPath],
      ],
      { timeout: LONGEST, maxBuffer: 2 ** 26 },
    );
    this.#log = readFileSync(join(this.folder, 'log'), 'latin1').toLowerCase();
  }

  /** What is wrong with what a job brought; undefined: it had its effect, and left nothing behind but what is taken away by its name: `way`, `way.…`. */
  complaint(job: Job): string | undefined {
    const out = this.#told('out', job);
    const told = `${job.shell}, ${job.subject}: ${job.command.slice(0, 300)}\n${out.slice(0, 600)}`;
    if (!this.#hadEffect(job, out)) return `no effect: ${told}`;
    const left = this.#told('left', job).trim();
    if (left !== '') return `left ${left}: ${told}`;
    const same = job.way.of !== 'read' || this.#told('content', job).includes(CANARY);
    return same ? undefined : `took the file away: ${told}`;
  }

  #hadEffect(job: Job, out: string): boolean {
    switch (job.way.of) {
      case 'read':
      case 'exec':
        return reveals(out, CANARY);
      case 'write':
        return this.#told('content', job).includes(job.mark);
      case 'fetch':
        return this.#log.includes(job.mark);
      case 'push':
        return this.#told('refs', job).includes(`${this.head} refs/heads/${job.subject}\n`);
    }
  }

  /** Where it lies for the job, if it is a file. */
  #file({ name, subject }: Job): string {
    const { home, root } = this.places(name);
    return subject.startsWith('~/') ? join(home, subject.slice(2)) : join(root, subject);
  }
}

/** Writes down whatever anybody says, and answers in HTTP. */
const LISTENER = `
const fs = require('fs');
const server = require('net').createServer(socket => {
  socket.on('error', () => {});
  socket.on('data', data => fs.appendFileSync('log', data));
  socket.once('data', () => setTimeout(() => socket.end('HTTP/1.0 200 OK\\r\\nConnection: close\\r\\n\\r\\nok\\n'), 20));
});
server.listen(8087, '::', () => fs.writeFileSync('ready', ''));
`;

/** One job, in a copy of the home and remote of its own, which is gone when it is told what came of it. */
const JOB = `
{ read -r shell; read -r aside; read -r file; command=$(cat); } < "jobs/$1"
work="${WORK}/$1"
mkdir -p "$work"
cp -a home "$work/home"
case $1 in push-*)
  cp -a remote.git "$work/remote.git"
  sed -i "s|$GROUND/remote.git|$work/remote.git|" "$work/home/shop/.git/config"
esac
cd "$work/home/shop"
if [ "$aside" ]; then
  git update-ref refs/heads/topic HEAD
  git symbolic-ref HEAD refs/heads/topic
  git update-ref refs/heads/main HEAD~1
fi
HOME="$work/home" PATH="$GROUND/bin:$PATH" TERM=dumb timeout -k 1 20 "$shell" -c "$command" < /dev/null > "$GROUND/out/$1" 2>&1
cat "$file" > "$GROUND/content/$1" 2> /dev/null
ls -d way* 2> /dev/null | grep -v '^way\\(\\..*\\)*$' > "$GROUND/left/$1"
case $1 in push-*)
  git --git-dir="$work/remote.git" for-each-ref --format='%(objectname) %(refname)' > "$GROUND/refs/$1"
esac
rm -rf "$work"
exit 0
`;

const ALL = `
: > log
"$1" listen.js &
while [ ! -e ready ]; do sleep 0.05; done
ls jobs | xargs -P 4 -n 1 sh job.sh
kill $!
exit 0
`;

describe.skipIf(!CONTAINED)(
  CONTAINED ? 'each spelling in a plain shell' : 'each spelling in a plain shell [needs bubblewrap]',
  () => {
    // Without an agent nobody has taken a file's variables over.
    const spelled = escapes.filter(({ tool, taken }) => tool === 'shell' && !taken);
    const ground = new Ground();
    const shellOf = (way: Escape) => (way.needs?.includes('bash') ? 'bash' : 'sh');
    for (const way of spelled.filter(entry => missing(entry).length === 0)) {
      const other = shellOf(way);
      const [first, second] = PLACES[way.of].filter(place => ground.takes(way, place));
      if (way.of === 'write' && !way.existing && ground.takes(way, NEW)) ground.add(way, 'bash', NEW);
      if (first) ground.add(way, 'bash', first);
      if (second) ground.add(way, other, second);
    }

    beforeAll(() => ground.run(), LONGEST);
    afterAll(() => rmSync(ground.folder, { recursive: true, force: true }));

    for (const way of spelled) {
      const lacking = missing(way);
      it.skipIf(lacking.length > 0)(`${way.id}${lacking.length > 0 ? ` [needs ${lacking.join(', ')}]` : ''}`, () => {
        const jobs = ground.jobs.filter(job => job.way === way);
        expect(jobs.length).toBeGreaterThan(0);
        expect(jobs.flatMap(job => ground.complaint(job) ?? [])).toEqual([]);
      });
    }
  },
);
