import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ignore from 'ignore';
import { findProgram } from '../../base/exec.ts';
import { isThere, isWithin, readBounded, statsOf } from '../../base/files.ts';
import { git, INERT } from '../../base/git.ts';
import { randomHex, sha256 } from '../../base/hash.ts';
import { harmlessInGit, holdsNoSecret } from '../../posture/harmless.ts';
import { OK } from '../case.ts';
import type { Probe, ProbeContext, Subject } from './types.ts';

/** Names under which secrets were committed, in gitignore syntax. */
const SECRET_NAMES = [
  '.env',
  '.env.*',
  '!.env*.example',
  '!.env*.sample',
  '!.env*.template',
  '*.pem',
  '*.p12',
  '*.pfx',
  '*.key',
  'id_rsa',
  'id_ed25519',
  'id_ecdsa',
  '.npmrc',
  '.pypirc',
  '.netrc',
  '*.tfstate',
  'service-account*.json',
  'credentials.json',
  'secrets.y*ml',
];

const COMMITS = 5_000;

/** A file of a secret's name in the history: its newest version that may be one, why none is, or why that is not known. */
export type InHistory = { object: string } | { why: string } | { unclear: string };

/** Git was stopped, or is missing: then nothing is said of what the history holds. */
const UNREAD = 'git did not show what the history holds; run it again when the machine is less busy';

/**
 * Files in the history whose names say secret, by path. Bounded to 5,000 commits, to 100 files, and to the 20 newest
 * versions of each; a file with more may hold a secret. `note` hears where the history could not be read at all.
 */
export async function secretsInHistory(
  root: string,
  note: (text: string) => void = () => {},
): Promise<Map<string, InHistory>> {
  if (!isThere(join(root, '.git'))) return new Map();
  const patterns = SECRET_NAMES.filter(name => !name.startsWith('!')).map(name => `:(glob)**/${name}`);
  const log = await git(
    [
      'log',
      '--all',
      // What was amended or rebased away, or stood on a branch that is gone, can still be read for months.
      '--reflog',
      `--max-count=${COMMITS}`,
      '--raw',
      '--no-abbrev',
      '--no-renames',
      '-z',
      '--format=',
      '--',
      ...patterns,
    ],
    { cwd: root, maxBuffer: 4_000_000, timeout: 5_000 },
  );
  if (log.code !== 0) note('the git history could not be read whole, so secrets in it may be missing here');
  const wanted = ignore().add(SECRET_NAMES);
  const versions = new Map<string, Set<string>>();
  const fields = log.stdout.split('\0');
  for (let at = 0; at + 1 < fields.length; at++) {
    const match = /^\s*:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) ([A-Z])/.exec(fields[at] as string);
    if (!match) continue;
    const path = fields[++at] as string;
    const known = versions.get(path) ?? new Set();
    if ((versions.size >= 100 && known.size === 0) || !ignore.isPathValid(path) || !wanted.ignores(path)) continue;
    versions.set(path, known);
    for (const object of [match[2], match[1]]) if (object && !/^0+$/.test(object)) known.add(object);
  }
  const all = [...versions.values()].flatMap(objects => [...objects].slice(0, VERSIONS));
  const texts = await blobTexts(root, all);
  return new Map(
    [...versions].flatMap(([path, objects]): [string, InHistory][] => {
      const list = [...objects];
      const first = list[0];
      if (first === undefined) return [];
      const contents = list.map((object, at) => (at < VERSIONS ? texts?.get(object) : undefined));
      const why = harmlessInGit(path, contents);
      if (why !== undefined) return [[path, { why }]];
      if (!texts) return [[path, { unclear: UNREAD }]];
      const worst = contents.findIndex(text => text === undefined || !holdsNoSecret(text));
      return [[path, { object: list[worst] ?? first }]];
    }),
  );
}

/** Versions of a file that are looked at, and bytes of all that are read. */
const VERSIONS = 20;
const BLOBS = 20_000_000;

/**
 * The texts of blobs, by object id, as many as fit in what is read, the first ones first: one that is left out may hold
 * anything. Undefined where git did not come to its end: that says nothing of any.
 */
async function blobTexts(root: string, objects: readonly string[]): Promise<Map<string, string> | undefined> {
  const texts = new Map<string, string>();
  if (objects.length === 0) return texts;
  const sizes = await git(['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'], {
    cwd: root,
    input: objects.map(object => `${object}\n`).join(''),
    timeout: 10_000,
  });
  if (sizes.code !== 0) return undefined;
  let room = BLOBS / 2;
  const fitting = sizes.stdout.split('\n').flatMap(line => {
    const [object = '', type, size] = line.split(' ');
    if (type !== 'blob' || Number(size) > room) return [];
    room -= Number(size);
    return [object];
  });
  // A terminator of our own, as contents have line ends in them; a size would count bytes, not characters.
  const mark = randomHex(16);
  const shown = await git(['cat-file', `--batch=${mark} %(objectname) %(objecttype)`], {
    cwd: root,
    input: fitting.map(object => `${object}\n`).join(''),
    maxBuffer: BLOBS,
    timeout: 10_000,
  });
  if (shown.code !== 0) return undefined;
  for (const part of shown.stdout.split(`${mark} `).slice(1)) {
    const match = /^([0-9a-f]+) blob\n(.*)\n$/s.exec(part);
    if (match) texts.set(match[1] as string, match[2] as string);
  }
  return texts;
}

/** What is tried to take a blob out of the history: the object's own name makes sure that it is that content. */
export function historySubject(root: string, object: string): Subject {
  const program = findProgram('git', [root]);
  if (program === undefined) return { kind: 'skip', why: 'git is not here' };
  return {
    kind: 'command',
    // In a vantage the repository may belong to another user than the one inside.
    argv: [program, ...INERT, '-c', 'safe.directory=*', 'cat-file', 'blob', object],
    cwd: root,
    env: { GIT_ALLOW_PROTOCOL: 'none', GIT_NO_LAZY_FETCH: '1', GIT_OPTIONAL_LOCKS: '0' },
    success: 'printed',
    timeout: 3_000,
  };
}

/** The host's control of that. */
export async function inHistory(root: string, object: string): Promise<{ ok: boolean; reason: string }> {
  const shown = await git(['cat-file', '-e', object], { cwd: root, timeout: 5_000 });
  return shown.code === 0 ? OK : { ok: false, reason: 'not in the history any more' };
}

/** Files that hold secrets by their name, stand in the history, and are no longer in the working tree. */
export function historyOnly(history: ReadonlyMap<string, InHistory>, known: ReadonlySet<string>): Probe[] {
  return [...history]
    .filter(([path]) => !known.has(path))
    .map(([path, found]) => ({
      safeguard: 'SEC-1',
      attempt: 'read',
      target: path,
      expect: 'deny',
      severity: 'high',
      group: 'secrets',
      opens: 'stands in the git history',
      subject: { kind: 'skip', why: 'why' in found ? found.why : 'not here' },
      history: 'object' in found ? found.object : undefined,
      historyUnclear: 'unclear' in found ? found.unclear : undefined,
      origin: 'history',
    }));
}

/** `.git/config` where it holds a credential: an extra header, or a password in a remote's address. */
export async function gitConfigProbe({ root }: ProbeContext): Promise<Probe[]> {
  const path = join(root, '.git', 'config');
  const file = await readBounded(path, 500_000);
  if (!file.ok) return [];
  const text = file.data.toString('utf8');
  const holds = [
    /^\s*extraheader\s*=.*\b(authorization|token)\b/im.test(text) ? 'an authorization header' : undefined,
    /^\s*(push)?url\s*=\s*[a-z+]+:\/\/[^\s/@]*:[^\s/@]+@/im.test(text) ? "a password in a remote's address" : undefined,
  ].filter(held => held !== undefined);
  return [
    {
      safeguard: 'SEC-1',
      attempt: 'read',
      target: '.git/config',
      expect: 'deny',
      severity: 'high',
      group: 'secrets',
      opens: holds.join(' and ') || undefined,
      subject: holds.length > 0 ? { kind: 'file', path } : { kind: 'skip', why: 'no credential in it' },
      origin: 'git-config',
    },
  ];
}

/** What has to work: reading and writing the workspace, and the commands that the posture names. */
export function workProbes({ root, posture, readOnly }: ProbeContext): Probe[] {
  const common = {
    safeguard: 'ISO-1',
    expect: 'allow',
    severity: 'medium',
    group: 'too-tight',
    origin: 'work',
  } as const;
  const unwritten = { kind: 'skip', why: 'read-only try: nothing is written' } as const;
  return [
    { ...common, attempt: 'read', target: '.', subject: readOnly ? unwritten : { kind: 'workspace' } },
    { ...common, attempt: 'write', target: '.', subject: readOnly ? unwritten : { kind: 'workspace' } },
    ...(posture?.selftest?.commands ?? []).map(
      (command): Probe => ({
        ...common,
        attempt: 'exec',
        target: command,
        subject: readOnly
          ? { kind: 'skip', why: 'read-only try: nothing is started' }
          : { kind: 'command', argv: ['/bin/sh', '-c', command], cwd: root, success: 'exit', timeout: 120_000 },
      }),
    ),
  ];
}

/** The folder of a remote in the file system, or undefined where it is none. */
export function localRemote(root: string, url: string): string | undefined {
  if (/^file:\/\//i.test(url)) {
    try {
      return fileURLToPath(url);
    } catch {
      return undefined;
    }
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url) || /^[^/]+:/.test(url)) return undefined;
  return isAbsolute(url) ? url : resolve(root, url);
}

/** The most that a remote may weigh to be copied for a try on an exact branch: 200 MB. */
const COPY_LIMIT = 200_000_000;

/** One push per protected pattern, on a remote in the file system; on a forge a skipped row that says why. */
export async function pushProbes(context: ProbeContext): Promise<{ probes: Probe[]; approval: string | undefined }> {
  const { root, posture, facts, readOnly } = context;
  const patterns = posture?.repository?.protected ?? [];
  const url = facts.git.remote?.url;
  const remote = url === undefined ? undefined : localRemote(root, url);
  const bare =
    remote === undefined ? false : (await stat(join(remote, 'objects')).catch(() => undefined))?.isDirectory();
  const why = readOnly
    ? 'read-only try: nothing is pushed'
    : url === undefined
      ? 'there is no remote'
      : remote === undefined
        ? 'the remote is on a server; its rules are not read yet, and nothing is pushed there'
        : bare
          ? undefined
          : 'the remote is not a bare repository in the file system';
  const probes = await Promise.all(
    patterns.map(async (pattern): Promise<Probe> => {
      const wild = /[*?[]/.test(pattern);
      const tooBig = !wild && why === undefined && remote !== undefined && (await weight(remote)) > COPY_LIMIT;
      const reason = why ?? (tooBig ? 'the remote is too big to be copied for a try' : undefined);
      return {
        safeguard: 'VCS-4',
        attempt: 'push',
        target: pattern,
        expect: 'deny',
        severity: 'high',
        group: 'production',
        opens: 'what is deployed from this branch',
        subject:
          reason !== undefined || remote === undefined
            ? { kind: 'skip', why: reason ?? 'there is no remote' }
            : { kind: 'push', remote, ref: pattern, scratch: !wild },
        origin: 'push',
      };
    }),
  );
  const approval =
    remote !== undefined && probes.some(({ subject }) => subject.kind === 'push')
      ? await hooksText(remote, patterns)
      : undefined;
  return { probes, approval };
}

/** What the push would run, by content: the text that is approved. */
async function hooksText(remote: string, patterns: readonly string[]): Promise<string> {
  const folder = join(remote, 'hooks');
  const names = (await readdir(folder).catch(() => [])).filter(name => !name.endsWith('.sample')).sort();
  const hooks = await Promise.all(
    names.slice(0, 50).map(async name => {
      const content = await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
      return `  ${name} (sha256 ${sha256(content)})`;
    }),
  );
  return [
    `git push of a throw-away ref to ${remote} for ${patterns.join(', ')}`,
    hooks.length > 0 ? "the remote's own hooks run:" : 'the remote has no hooks',
    ...hooks,
  ].join('\n');
}

async function weight(folder: string): Promise<number> {
  let bytes = 0;
  let entries = 0;
  const queue = [folder];
  while (queue.length > 0 && bytes <= COPY_LIMIT && entries < 20_000) {
    const at = queue.shift() as string;
    for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      entries++;
      const path = join(at, entry.name);
      if (entry.isDirectory() && isWithin(folder, path)) queue.push(path);
      else if (entry.isFile()) bytes += statsOf(path)?.size ?? 0;
    }
  }
  return entries >= 20_000 ? Number.POSITIVE_INFINITY : bytes;
}
