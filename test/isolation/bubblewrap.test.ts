import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { bubblewrap, explainFailure } from '../../src/isolation/bubblewrap/index.ts';
import { privateSystemFiles, toolFolders } from '../../src/isolation/bubblewrap/system.ts';
import { Shifted, verifyMounts } from '../../src/isolation/bubblewrap/verify.ts';
import { clearPlaceholders } from '../../src/isolation/placeholders.ts';
import { guardPaths, guardProbes } from '../../src/selftest/probes/guard.ts';
import { labFacts } from '../labs/box.ts';
import { describeWith } from '../support/parts.ts';
import { finish, Lab, STARTERS } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'box-program-'));
let program = '';
beforeAll(async () => {
  program = await Lab.program(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const until = async (condition: () => boolean, limit = 5_000) => {
  const end = Date.now() + limit;
  while (!condition() && Date.now() < end) await new Promise(done => setTimeout(done, 25));
  return condition();
};

for (const starter of STARTERS)
  describeWith(['bubblewrap', 'git'], `the bubblewrap box, started by ${starter}`, () => {
    let lab: Lab;
    beforeEach(() => {
      lab = new Lab(starter, program);
    });
    afterEach(() => lab.remove());

    test('hides what the patterns match, under every name it has, and never an example', async () => {
      lab.write('.env', 'CANARY-1');
      lab.write('sub/.env.local', 'CANARY-2');
      linkSync(join(lab.root, 'sub/.env.local'), join(lab.root, 'sub/other'));
      symlinkSync('.env', join(lab.root, 'link'));
      lab.write('keys/a/b.txt', 'CANARY-3');
      lab.write('.env.development.example', 'NAMES=');
      lab.write('src/app.ts', 'works');
      const { stdout } = await lab.sh(
        'cat .env sub/.env.local sub/other link keys/a/b.txt 2>/dev/null; ls -A keys; cat .env.development.example src/app.ts',
        { files: { hide: ['.env*', 'keys/'] } },
      );
      expect(stdout).toBe('NAMES=works');
      const open = await lab.sh('cat .env sub/other keys/a/b.txt', { files: {} });
      expect(open.stdout).toBe('CANARY-1CANARY-2CANARY-3');
    });

    test('what git tracks as it stands is not hidden, so that no commit made inside empties it', async () => {
      lab.write('tests/.env', 'FOO=bar\n');
      lab.write('keys/a.txt', 'held');
      lab.write('.env.edited', 'old');
      lab.git('add', '-f', '.');
      lab.write('keys/b.txt', 'CANARY');
      lab.write('.env.edited', 'CANARY');
      lab.write('.env', 'CANARY');
      // Whoever can write the index can list a file, but has no object of what they cannot read.
      lab.git('update-index', '--add', '--cacheinfo', `100644,${lab.git('rev-parse', ':keys/a.txt').trim()},.env`);
      const script = 'cat tests/.env keys/a.txt keys/b.txt .env .env.edited 2>/dev/null; git add -A >&2';
      const { stdout, stderr } = await lab.sh(script, { files: { hide: ['.env*', 'keys/'] } });
      expect(stdout).toBe('FOO=bar\nheld');
      expect(stderr).toContain('keys/a.txt and 1 more: can be read inside');
      expect(stderr).toContain('.env and 1 more: tracked by git and edited, so hidden');
      expect(lab.git('show', ':tests/.env', ':keys/a.txt')).toBe('FOO=bar\nheld');
    });

    test('what cannot be looked into or named is hidden whole, or the box is not started', async () => {
      const shut: Record<string, string> = { none: '000', list: '444', pass: '111' };
      for (const [name, mode] of Object.entries(shut)) {
        lab.write(`${name}/.env`, 'CANARY');
        execFileSync('chmod', [mode, join(lab.root, name)]);
      }
      // Deeper than a path may be long.
      const deep =
        'd=$(printf "%0200d" 0); for i in $(seq 25); do mkdir $d && cd $d || exit 1; done; echo CANARY > .env';
      execFileSync('bash', ['-c', deep], { cwd: lab.root });
      lab.write('a', 'a');
      const isolation = { files: { hide: ['.env*'] } };
      const read = 'exec 2>/dev/null; chmod -R u+rwX .; cat */.env; find . -name .env -execdir cat {} +; echo ran';
      const closed = await lab.sh(read, isolation);
      expect(closed.stdout).toBe('ran\n');
      expect(closed.stderr).toContain('could not be looked into, so hidden whole');
      execFileSync('chmod', ['-R', 'u+rwX', lab.root]);
      execFileSync('bash', ['-c', "rm -rf none list pass 0*; mkdir $'k\\xff'; echo CANARY > $'k\\xff/open'"], {
        cwd: lab.root,
      });
      lab.write('a', 'a');
      expect((await lab.sh('cat k*/open', isolation)).stdout).toBe('CANARY\n');
      for (const make of [
        "mv $'k\\xff/open' $'k\\xff/.env'",
        "mv $'k\\xff/.env' $'.env\\xff'",
        "mv $'.env\\xff' .env; ln .env $'o\\xff'",
      ]) {
        execFileSync('bash', ['-c', make], { cwd: lab.root });
        const { stdout, stderr } = await lab.sh('find . -type f -exec cat {} +', isolation);
        expect({ make, stdout }).toEqual({ make, stdout: '' });
        expect(stderr).toContain('is no UTF-8, so that it cannot be hidden');
      }
    });

    test('an exception of the patterns stays readable', async () => {
      lab.write('.env.shared', 'open');
      lab.write('.env', 'CANARY');
      const { stdout } = await lab.sh('cat .env .env.shared', { files: { hide: ['.env*', '!.env.shared'] } });
      expect(stdout).toBe('open');
    });

    test('a mask can be neither taken off nor written through', async () => {
      lab.write('.env', 'CANARY');
      const { stdout } = await lab.sh(
        [
          'umount .env 2>/dev/null && echo umount; rm -f .env 2>/dev/null && echo rm',
          'mv .env x 2>/dev/null && echo mv; chmod 600 .env 2>/dev/null && echo chmod; echo > .env 2>/dev/null',
          'unshare -Urm sh -c "umount .env && cat .env" 2>/dev/null',
          'for p in /proc/[0-9]*; do cat $p/root$PWD/.env $p/cwd/.env; done 2>/dev/null',
          'nsenter -t 1 -m cat $PWD/.env 2>/dev/null; true',
        ].join('\n'),
        { files: { hide: ['.env'] } },
      );
      expect(stdout).toBe('');
      expect(readFileSync(join(lab.root, '.env'), 'utf8')).toBe('CANARY');
    });

    test('a folder with something hidden in it cannot be moved to where the next start does not look', async () => {
      lab.write('src/pricing/rates.txt', 'CANARY');
      lab.write('keys/k.txt', 'CANARY');
      const isolation = { files: { hide: ['src/pricing/**', 'keys/k.txt'] } };
      await lab.sh('mv src/pricing src/p2; mv src s2; mv keys k2; true', isolation);
      const { stdout } = await lab.sh('find . -name .git -prune -o -type f -exec cat {} +', isolation);
      expect(stdout).toBe('');
    });

    test('the switches of the machine cannot be written', async () => {
      const { stdout } = await lab.sh(
        'for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger; do (: >> $f) 2>/dev/null && echo $f; done; find /proc/sys -type f -writable 2>/dev/null | head -3; cat /proc/sys/kernel/ostype',
      );
      expect(stdout).toBe('Linux\n');
    });

    test('of the home and the machine only what programs need is there', async () => {
      lab.write('~/.ssh/id_ed25519', 'CANARY');
      lab.write('~/code/other/.env', 'CANARY');
      lab.write('~/.aws/credentials', 'CANARY');
      const { stdout } = await lab.sh(
        'cat ~/.ssh/id_ed25519 ~/code/other/.env ~/.aws/credentials /etc/shadow 2>/dev/null; ls -A ~/code; ls -A /run /var; ls -d /home /root /srv /mnt /sys /opt 2>/dev/null; true',
      );
      expect(stdout.trim().split(/\s+/)).toEqual(['shop', '/run:', '/var:', 'tmp']);
    });

    test('guards cannot be changed, replaced, moved away or made; nothing stays behind', async () => {
      lab.write('.claude/settings.json', '{}');
      lab.write('agent-posture.yaml', 'version: 1\n');
      const before = lab.tree();
      const guards = [
        '.git/hooks/',
        '.git/config',
        '.claude/',
        '.codex/',
        'agent-posture.yaml',
        '.mcp.json',
        '.github/workflows/',
      ];
      const { stdout, code } = await lab.sh(
        [
          'exec 2>/dev/null',
          'echo x > .git/hooks/pre-push && echo 1; echo x > .git/config && echo 2; echo x > .claude/settings.json && echo 3',
          'echo x > t && mv t .claude/settings.json && echo 4; mv t .git/config && echo 5; mv t agent-posture.yaml && echo 6',
          'mv .git .git2 && echo 7; mv .claude .c && echo 8; mv .github .g && echo 9; rm -rf .git/hooks && echo 10',
          'mkdir -p .codex && echo x > .codex/config.toml && echo 11; rm -rf .mcp.json; echo x > .mcp.json && echo 12',
          'rmdir .mcp.json && echo 13; echo x > .github/workflows/a.yml && echo 14; mv t .mcp.json && echo 15',
          'git config core.hooksPath /tmp && echo 16; rm -f t; echo done',
        ].join('\n'),
        {},
        { guards },
      );
      expect({ stdout, code }).toEqual({ stdout: 'done\n', code: 0 });
      expect(lab.tree()).toEqual(before);
      expect(existsSync(join(lab.root, '.git/hooks/pre-push'))).toBe(false);
      const without = await lab.sh('echo x > .claude/settings.json && echo x > .mcp.json && echo done');
      expect(without.stdout).toBe('done\n');
    });

    test('where an agent does not start over a folder, a file stands that says nothing, and git sees no more than that', async () => {
      const before = lab.tree();
      const guards = ['opencode.jsonc', '.opencode/', '.mcp.json'];
      const { stdout, code } = await lab.sh(
        [
          'cat opencode.jsonc; cat .opencode/.gitignore; test -d .mcp.json && echo folder; git status --short; exec 2>/dev/null',
          'echo x > opencode.jsonc && echo 1; echo x > t; mv t opencode.jsonc && echo 2; rm -f opencode.jsonc && echo 3',
          'echo x > .opencode/a && echo 4; echo x > .opencode/.gitignore && echo 5; rm -f t; echo done',
        ].join('\n'),
        {},
        { guards },
      );
      expect({ stdout, code }).toEqual({ stdout: '.gitignore\nfolder\n?? opencode.jsonc\ndone\n', code: 0 });
      expect(lab.tree()).toEqual(before);
      // A folder of the repository's own gets the file for as long as the box runs; one of its own is left as it is.
      lab.write('.opencode/agent/a.md', 'a');
      lab.write('.opencode/.gitignore', 'own\n');
      const own = lab.tree();
      expect((await lab.sh('cat .opencode/.gitignore', {}, { guards })).stdout).toBe('own\n');
      expect(lab.tree()).toEqual(own);
    });

    test('what is obeyed unasked outside is kept where it is there, and an agent’s settings whether it is installed or not', async () => {
      const names = [
        ...['.devcontainer.json', '.cursor/mcp.json', '.codex/config.toml', '.gemini/settings.json', 'opencode.jsonc'],
        ...[
          '.opencode/plugin/x.ts',
          '.windsurf/hooks.json',
          '.kiro/settings/mcp.json',
          '.qwen/settings.json',
          '.roo/mcp.json',
        ],
        ...['.clinerules', '.amp/settings.json', '.zed/tasks.json', '.mcp.json', 'lefthook.toml', '.lefthook.yaml'],
        ...[
          '.config/lefthook.json',
          '.overcommit.yml',
          '.lintstagedrc.js',
          '.github/actions/x/action.yml',
          'CODEOWNERS',
        ],
        ...[
          '.github/CODEOWNERS',
          'docs/CODEOWNERS',
          '.github/dependabot.yml',
          '.yarnrc.yml',
          '.yarn/releases/yarn.cjs',
          '.npmrc',
        ],
        ...[
          'shop.code-workspace',
          '.vs/tasks.vs.json',
          '.vscode/tasks.json',
          '.idea/x.xml',
          '.gitmodules',
          '.gitattributes',
        ],
        ...['.envrc', 'mise.toml', '.bazelrc', '.pre-commit-config.yaml', '.husky/pre-push'],
      ];
      for (const name of names) lab.write(name, '');
      const guards = guardPaths(lab.root, labFacts(lab.root, lab.home));
      const script = names.map(name => `(echo x > '${name}') 2>/dev/null && echo '${name}'`).join('; ');
      const { stdout, code } = await lab.sh(`${script}; touch docs/a package.json && echo ran`, {}, { guards });
      expect({ stdout, code }).toEqual({ stdout: 'ran\n', code: 0 });
      const rows = await guardProbes({
        ...{ root: lab.root, home: lab.home, env: {}, facts: labFacts(lab.root, lab.home), posture: undefined },
        ...{ deep: false, readOnly: false, restricted: false, note() {} },
      });
      const tried = rows.filter(row => row.subject.kind === 'guard').map(row => row.target);
      for (const name of names)
        expect(
          tried.some(target => target === name || name.startsWith(`${target.replace(/\/$/, '')}/`)),
          name,
        ).toBe(true);
    });

    test('work is possible: files, commits, programs', async () => {
      lab.write('.gitignore', 'node_modules\n');
      execFileSync('git', ['-C', lab.root, '-c', 'safe.directory=*', 'config', 'user.name', 'Dev "Q" $(id)']);
      execFileSync('git', ['-C', lab.root, '-c', 'safe.directory=*', 'config', 'user.email', 'dev@example.com']);
      lab.write('a.txt', 'a');
      const { stdout, stderr, code } = await lab.sh(
        'echo b > b.txt && mv b.txt c.txt && rm a.txt && mkdir -p d/e && git add -A && git commit -qm one && git log --format=%an && node -p 1+1 && echo t > /tmp/t && echo h > ~/h',
        {},
        { guards: ['.git/hooks/', '.git/config'] },
      );
      expect({ stdout, stderr, code }).toEqual({ stdout: 'Dev "Q" $(id)\n2\n', stderr: '', code: 0 });
      expect(existsSync(join(lab.home, 'h'))).toBe(false);
      expect(readFileSync(join(lab.root, 'c.txt'), 'utf8')).toBe('b\n');
    });

    test('only the folders of files.write can be written', async () => {
      lab.write('src/a', '');
      lab.write('docs/a', '');
      const { stdout } = await lab.sh(
        'touch src/b && echo src; touch docs/b 2>/dev/null && echo docs; touch c 2>/dev/null && echo root; mv src s 2>/dev/null && echo moved; true',
        { files: { write: ['src/'] } },
      );
      expect(stdout).toBe('src\n');
    });

    test('namespaces of its own, no capability, no way to type into the terminal, no keyring', async () => {
      const { stdout } = await lab.sh(
        [
          'for n in mnt pid ipc uts user; do readlink /proc/self/ns/$n; done',
          "grep -E '^(Cap(Eff|Prm|Bnd)|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\t'",
          'ls /proc | grep -c "^[0-9]"',
          'perl -e \'$! = 0; my $x = "x"; ioctl(STDOUT, 0x5412, $x); print $!+0, " "; $! = 0; syscall(250, 0, -3, 0); print $!+0, "\\n"\'',
        ].join('\n'),
      );
      const lines = stdout.trim().split('\n');
      for (const [index, name] of ['mnt', 'pid', 'ipc', 'uts', 'user'].entries())
        expect(lines[index]).not.toBe(execFileSync('readlink', [`/proc/self/ns/${name}`], { encoding: 'utf8' }).trim());
      expect(lines.slice(5, 10)).toEqual(
        ['CapPrm', 'CapEff', 'CapBnd'].map(name => `${name}:0000000000000000`).concat('NoNewPrivs:1', 'Seccomp:2'),
      );
      expect(Number(lines[10])).toBeLessThan(8);
      if (process.arch === 'x64') expect(lines[11]).toBe('1 1');
    });

    test('no file can be made one that runs as its owner', async () => {
      lab.write('a', 'a');
      mkdirSync(join(lab.root, 'd'));
      lab.write('d/a', 'a');
      const x64 = process.arch === 'x64';
      const perl = [
        'my ($a, $m, $n, $p, $o, $q, $r) = qw(a m n p o q r); my $how = pack("QQQ", 0101, 04755, 0);',
        // By their numbers: fchmodat, fchmodat2, mknodat, openat, openat2; chmod, open, creat, mknod.
        `syscall(${x64 ? 268 : 53}, -100, $a, 04755); syscall(452, -100, $a, 04755, 0);`,
        `syscall(${x64 ? 259 : 33}, -100, $m, 0104755, 0);`,
        `syscall(${x64 ? 257 : 56}, -100, $n, 0101, 04755); syscall(437, -100, $p, $how, 24);`,
        ...(x64
          ? [
              'syscall(90, $a, 04755); syscall(2, $o, 0101, 04755); syscall(85, $q, 04755); syscall(133, $r, 0104755, 0);',
            ]
          : []),
        'chmod 04755, "a"; open(my $f, "<", "a"); chmod 04755, $f; print "ran\n";',
      ].join(' ');
      const script = [
        'exec 2>/dev/null',
        `perl -e '${perl}'`,
        'chmod u+s a; install -m 4755 /bin/true t; chmod 600 a; chmod 755 a; cp -p a b; mkdir -m 700 e; umask 022; echo x > f',
        'chmod g+s d && echo group',
        'find . -name .git -prune -o -perm /4000 -print; find . -name .git -prune -o -perm /2000 -type f -print; stat -c %a a b e f',
      ].join('\n');
      const { stdout } = await lab.sh(script);
      const group = starter === 'root' ? '' : 'group\n';
      expect(stdout).toBe(`ran\n${group}755\n755\n700\n644\n`);
    });

    test('secrets of the environment stay outside, but a declared agent’s own key', async () => {
      const env = {
        PATH: process.env.PATH ?? '',
        GITHUB_TOKEN: 'CANARY',
        DATABASE_URL: 'CANARY',
        MY_URL: 'https://u:CANARY@example.com',
        BACKEND: 'Server=db;Password=CANARY',
        NOTIFY: 'https://hooks.slack.com/services/T1/B1/CANARY',
        LOGIN: `ghp_CANARY${'a1'.repeat(20)}`,
        MY_SESSION: 'CANARY',
        SSH_AUTH_SOCK: '/CANARY',
        NODE_OPTIONS: '--no-warnings',
        ANTHROPIC_API_KEY: 'own',
        EDITOR: 'vi',
      };
      const { stdout } = await lab.sh('env', {}, { env, agents: ['claude-code'] });
      expect(stdout).not.toMatch(/CANARY|NODE_OPTIONS/);
      expect(stdout).toContain('ANTHROPIC_API_KEY=own');
      expect(stdout).toContain('EDITOR=vi');
      expect((await lab.sh('env', {}, { env })).stdout).not.toContain('ANTHROPIC_API_KEY');
    });

    test('a declared agent finds its login, and of its settings only what it needs', async () => {
      lab.write('~/.claude/.credentials.json', 'LOGIN', 0o600);
      lab.write(
        '~/.claude.json',
        JSON.stringify({
          hasCompletedOnboarding: true,
          mcpServers: { x: { env: { TOKEN: 'CANARY' } } },
          projects: {
            [lab.root]: { hasTrustDialogAccepted: true, history: ['CANARY'] },
            '/other': { history: ['CANARY'] },
          },
        }),
        0o600,
      );
      const script = 'cat ~/.claude/.credentials.json ~/.claude.json; echo x >> ~/.claude.json';
      const { stdout } = await lab.sh(script, {}, { agents: ['claude-code'] });
      expect(stdout).toBe(
        `LOGIN${JSON.stringify({ hasCompletedOnboarding: true, projects: { [lab.root]: { hasTrustDialogAccepted: true } } })}`,
      );
      expect(readFileSync(join(lab.home, '.claude.json'), 'utf8')).toContain('CANARY');
      expect((await lab.sh('cat ~/.claude/.credentials.json')).stdout).toBe('');
    });

    test('the network: open, shut, or to the listed hosts alone', async () => {
      const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
      const other = createServer((_, response) => response.end('OTHER')).listen(0, '127.0.0.1');
      await Promise.all([server, other].map(each => new Promise(done => each.once('listening', done))));
      const port = (server.address() as AddressInfo).port;
      const otherPort = (other.address() as AddressInfo).port;
      const fetch = (target: number, how: string) =>
        `node -e 'const h=require("node:http");const n=require("node:net");${how}' ${target}`;
      const direct = fetch(
        port,
        'h.get("http://127.0.0.1:"+process.argv[1],r=>r.pipe(process.stdout)).on("error",e=>console.log(e.code))',
      );
      const through = (target: number) =>
        fetch(
          target,
          'const c=n.connect(3128,"127.0.0.1");c.on("error",e=>console.log(e.code));c.write("CONNECT 127.0.0.1:"+process.argv[1]+" HTTP/1.1\\r\\n\\r\\n");c.once("data",d=>{const s=String(d).slice(9,12);if(s!=="200"){console.log(s);c.end();return}c.write("GET / HTTP/1.0\\r\\n\\r\\n");c.on("data",e=>{console.log(String(e).split("\\r\\n\\r\\n")[1]);c.end()})})',
        );
      try {
        expect((await lab.sh(direct)).stdout).toBe('hello');
        expect((await lab.sh(direct, { network: { allow: [] } })).stdout.trim()).toBe('ECONNREFUSED');
        const network = { allow: [`127.0.0.1:${port}`] };
        // A client that knows no proxy finds a listed port of this machine where it always was.
        const { stdout, stderr } = await lab.sh(
          `${direct}; echo; ${direct.replace(String(port), String(otherPort))}; ${through(port)}; ${through(otherPort)}; echo $HTTPS_PROXY; ip -o link 2>/dev/null | wc -l`,
          { network },
        );
        expect({ stdout, stderr }).toEqual({
          stdout: 'hello\nECONNREFUSED\nhello\n403\nhttp://127.0.0.1:3128\n1\n',
          stderr: '',
        });
      } finally {
        server.close();
        other.close();
      }
    });

    test('an abstract socket of the machine is out of reach where the network is restricted', async () => {
      const name = `\0box-lab-${process.pid}`;
      const server = createSocket(socket => socket.end('CANARY')).listen(name);
      const script = `node -e 'require("node:net").connect("\\0box-lab-${process.pid}").on("error",e=>console.log(e.code)).pipe(process.stdout)'`;
      try {
        expect((await lab.sh(script, { network: { allow: [] } })).stdout.trim()).toBe('ECONNREFUSED');
      } finally {
        server.close();
      }
    });

    test('exit codes and signals pass; with the starter gone nothing is left running', async () => {
      expect((await lab.sh('exit 7')).code).toBe(7);
      const network = { allow: ['127.0.0.1:9'] };
      expect((await lab.sh('exit 8', { network })).code).toBe(8);

      const trapped = lab.start(lab.context({ network }), [
        'sh',
        '-c',
        'trap "echo got; exit 9" TERM; echo up; while :; do sleep 0.05; done',
      ]);
      const result = finish(trapped);
      await new Promise(done => trapped.stdout?.once('data', done));
      trapped.kill('SIGTERM');
      expect(await result).toMatchObject({ code: 9, stdout: 'up\ngot\n' });

      const mark = `sleep 987${process.pid}`;
      const killed = lab.start(lab.context(), ['sh', '-c', `echo up; ${mark}`]);
      await new Promise(done => killed.stdout?.once('data', done));
      const running = () =>
        readdirSync('/proc').some(pid => {
          try {
            return (
              /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(mark.replace(' ', '\0'))
            );
          } catch {
            return false;
          }
        });
      expect(await until(running)).toBe(true);
      killed.kill('SIGKILL');
      expect(await until(() => !running())).toBe(true);
    });

    test('killed at any moment of the start, the command does not go on alone', async () => {
      const ends = Array.from({ length: 16 }, async (_, at) => {
        const meanwhile = `(sleep 0.${String(at * 8).padStart(3, '0')}; kill -9 $PPID) </dev/null >/dev/null 2>&1 &`;
        const child = lab.start(lab.context(), ['sh', '-c', `sleep 1; touch late-${at}`], 'pipe', { meanwhile });
        await new Promise(done => child.once('exit', done));
      });
      await Promise.all(ends);
      await new Promise(done => setTimeout(done, 1_800));
      expect(readdirSync(lab.root).filter(name => name.startsWith('late'))).toEqual([]);
    });

    test('a killed box leaves no folder of temporary files', async () => {
      const network = { allow: ['127.0.0.1:9'] };
      const killed = lab.start(lab.context({ network }), ['sh', '-c', 'echo up; sleep 30']);
      await new Promise(done => killed.stdout?.once('data', done));
      killed.kill('SIGKILL');
      await new Promise(done => killed.once('close', done));
      expect(readdirSync(lab.temporary)).toEqual([]);
    });

    test('more to hide than can be mounted is said, with what to do', async () => {
      execFileSync('sh', ['-c', 'for i in $(seq 3000); do mkdir -p many/$i; : > many/$i/.env; done'], {
        cwd: lab.root,
      });
      lab.write('.env', '');
      const { code, stderr } = await lab.sh('echo ran', { files: { hide: ['.env'] } });
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/30\d\d files and folders are hidden.*3000 of them lie in many\//);
      const { stdout } = await lab.sh('cat many/1/.env 2>/dev/null; echo ran', { files: { hide: ['many/', '.env'] } });
      expect(stdout).toBe('ran\n');
    });

    if (starter === 'root')
      test('a file of the machine that is not for everybody is hidden at any depth', async () => {
        const top = `/etc/box-deep-${process.pid}`;
        mkdirSync(join(top, 'a/b/c/d/e'), { recursive: true });
        try {
          for (const path of ['secret', 'a/b/c/secret', 'a/b/c/d/e/secret'])
            writeFileSync(join(top, path), 'CANARY', { mode: 0o600 });
          writeFileSync(join(top, 'a/b/c/d/open'), 'open\n');
          const { stdout } = await lab.sh(`find ${top} -type f -exec cat {} +`);
          expect(stdout).toBe('open\n');
          // What is not looked at is hidden whole.
          expect(privateSystemFiles(top, 4)).toEqual([join(top, 'secret'), join(top, 'a/b/c')]);
        } finally {
          rmSync(top, { recursive: true, force: true });
        }
      });

    // Nobody else can take it away.
    if (starter === 'root')
      test('a file of the machine that is gone while a box is built is no hindrance', async () => {
        const file = `/etc/box-lab-${process.pid}`;
        writeFileSync(file, 'x', { mode: 0o600 });
        const child = lab.start(lab.context(), ['echo', 'ran'], 'pipe', { meanwhile: `rm -f ${file}` });
        const { stdout, stderr } = await finish(child).finally(() => rmSync(file, { force: true }));
        expect({ stdout, stderr }).toEqual({ stdout: 'ran\n', stderr: '' });
      });

    // A home in /tmp is somebody's own too, though nothing else of /tmp is brought in.
    test.each(['/var/tmp', '/tmp'])(
      'a program that a user installed in a home in %s is found with what it needs, and not what lies beside',
      async top => {
        const before = process.env.TMPDIR;
        process.env.TMPDIR = top;
        const own = new Lab(starter, program);
        if (before === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = before;
        try {
          const say = (text: string) => `#!/bin/sh\ncat "$(dirname "$(readlink -f "$0")")/${text}"\n`;
          const layouts: [program: string, real: string, needs: string, path: string][] = [
            ['.local/bin/one', '.local/share/one/versions/1/one', 'data', 'data'],
            ['.npm-global/bin/two', '.npm-global/lib/node_modules/@x/two/cli', '../dep/index', '../dep/index'],
            ['.bun/bin/three', '.bun/install/global/node_modules/three/cli', '../dep/index', '../dep/index'],
            [
              '.nvm/versions/node/v20/bin/four',
              '.nvm/versions/node/v20/lib/node_modules/four/cli',
              '../dep/i',
              '../dep/i',
            ],
            ['.local/bin/five', '.local/share/pipx/venvs/five/bin/five', '../lib/module', '../lib/module'],
            ['.volta/bin/six', '.volta/bin/shim', '../tools/image/x', '../tools/image/x'],
          ];
          own.write('~/.local/share/pipx/venvs/five/pyvenv.cfg', 'home = /usr/bin\n');
          own.write('~/.local/share/keys/secret', 'CANARY');
          own.write('~/.npm-global/etc/npmrc', 'CANARY');
          // A shim starts its manager, which lies beside.
          own.write('~/.pyenv/shims/seven', '#!/bin/sh\nexec "$(dirname "$0")/../libexec/pyenv"\n', 0o755);
          own.write('~/.pyenv/libexec/pyenv', '#!/bin/sh\necho managed\n', 0o755);
          expect((await finish(own.start(own.context(), [join(own.home, '.pyenv/shims/seven')]))).stdout).toBe(
            'managed\n',
          );
          for (const [link, real, needs, path] of layouts) {
            own.write(`~/${real}`, say(needs), 0o755);
            own.write(`~/${join(real, '..', path)}`, `${link}\n`);
            mkdirSync(join(own.home, link, '..'), { recursive: true });
            symlinkSync(join(own.home, real), join(own.home, link));
          }
          for (const [link] of layouts) {
            const started = join(own.home, link);
            const { stdout, stderr } = await finish(own.start(own.context(), [started]));
            expect({ link, stdout, stderr }).toEqual({ link, stdout: `${link}\n`, stderr: '' });
          }
          const { stdout } = await own.sh('cat ~/.local/share/keys/secret ~/.npm-global/etc/npmrc; echo ran');
          expect(stdout).toBe('ran\n');
        } finally {
          own.remove();
        }
      },
    );

    test('what a killed box left is taken away by the next one', async () => {
      const guards = ['.mcp.json', '.github/workflows/'];
      const before = lab.tree();
      const killed = lab.start(lab.context({}, { guards }), ['sh', '-c', 'echo up; sleep 30']);
      await new Promise(done => killed.stdout?.once('data', done));
      expect(lab.tree()).not.toEqual(before);
      killed.kill('SIGKILL');
      await new Promise(done => killed.once('close', done));
      await lab.sh('true');
      expect(lab.tree()).toEqual(before);
    });

    test('two boxes at once: the one that ends leaves the other’s guards in place', async () => {
      const guards = ['.mcp.json'];
      const first = lab.start(lab.context({}, { guards }), [
        'sh',
        '-c',
        'echo up; sleep 0.6; echo x > .mcp.json; ls -A | grep -c mcp',
      ]);
      const result = finish(first);
      await new Promise(done => first.stdout?.once('data', done));
      expect((await lab.sh('echo x > .mcp.json', {}, { guards })).code).not.toBe(0);
      expect((await result).stdout).toBe('up\n1\n');
      expect(existsSync(join(lab.root, '.mcp.json'))).toBe(false);
    });

    test('a worktree works; a planted .git file brings in nothing', async () => {
      const git = (...args: string[]) =>
        execFileSync('git', [
          '-C',
          lab.root,
          '-c',
          'safe.directory=*',
          '-c',
          'user.name=x',
          '-c',
          'user.email=x@example.com',
          ...args,
        ]);
      git('commit', '-q', '--allow-empty', '-m', 'one');
      const tree = join(lab.home, 'code', 'tree');
      git('worktree', 'add', '-q', tree);
      lab.write('~/code/tree/a', 'a');
      const context = { root: tree };
      const worked = await lab.sh(
        'git add -A && git -c user.name=x -c user.email=x@y.z commit -qm two && git log --format=%s | head -1; echo x 2>/dev/null > ~/code/shop/.git/hooks/pre-push; true',
        {},
        context,
      );
      expect(worked.stdout).toBe('two\n');
      expect(existsSync(join(lab.root, '.git/hooks/pre-push'))).toBe(false);

      lab.write('~/.ssh/id', 'CANARY');
      lab.write('~/code/planted/.git', 'gitdir: ../../.ssh\n');
      const planted = await lab.sh('cat ~/.ssh/id', {}, { root: join(lab.home, 'code', 'planted') });
      expect(planted.stdout).toBe('');
      expect(planted.stderr).toContain('.git names a folder');

      lab.write('~/code/planted/.git', 'gitdir: ../shop/.git/worktrees/tree\n');
      const stolen = await lab.sh('cat ~/code/shop/.git/config', {}, { root: join(lab.home, 'code', 'planted') });
      expect(stolen.stdout).toBe('');
    });

    test('git outside runs nothing that was planted inside, in .git or as a bare repository', async () => {
      lab.write('a', 'a');
      lab.git('add', '.');
      lab.git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '-qm', 'one');
      const before = [lab.tree(), readdirSync(join(lab.root, '.git')).sort()];
      const hostile = `[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = "touch ${lab.home}/PWNED; false"\n`;
      const { stdout } = await lab.sh(
        [
          'exec 2>/dev/null',
          `mkdir c; printf '%s' '${hostile}' > c/config; cp -r .git/objects .git/refs .git/HEAD c/`,
          'echo ../c > .git/commondir && echo 1; rm -f .git/commondir && echo 2; mv .git .g && echo 3',
          'cp c/config .git/config.worktree && echo 4; echo x > .git/info/attributes && echo 5; mv .git/info .git/i && echo 6',
          'echo c > commondir && echo 7; rmdir commondir && echo 8; mv commondir x && echo 9',
          'cp -r c/objects c/refs c/HEAD c/config .; rm .git/HEAD; mv .git/refs .git/r; mv .git/objects .git/o; rmdir .git/refs; chmod 0 .git/refs .git/objects; echo done',
        ].join('\n'),
      );
      expect(stdout).toBe('done\n');
      expect(lab.git('status', '-s', 'a')).toBe('');
      expect(existsSync(join(lab.home, 'PWNED'))).toBe(false);
      for (const name of ['objects', 'refs', 'HEAD', 'config', 'c']) rmSync(join(lab.root, name), { recursive: true });
      expect([lab.tree(), readdirSync(join(lab.root, '.git')).sort()]).toEqual(before);
      expect(lab.git('status', '-s')).toBe('');
    });

    test('a link in the repository gives nothing outside it, where it may be written or in git’s own folder', async () => {
      lab.write('~/.ssh/id', 'CANARY');
      lab.write('src/a', 'a');
      symlinkSync('../..', join(lab.root, 'out'));
      rmSync(join(lab.root, '.git/refs'), { recursive: true });
      symlinkSync('../../..', join(lab.root, '.git/refs'));
      const tried =
        'cat ~/.ssh/id out/.ssh/id .git/refs/.ssh/id; echo x > out/PLANTED; echo x > ~/PLANTED; echo b >> src/a && cat src/a';
      for (const write of [['src', 'out'], ['.']]) {
        const { stdout } = await lab.sh(tried, { files: { write, hide: [] } });
        expect(stdout).toContain('ab');
        expect(stdout).not.toContain('CANARY');
        expect(existsSync(join(lab.home, 'PLANTED'))).toBe(false);
      }
    });

    test('of a submodule, what git outside obeys is kept; a clone that is not in the index comes and goes', async () => {
      const make = (name: string) => {
        execFileSync('git', ['init', '-q', join(lab.root, name)]);
        lab.git(
          '-C',
          name,
          '-c',
          'user.name=x',
          '-c',
          'user.email=x@example.com',
          'commit',
          '-q',
          '--allow-empty',
          '-m',
          'x',
        );
      };
      make('sub');
      make('clone');
      lab.git('add', 'sub');
      const { stdout } = await lab.sh(
        [
          'exec 2>/dev/null',
          'echo x >> sub/.git/config && echo 1; echo x > sub/.git/hooks/post-checkout && echo 2',
          'mv sub s && echo 3; mv sub/.git sub/.g && echo 4; rm -rf sub/.git/config && echo 5',
          'echo a > sub/a; git -C sub add a && git -C sub -c user.name=x -c user.email=x@y.z commit -qm two && git -C sub log --format=%s | head -1',
          'rm -rf clone && echo gone',
        ].join('\n'),
      );
      expect(stdout).toBe('two\ngone\n');
    });

    test('a killed box leaves no bare repository behind either, and the next command mends git’s folder', async () => {
      const before = [lab.tree(), readdirSync(join(lab.root, '.git')).sort()];
      const script =
        'mkdir objects refs; cp .git/HEAD HEAD; printf "[core]\\n\\tbare = false\\n\\tworktree = .\\n" > config; rm .git/HEAD; echo up; sleep 30';
      const killed = lab.start(lab.context({}, { guards: ['.mcp.json'] }), ['sh', '-c', script]);
      await new Promise(done => killed.stdout?.once('data', done));
      killed.kill('SIGKILL');
      await new Promise(done => killed.once('close', done));
      expect(() => lab.git('status')).toThrow(/commondir/);
      process.env.AGENT_POSTURE_STATE = join(lab.home, '.state');
      clearPlaceholders(lab.root);
      expect(lab.git('rev-parse', '--git-dir')).toBe('.git\n');
      for (const name of ['objects', 'refs', 'HEAD', 'config']) rmSync(join(lab.root, name), { recursive: true });
      expect([lab.tree(), readdirSync(join(lab.root, '.git')).sort()]).toEqual(before);
    });

    test('what git’s settings include or run cannot be changed or made, and git goes on', async () => {
      lab.write('a', 'a');
      lab.git('config', 'include.path', '../cfg/git');
      lab.git('config', '--add', 'include.path', '../later');
      lab.git('config', 'filter.f.clean', 'sh scripts/clean');
      lab.git('config', 'core.fsmonitor', '');
      lab.write('cfg/git', '[user]\n\tname = x\n');
      lab.write('scripts/clean', 'cat\n');
      const { stdout } = await lab.sh(
        [
          'exec 2>/dev/null',
          `printf '[core]\n\thooksPath = /x\n' > cfg/git && echo 1; echo x > later && echo 2; echo x > scripts/clean && echo 3`,
          'rm -f cfg/git && echo 4; mv cfg c && echo 5; mv scripts s && echo 6; touch t; mv t scripts/clean && echo 7; rm -f t',
          'git add a && git config user.name',
        ].join('\n'),
      );
      expect(stdout).toBe('x\n');
      expect(lab.tree().map(line => line.split(' ')[0])).toEqual([
        '/.git',
        '/a',
        '/cfg',
        '/cfg/git',
        '/scripts',
        '/scripts/clean',
      ]);
    });

    test('a root that is no repository cannot be made a bare one', async () => {
      rmSync(join(lab.root, '.git'), { recursive: true });
      const script = 'mkdir -p objects refs; echo x > config; echo "ref: refs/heads/main" > HEAD; rmdir HEAD; echo ran';
      expect((await lab.sh(`exec 2>/dev/null; ${script}`)).stdout).toBe('ran\n');
      expect(existsSync(join(lab.root, 'HEAD'))).toBe(false);
      expect(() =>
        execFileSync('git', ['-C', lab.root, '-c', 'safe.directory=*', 'rev-parse'], { stdio: 'pipe' }),
      ).toThrow();
    });

    test('git’s own work goes on beside the guards of its folder', async () => {
      lab.git('init', '-q', '--bare', '-b', 'main', '../up');
      lab.write('a', '1\n');
      const { stdout, stderr, code } = await lab.sh(
        [
          'set -e; cp -r . /tmp/up; export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@y.z GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@y.z',
          'git add a; git commit -qm 1; git checkout -q -b feature; echo 2 >> a; git commit -qam 2; echo 3 >> a; git stash -q; git stash pop -q; git checkout -q a',
          'git checkout -q main; echo z > z; git add z; git commit -qm z; git rebase -q main feature; git switch -q main; git merge -q feature',
          'git clone -q . /tmp/other; git fetch -q /tmp/other main; git gc -q; git tag v1; git reset -q --hard HEAD~1; git update-server-info',
          'git status -s; git log --format=%s HEAD; git rev-parse --show-toplevel --git-dir',
        ].join('\n'),
      );
      expect({ stdout, stderr, code }).toEqual({ stdout: `z\n1\n${lab.root}\n.git\n`, stderr: '', code: 0 });
      expect(lab.git('log', '--format=%s', 'HEAD')).toBe('z\n1\n');
      expect(lab.git('fsck', '--no-dangling')).toBe('');
      expect(existsSync(join(lab.root, '.git/commondir'))).toBe(false);
    });

    test('a .git file cannot be replaced, and where there is none it cannot be made', async () => {
      lab.git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '-q', '--allow-empty', '-m', 'one');
      const tree = join(lab.home, 'code', 'tree');
      lab.git('worktree', 'add', '-q', tree);
      const own = join(lab.root, '.git/worktrees/tree');
      const before = [readdirSync(own).sort(), readdirSync(join(lab.root, '.git')).sort()];
      const inTree = await lab.sh(
        [
          'exec 2>/dev/null',
          'echo "gitdir: x" > .git && echo 1; rm -f .git && echo 2; touch t; mv t .git && echo 3; rm t',
          `cd ${own}; echo x > commondir && echo 4; rm -f commondir && echo 5; echo x > gitdir && echo 6; echo x > config.worktree && echo 7`,
          'cd ../..; echo x > commondir && echo 8; echo x >> config && echo 9; mv worktrees w && echo 10; true',
        ].join('\n'),
        {},
        { root: tree },
      );
      expect(inTree.stdout).toBe('');
      expect([readdirSync(own).sort(), readdirSync(join(lab.root, '.git')).sort()]).toEqual(before);
      lab.write('packages/one/a', 'a');
      const root = join(lab.root, 'packages/one');
      const inPart = await lab.sh(
        'exec 2>/dev/null; git init -q && echo 1; mkdir .git/refs && echo 2; rmdir .git && echo 3; echo "gitdir: x" > .git && echo 4; mv .git x && echo 5; ls',
        {},
        { root },
      );
      expect(inPart.stdout).not.toMatch(/\d/);
      expect(readdirSync(root)).toEqual(['a']);
    });

    test('what a link in a guard folder leads to is kept, and so is a guard behind a link', async () => {
      lab.write('cfg/claude.json', '{}');
      lab.write('gem/settings.json', '{}');
      mkdirSync(join(lab.root, '.claude'));
      symlinkSync('../cfg/claude.json', join(lab.root, '.claude/settings.json'));
      symlinkSync('gem', join(lab.root, '.gemini'));
      const { stdout, stderr } = await lab.sh(
        'exec 2>/dev/null; echo x > cfg/claude.json && echo 1; mv cfg c2 && echo 2; echo x > gem/settings.json && echo 3; rm -f .claude/settings.json && echo 4; touch cfg/other gem/other; true',
        {},
        { guards: ['.claude/', '.gemini/settings.json'] },
      );
      expect(stdout).toBe('');
      expect(stderr).toContain('.gemini/settings.json lies behind a symbolic link');
      expect(existsSync(join(lab.root, 'gem/other'))).toBe(true);
    });

    test('what is swapped for a link while a box is built leads its mounts nowhere else', async () => {
      lab.write('~/.ssh/id', 'CANARY');
      lab.write('src/pricing/rates.txt', 'CANARY');
      lab.write('conf/.env', 'CANARY');
      lab.write('other/.env', '');
      lab.write('.claude/settings.json', '{}');
      lab.write('open/settings.json', '{}');
      const read = 'find ~ -name .state -prune -o -type f -exec grep -l CANARY {} +; echo x > ~/.ssh/planted; echo ran';
      const hide = ['src/pricing/**', '.env'];
      const swaps = {
        // What is mounted: the folder that holds something hidden is the home, in the box as outside.
        holder: 'mv conf c; ln -s ../.. conf',
        // Where to: the mask lies on another file of that name.
        mask: 'mv conf c; ln -s other conf',
        moved: 'mv conf/.env conf/open; touch conf/.env',
        guard: 'mv .claude c2; ln -s open .claude',
        root: 'cd ..; mv shop s; ln -s .. shop',
      };
      for (const [name, meanwhile] of Object.entries(swaps)) {
        execFileSync('cp', ['-a', lab.root, `${lab.root}.kept`]);
        const context = lab.context({ files: { hide } }, { guards: ['.claude/'] });
        const child = lab.start(context, ['sh', '-c', `exec 2>/dev/null; ${read}`], 'pipe', { meanwhile });
        const { stdout, stderr } = await finish(child);
        expect(stdout.replace('ran\n', ''), `${name}: ${stderr}`).toBe('');
        expect(existsSync(join(lab.home, '.ssh/planted')), name).toBe(false);
        execFileSync('sh', ['-c', 'rm -rf shop s; mv shop.kept shop'], { cwd: join(lab.home, 'code') });
      }
    });

    test('a box that swaps folders for links as fast as it can gets nothing out of the next ones', async () => {
      lab.write('~/.ssh/id', 'CANARY');
      const swapper = `
        const fs = require('node:fs');
        fs.mkdirSync('a'); fs.writeFileSync('a/.env', ''); fs.symlinkSync('../..', 'b');
        console.log('up');
        const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * 20);
        for (;;) try { fs.renameSync('a', 'c'); fs.renameSync('b', 'a'); wait(); fs.renameSync('a', 'b'); fs.renameSync('c', 'a'); wait(); } catch {}`;
      const isolation = { files: { hide: ['.env'] } };
      const first = lab.start(lab.context(isolation), ['node', '-e', swapper]);
      const ended = finish(first);
      await new Promise(done => first.stdout?.once('data', done));
      const outcomes: string[] = [];
      const end = Date.now() + 4_000;
      try {
        while (Date.now() < end) {
          const { stdout, stderr } = await lab.sh('cat ~/.ssh/id; echo x > ~/.ssh/planted; echo ran', isolation);
          outcomes.push(stdout.includes('ran') ? stdout : stderr);
        }
      } finally {
        first.kill('SIGTERM');
        await ended;
      }
      expect(outcomes.filter(text => text.includes('CANARY'))).toEqual([]);
      expect(existsSync(join(lab.home, '.ssh/planted'))).toBe(false);
      for (const text of outcomes) expect(text).toMatch(/^ran\n$|not started|could not be started|ENOENT|ELOOP/);
    });

    test('descriptors that we were started with do not go in', async () => {
      const secret = lab.write('~/secret', 'CANARY');
      const command = ['sh', '-c', 'cat /proc/self/fd/200; readlink /proc/self/fd/200; echo ran'];
      const { stdout } = await finish(lab.start(lab.context(), command, 'pipe', { held: secret }));
      expect(stdout).toBe('/dev/null\nran\n');
    });

    test('the repository may not be the home', async () => {
      const { code, stderr } = await lab.sh('true', {}, { root: lab.home });
      expect(code).not.toBe(0);
      expect(stderr).toContain('is your home folder');
    });

    test('a link among the guards is said, and what it leads to is kept', async () => {
      lab.write('AGENTS.md', 'a');
      mkdirSync(join(lab.root, 'x'));
      symlinkSync('AGENTS.md', join(lab.root, 'CLAUDE.md'));
      const { stdout, stderr } = await lab.sh('echo x > CLAUDE.md; cat AGENTS.md', {}, { guards: ['CLAUDE.md'] });
      expect(stdout).toBe('a');
      expect(stderr).toContain('CLAUDE.md is a symbolic link');
    });
  });

describeWith(['bubblewrap'], 'whether bubblewrap can be used', () => {
  test.each([40, 60])('with %d open files at a time it says what there is too little of', async limit => {
    const lab = new Lab(STARTERS[0], program);
    try {
      const before = lab.tree();
      const started = lab.start(lab.context({}, { guards: ['.mcp.json'] }), ['true'], 'pipe', { limit });
      const { code, stderr } = await finish(started);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(new RegExp(`UserError: .*open files at a time than are allowed here, which are ${limit}`));
      expect(lab.tree()).toEqual(before);
    } finally {
      lab.remove();
    }
  });

  test('a box that has ended is not as it was planned, which is no fault of this program', () => {
    expect(() => verifyMounts(0x7fff_fffe, [])).toThrow(Shifted);
  });

  test('is tried, not guessed', async () => {
    expect(await bubblewrap.detect(tmpdir())).toMatchObject({
      available: true,
      detail: expect.stringMatching(/^\d+\.\d+/),
    });
  });

  test('says what to do where the system keeps it from working', () => {
    const only = (path: string, value: string) => (asked: string) => (asked === path ? value : undefined);
    expect(explainFailure('x', only('/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1'))).toContain(
      'AppArmor',
    );
    expect(explainFailure('x', only('/proc/sys/kernel/unprivileged_userns_clone', '0'))).toContain('sysctl');
    expect(explainFailure('x', only('/proc/sys/user/max_user_namespaces', '0'))).toContain('max_user_namespaces');
    expect(explainFailure("bwrap: Can't mount proc on /newroot/proc", () => undefined)).toContain('systempaths');
    expect(explainFailure('bwrap: odd', () => undefined)).toContain('bwrap: odd');
  });
});

test('a folder of the PATH that is a link in the repository brings in nothing', () => {
  // What lies in /tmp is never brought in.
  const home = mkdtempSync('/var/tmp/box-path-');
  try {
    const root = join(home, 'code');
    for (const path of ['code', '.ssh', 'tools']) mkdirSync(join(home, path));
    symlinkSync('../.ssh', join(root, 'bin'));
    const path = [join(root, 'bin'), join(home, 'tools')].join(':');
    const folders = toolFolders({ root, home, path, program: undefined });
    expect(folders.filter(folder => folder.startsWith(home))).toEqual([join(home, 'tools')]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
