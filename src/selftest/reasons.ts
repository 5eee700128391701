import type { Case } from './case.ts';
import type { Attempt, Layer } from './types.ts';

const FILE = ['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENOTREG', 'masked'];
const NETWORK = [
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EACCES',
  'EPERM',
  'ETIMEDOUT',
  'timeout',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_NONAME',
  'EAI_FAIL',
];

const NETWORKED: ReadonlySet<Attempt> = new Set(['connect', 'resolve', 'request']);
/** What the pack says when a proxy's answer to CONNECT was not 200. */
const PROXY = /^PROXY_/;

/**
 * What counts as a refusal, per attempt: the system's codes as errno(3), connect(2) and getaddrinfo(3) give them, and
 * the pack's words. A code that does not stand here proves nothing.
 */
export const REFUSALS: Readonly<Record<Attempt, readonly string[]>> = {
  read: [...FILE, 'EISDIR', 'ENXIO', 'ENODEV', 'EINVAL', 'none'],
  list: FILE,
  write: [...FILE, 'EROFS', 'EBUSY', 'EXDEV', 'EISDIR', 'EEXIST', 'own-layer', 'no crontab', 'not typed', 'none'],
  env: ['not set', 'masked', 'ENOENT', 'EACCES', 'EPERM', 'none'],
  connect: NETWORK,
  resolve: [
    'ENOTFOUND',
    'EAI_AGAIN',
    'EAI_NONAME',
    'EAI_FAIL',
    'ENODATA',
    'ESERVFAIL',
    'EREFUSED',
    'none',
    'timeout',
    ...NETWORK,
  ],
  request: [...NETWORK, 'status'],
  socket: [...FILE, 'ECONNREFUSED', 'ENOTSOCK', 'EAFNOSUPPORT', 'EPROTOTYPE', 'EINVAL', 'none'],
  process: ['none', 'not seen', 'not set', 'EACCES', 'EPERM', 'ENOENT', 'ESRCH'],
  push: ['rejected', 'unreachable'],
  exec: ['exit', 'EACCES', 'EPERM'],
};

/** Whether a code counts as a refusal of this attempt. */
export function isListed(attempt: Attempt, reason: string): boolean {
  return REFUSALS[attempt].includes(reason) || (NETWORKED.has(attempt) && PROXY.test(reason));
}

/** Codes of a system that is short of something: never a verdict. */
export const SATURATED: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'ENOBUFS',
  'ENOSPC',
  'EDQUOT',
  'EINTR',
  'EIO',
]);

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'not there',
  ENOTDIR: 'not there',
  ELOOP: 'the links lead nowhere',
  EROFS: 'read-only',
  EBUSY: 'pinned in place',
  EXDEV: 'pinned in place',
  masked: 'other content lies over it',
  ENOTREG: 'something else lies over it',
  EEXIST: 'something else lies over it',
  EINVAL: 'not possible there',
  EISDIR: 'something else lies over it',
  ENXIO: 'something else lies over it',
  ENODEV: 'something else lies over it',
  'no crontab': 'the crontab was refused',
  'not typed': 'no terminal of yours takes it',
  'own-layer': 'only a copy inside the box changed',
  'not seen': 'not to be seen',
  none: 'nothing there leads to it',
  ECONNREFUSED: 'connection refused',
  ENETUNREACH: 'no route',
  EHOSTUNREACH: 'no route',
  ENETDOWN: 'no network',
  EADDRNOTAVAIL: 'no such network here',
  EAFNOSUPPORT: 'no such network here',
  ETIMEDOUT: 'no answer',
  timeout: 'no answer',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'no name server answers',
  EAI_NONAME: 'name not found',
  EAI_FAIL: 'no name server answers',
  rejected: 'the server refused the push',
  unreachable: 'the remote is out of reach',
  exit: 'it gave nothing',
};

/** A code in the reader's words; the code itself where there are none. */
export function inWords(reason: string): string {
  if (PROXY.test(reason)) return 'the proxy refused';
  return WORDS[reason] ?? reason;
}

/** What did the blocking, told from the code and from how the vantage differs from the host. */
export function layerOf({ attempt, vantage, host }: Case, reason: string): Layer {
  const differs = (name: string) => {
    const inside = vantage.facts?.namespaces[name];
    const outside = host?.namespaces[name];
    return inside !== undefined && outside !== undefined && inside !== outside;
  };
  if (attempt === 'push') return reason === 'unreachable' ? 'sandbox' : 'server';
  if (NETWORKED.has(attempt)) return reason === 'EACCES' || reason === 'EPERM' ? 'sandbox' : 'network';
  if (attempt === 'socket' && reason === 'ECONNREFUSED' && differs('net')) return 'network';
  if (reason === 'EACCES' || reason === 'EPERM') {
    const otherUser = vantage.facts?.uid !== undefined && host?.uid !== undefined && vantage.facts.uid !== host.uid;
    return otherUser || !(differs('mnt') || differs('user') || vantage.facts?.noNewPrivileges) ? 'identity' : 'sandbox';
  }
  if (attempt === 'exec') return 'identity';
  return 'sandbox';
}
