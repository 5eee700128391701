/**
 * What is said between the judge and the pack, the dependency-free program that runs inside a vantage. The host starts
 * the wrapper with `sh -s` appended, sends the bootstrap, waits for hello, and only then sends the pack (Node) or goes on
 * in the shell, and after that rounds of tries. Everything travels on stdin. These types are the meaning; how a line is
 * encoded is the session's and the pack's business alone.
 */

/** How a read goes about it. All but `direct` are ways round a wall. */
export type ReadWay =
  /** Opens `path` itself. */
  | 'direct'
  /** Every image of the file, or of a folder above it, in the vantage's own mount table. */
  | 'mounts'
  /** `/proc/PID/root` and `/proc/PID/cwd` of every process that can be seen. */
  | 'proc-root'
  /** Unmounts what lies over the path, in a mount namespace of its own that goes away with the try. */
  | 'umount'
  /** Enters the mount namespace of another process. */
  | 'nsenter'
  /** Descriptors that are open on it, our own inherited ones and other processes', deleted files too. */
  | 'open-fd';

/** The file's place on its file system, as the host sees it: the device as `major:minor`, and the path from that device's root. */
export interface FileSystemPlace {
  device: string;
  path: string;
}

/** What a server of a kind is asked, harmlessly, so that it shows itself. `none`: it must speak first. */
export type Greeting =
  | 'postgres'
  | 'mysql'
  | 'redis'
  | 'mongodb'
  | 'tls'
  | 'http'
  | 'ssh'
  | 'smtp'
  | 'amqp'
  | 'docker'
  | 'grpc'
  | 'ssh-agent'
  | 'gpg-agent'
  | 'dbus'
  | 'x11'
  | 'wayland'
  /** The one that is said in a datagram. */
  | 'quic'
  | 'none';

/** What a proxy or a filter on the way is told of a connection, to get past a list of names. */
export interface Told {
  /** The target of CONNECT; may hold any byte. */
  target?: string | undefined;
  /** The Host header beside it. */
  header?: string | undefined;
  /** The name in the TLS hello. */
  name?: string | undefined;
}

export type WriteHow =
  /** A new file with a fresh name; it must not exist. */
  | 'create'
  /** The first byte of the file is written back as it is. */
  | 'in-place'
  /** A copy is renamed over the file; the original waits beside it under `aside` and is put back. */
  | 'replace'
  /** The folder is renamed to `aside` and back at once. */
  | 'rename-parent';

/** A keyed comparison: sha256(key + content). The content itself never leaves the vantage. */
export interface Challenge {
  key: string;
  digest: string;
  /**
   * The same of its lines without carriage returns and blanks round them, sixteen hex digits each: who has a line of it,
   * has a copy, though a line end or a comment makes the whole another.
   */
  lines?: readonly string[] | undefined;
}

export type Try = {
  /** 16 random hex digits, new for each try: a result is matched by it, and a second one for it is void. */
  id: string;
  /** Milliseconds. */
  timeout: number;
} /** `bring`: the content of a decoy of ours is to come back. Otherwise it is compared with the challenge. */ & (
  | { op: 'read'; way: ReadWay; path: string; place?: FileSystemPlace | undefined; bring: true }
  | { op: 'read'; way: ReadWay; path: string; place?: FileSystemPlace | undefined; bring?: false; challenge: Challenge }
  /** Challenges for some of the names the host sees in the folder; done when one is found. */
  | { op: 'list'; path: string; key: string; digests: readonly string[] }
  /** With a place, by another mount of the same file or folder. */
  | {
      op: 'write';
      how: WriteHow;
      path: string;
      place?: FileSystemPlace | undefined;
      aside?: string | undefined;
      content: string;
    }
  /** Takes back what a write left. */
  | { op: 'unwrite'; how: WriteHow; path: string; aside?: string | undefined }
  /** A variable by name: of the pack itself, of process 1, of any other process, of a login shell. Without a challenge, any value counts. */
  | {
      op: 'env';
      name: string;
      from: 'own' | 'init' | 'processes' | 'login-shell';
      challenge?: Challenge | undefined;
      bring?: boolean | undefined;
    }
  /** Names, never values, of the variables of the same places; the host picks the secret-looking ones. */
  | { op: 'env-names' }
  | {
      op: 'connect';
      host: string;
      port: number;
      greeting: Greeting /** An entry of `proxies` to go through. */;
      proxy?: string | undefined;
      /** What is said on the way instead of the plain truth. */
      told?: Told | undefined;
    }
  /** `direct`: each name server that the vantage has is asked in a datagram of our own. */
  | { op: 'resolve'; name: string; direct?: boolean | undefined }
  | { op: 'request'; method: string; url: string; proxy?: string | undefined }
  | { op: 'socket'; path: string; abstract: boolean; place?: FileSystemPlace | undefined; greeting: Greeting }
  /** A listener of the pack's own, and a connection to it: the instrument control of `connect` and `socket`. */
  | { op: 'listen'; family: 'ipv4' | 'ipv6' | 'unix' | 'udp' }
  /** Runs a program. `argv[0]` is found on the vantage's PATH. Its output stays inside: only its length and `expect` come back. */
  | {
      op: 'exec';
      argv: readonly string[];
      cwd: string;
      env?: Record<string, string> | undefined;
      input?: string | undefined /** A fixed string to look for in its output. */;
      expect?: string | undefined;
    }
);

export type TryOp = Try['op'];
export type TryOf<O extends TryOp> = Extract<Try, { op: O }>;

export type Outcome =
  /** The effect happened. */
  | 'done'
  /** The system said no; `reason` is its code (`EACCES`, `ENOENT`, `ECONNREFUSED`, `masked` …). */
  | 'refused'
  /** A connection was accepted, and then nothing was said in time (`silent`), or it was closed at once (`closed`). */
  | 'silent'
  | 'closed'
  /** It did not end in its time. */
  | 'timeout'
  /** There was nothing to try it on: no second mount, no other process, no proxy. */
  | 'none'
  /** What it needs is missing in the vantage (`reason` names it: `sha256sum`, `unshare`, `nc` …). */
  | 'unable'
  /** Something else went wrong in the pack: never a verdict. EMFILE, ENOMEM and EAGAIN belong here. */
  | 'error';

export interface Observation {
  id: string;
  outcome: Outcome;
  /** A system's code, a missing tool's name, or a word of the pack's. */
  reason: string;
  /** The path, descriptor, address or process by which it was done. */
  at?: string | undefined;
  /** A decoy's content, with `bring`. Never anything else. */
  brought?: string | undefined;
  /** Content was read and equals the challenge (true) or does not (false). */
  matched?: boolean | undefined;
  /** Bytes, already rounded (`<1kB` …). */
  size?: string | undefined;
  /**
   * Of what refused: who owns it, its mode in octal, and whether it is the thing itself or a folder on the way to it. A
   * refusal that the same user can lift is no wall. No mode where it lies on a read-only mount, which keeps modes as they are.
   */
  owner?: number | undefined;
  mode?: string | undefined;
  part?: 'itself' | 'folder' | undefined;
  /** Exit code of `exec`. */
  code?: number | undefined;
  /** Whether `exec` printed anything, and whether what was expected stood in it. */
  printed?: boolean | undefined;
  found?: boolean | undefined;
  /** Names: of `env-names`, with where each was seen (`own`, `init`, `pid 12`, `login-shell`); addresses of `resolve`. */
  names?: readonly { name: string; from: string }[] | undefined;
  /** HTTP status of `request`. */
  status?: number | undefined;
  /** Milliseconds. */
  took: number;
}

/** Who and where the pack is. Recorded once a session; what it says is the vantage's own word. */
export interface VantageFacts {
  /** Which form of the pack runs, and in what: `node 22.1.0`, `sh (busybox)`. */
  form: 'node' | 'sh';
  runtime: string;
  platform: string;
  uid: number | undefined;
  gid: number | undefined;
  /** As in /proc/self/uid_map, spaces folded. */
  uidMap: string | undefined;
  /** Effective capabilities as in /proc/self/status, hex. */
  capabilities: string | undefined;
  noNewPrivileges: boolean | undefined;
  seccomp: boolean | undefined;
  /** Namespace identities by name (`mnt`, `pid`, `net`, `user`, `ipc`, `uts`): the number in /proc/self/ns/NAME. */
  namespaces: Readonly<Record<string, string>>;
  cwd: string;
  home: string | undefined;
  hostname: string | undefined;
  /** `host:port` of the HTTP proxies its environment names; others with their scheme: `socks5://host:port`. */
  proxies: readonly string[];
  /** Addresses by which a container reaches its host: the default gateway, `host.docker.internal`, where they are there. */
  hostAliases: readonly string[];
  tools: readonly string[];
  /** Seconds since 1970, as its clock says. */
  clock: number;
}
