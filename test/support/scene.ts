import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the scene's home lies for the program: nothing of the tester's machine is in the pictures. */
const HOME = '/home/sam';

/** Keys and tokens of nobody: random-looking, and only in the scene. */
const HOME_FILES: Record<string, string> = {
  '.ssh/id_ed25519': `-----BEGIN OPENSSH PRIVATE KEY-----\n${'bm90aGluZw'.repeat(20)}\n-----END OPENSSH PRIVATE KEY-----\n`,
  '.aws/credentials':
    '[dev]\naws_access_key_id = none\naws_secret_access_key = bm90aGluZw\n\n[prod]\naws_access_key_id = none\naws_secret_access_key = bm90aGluZw\n',
  '.config/gh/hosts.yml': 'github.com:\n    user: sam\n    oauth_token: bm90aGluZw\n    git_protocol: ssh\n',
  '.npmrc': '//registry.example.com/:_authToken=bm90aGluZw\n',
  '.gitconfig': '[user]\n\tname = Sam\n\temail = sam@example.com\n[init]\n\tdefaultBranch = main\n',
};

const PACKAGE = { name: 'shop-api', private: true, scripts: { start: 'node server.js', test: 'node --test' } };

const OLD_FILES: Record<string, string> = {
  'package.json': `${JSON.stringify(PACKAGE, null, 2)}\n`,
  'server.js': "import { createServer } from 'node:http';\n\ncreateServer().listen(3000);\n",
  'compose.yaml':
    'services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD: example\n    ports: ["127.0.0.1:5433:5432"]\n',
  '.claude/settings.json': `${JSON.stringify({ permissions: { allow: ['Bash(npm test)'], deny: ['Read(./reports/**)'] } }, null, 2)}\n`,
  '.env': 'PORT=3000\nSESSION_KEY=bm90aGluZw2\n',
};

const NEW_FILES: Record<string, string> = {
  '.gitignore': 'node_modules/\n.env*\n',
  '.env.production': 'DATABASE_URL=postgres://shop:bm90aGluZw@127.0.0.1:5432/shop\nPAYMENTS_KEY=bm90aGluZw3\n',
};

/** The production database of the scene: it answers N to a request for TLS, as PostgreSQL does, and nothing else. */
const DATABASE = `require('node:net')
  .createServer(socket => socket.on('error', () => {}).once('data', () => socket.end('N')))
  .listen(5432, '127.0.0.1');
`;

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  }
}

/**
 * A home with planted credentials and a repository "shop-api" in it, whose history holds a key that was taken out since.
 * Returns where that repository lies, and a command that starts the built program of `project` there: in namespaces of
 * its own, where the home is /home/sam, no socket of the tester's machine is, and 127.0.0.1:5432 is the scene's own
 * database.
 */
export function makeScene(folder: string, project: string): { program: string; args: string[]; root: string } {
  const home = join(folder, 'home');
  const root = join(home, 'shop-api');
  write(home, HOME_FILES);
  write(root, OLD_FILES);
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', root, ...args], {
      env: { PATH: process.env.PATH, HOME: home, GIT_CONFIG_NOSYSTEM: '1' },
      stdio: 'ignore',
    });
  };
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'The shop');
  git('rm', '-q', '--cached', '.env');
  write(root, NEW_FILES);
  git('add', '-A');
  git('commit', '-q', '-m', 'Take the key out');
  writeFileSync(join(folder, 'database.cjs'), DATABASE);
  const start = join(folder, 'start.sh');
  writeFileSync(
    start,
    `#!/bin/sh
"${process.execPath}" /opt/database.cjs </dev/null >/dev/null 2>&1 &
database=$!
"${process.execPath}" /opt/agent-posture/bin/agent-posture.js "$@"
code=$?
kill $database
exit $code
`,
  );
  chmodSync(start, 0o755);
  const args = [
    ...['--dev-bind', '/', '/', '--tmpfs', '/home', '--bind', home, HOME],
    ...['--tmpfs', '/opt', '--ro-bind', project, '/opt/agent-posture'],
    ...['--ro-bind', join(folder, 'database.cjs'), '/opt/database.cjs', '--ro-bind', start, '/opt/start.sh'],
    ...['--tmpfs', '/run', '--tmpfs', '/root', '--tmpfs', '/tmp', '--ro-bind', '/dev/null', '/etc/shadow'],
    ...['--dev', '/dev', '--unshare-net', '--unshare-user', '--uid', '1000', '--gid', '1000'],
    ...['--die-with-parent', '--clearenv'],
    ...['--setenv', 'HOME', HOME, '--setenv', 'PATH', '/usr/bin:/bin', '--setenv', 'TERM', 'xterm-256color'],
    ...['--setenv', 'LANG', 'C.UTF-8', '--setenv', 'AGENT_POSTURE_OUTSIDE', ''],
    ...['--setenv', 'AGENT_POSTURE_STATE', `${HOME}/.local/state/agent-posture`, '--chdir', `${HOME}/shop-api`],
    '/opt/start.sh',
  ];
  return { program: 'bwrap', args, root };
}
