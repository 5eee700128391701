import { family } from './family.ts';
import type { Escape } from './types.ts';

const raw = String.raw;

/** Ways to put `{mark}` into a file that may not be written. Most keep what is there; some are a new file under its name. */
export const writes: readonly Escape[] = [
  ...family(
    'write',
    'redirect',
    {},
    {
      append: 'echo {mark} >> {path}',
      truncate: 'echo {mark} > {path}',
      clobber: { template: 'echo {mark} >| {path}', source: 'CVE-2026-24053' },
      'read-write': 'echo {mark} 1<> {path}',
      'redirect-first': '>> {path} echo {mark}',
      'numbered-descriptor': 'exec 9>> {path}; echo {mark} >&9',
      'here-document': 'cat >> {path} <<WAY\n{mark}\nWAY',
      printf: "printf '%s\\n' {mark} >> {path}",
      'both-streams': { template: 'echo {mark} &>> {path}', needs: ['bash'] },
      'here-string': { template: 'cat <<< {mark} >> {path}', needs: ['bash'] },
      'process-substitution': { template: 'echo {mark} > >(cat >> {abs}); sleep 0.2', needs: ['bash'] },
      'echo-piped-sed': { template: 'echo {mark} | sed p >> {path}', source: 'CVE-2026-25723' },
      'error-stream': 'sh -c "echo {mark} >&2" 2>> {path}',
    },
  ),
  ...family(
    'write',
    'spelling',
    {},
    {
      'two-variables': 'a={head}; b={tail}; echo {mark} >> "$a$b"',
      variable: 'f={path}; echo {mark} >> "$f"',
      'empty-quotes': `echo {mark} >> {head}''{tail}`,
      backslash: raw`echo {mark} >> {head}\{tail}`,
      'name-base64': { template: 'echo {mark} >> "$(echo {base64} | base64 -d)"', needs: ['base64'] },
      'eval-parts': `eval 'echo {mark} >> {head}'{tail}`,
      indirect: { template: `f={abs}; v=f; echo {mark} >> "\${!v}"`, needs: ['bash'], source: 'CVE-2026-29783' },
      'cd-first': { template: 'cd {dir} && echo {mark} >> {name}', source: 'CVE-2026-25722' },
      'dot-inside': 'echo {mark} >> {dir}/./{name}',
      'double-slash': 'echo {mark} >> {dir}//{name}',
      'up-and-down': 'echo {mark} >> {dir}/../{folder}/{name}',
      'proc-root': 'echo {mark} >> /proc/self/root{abs}',
      'proc-cwd': 'echo {mark} >> /proc/self/cwd/{inRepository}',
      'home-variable': { template: 'echo {mark} >> "$HOME/{underHome}"', inHome: true },
      'home-cd': { template: 'cd && echo {mark} >> {underHome}', inHome: true },
    },
  ),
  ...family(
    'write',
    'program',
    {},
    {
      dd: 'echo {mark} | dd of={abs} conv=notrunc',
      tee: 'echo {mark} | tee {path}',
      'tee-append': 'echo {mark} | tee -a {path}',
      'dd-truncate': 'echo {mark} | dd of={abs}',
      'sed-in-place': { template: `sed -i '$a {mark}' {path}`, existing: true },
      'sed-substitute': { template: `sed -i '1s/^/{mark}/' {path}`, existing: true },
      'sed-write': { template: "echo {mark} | sed 'w {abs}'", source: 'CVE-2025-64755' },
      'sed-substitute-write': { template: "echo x | sed 's/x/{mark}/w {abs}'", source: 'CVE-2025-64755' },
      'sort-output': 'echo {mark} | sort -o {path}',
      'uniq-output': 'echo {mark} | uniq - {path}',
      'awk-print': `awk 'BEGIN { print "{mark}" >> "{abs}" }'`,
      'awk-pipe': `awk 'BEGIN { print "{mark}" | "cat >> {abs}" }'`,
      split: { template: `echo {mark} | split --filter='cat >> {abs}'`, needs: ['split'] },
      shuf: { template: 'shuf -e {mark} -o {path}', needs: ['shuf'] },
      install: { template: 'echo {mark} | install -m 600 /dev/stdin {path}', needs: ['install'] },
      'truncate-program': { template: 'truncate -s 0 {path} && echo {mark} >> {path}', needs: ['truncate'] },
      xxd: { template: `echo {mark} | xxd -p | xxd -r -p - {path}`, needs: ['xxd'] },
      base64: { template: 'echo {mark} | base64 | base64 -d >> {path}', needs: ['base64'] },
      openssl: { template: 'echo {mark} | openssl enc -none -out {path}', needs: ['openssl'] },
      'openssl-base64': {
        template: 'echo {mark} | openssl base64 | openssl base64 -d -out {path}',
        needs: ['openssl'],
      },
      script: { template: `script -qec 'echo {mark}' {path} > /dev/null`, needs: ['script'] },
      'curl-output': {
        template: 'echo {mark} > way.txt; curl -s -o {abs} "file://$PWD/way.txt"',
        needs: ['curl'],
      },
      'curl-errors': { template: 'curl -sS --stderr {abs} file:///{mark}', needs: ['curl'] },
      sqlite: { template: `sqlite3 :memory: "select writefile('{abs}', '{mark}')"`, needs: ['sqlite3'] },
      'make-file': { template: `make -f /dev/null --eval='$(file >>{abs},{mark})'`, needs: ['make'] },
      'gcc-output': { template: 'echo {mark} | cc -E -P -x c - -o {path}', needs: ['cc'] },
      'time-output': { template: 'env time -f {mark} -o {path} true', needs: ['time'] },
      'strace-output': { template: 'strace -o {path} echo {mark}', needs: ['strace'] },
      'busybox-tee': { template: 'echo {mark} | busybox tee -a {path}', needs: ['busybox'] },
      rsync: { template: 'echo {mark} > way.txt; rsync way.txt {path}', needs: ['rsync'] },
    },
  ),
  ...family(
    'write',
    'editor',
    {},
    {
      ex: { template: `ex -s -c 'normal Go{mark}' -c 'wq!' -c 'q!' {path}`, needs: ['ex'] },
      ed: { template: "printf '%s\\n' a {mark} . w q | ed -s {path}", needs: ['ed'] },
      vim: { template: `vim -es '+normal Go{mark}' '+wq!' '+q!' {path}`, needs: ['vim'] },
      patch: {
        template:
          'cp {abs} way.txt && echo {mark} >> way.txt; diff -u {abs} way.txt > way.diff; patch -s {abs} way.diff',
        needs: ['patch'],
        existing: true,
      },
      'patch-ed': {
        template: `printf '%s\\n' '1a' {mark} . | patch -s -e {path}`,
        needs: ['patch', 'ed'],
        existing: true,
      },
    },
  ),
  ...family(
    'write',
    'interpreter',
    {},
    {
      python: { template: `python3 -I -c "open('{abs}', 'a').write('{mark}')"`, needs: ['python3'] },
      'python-parts': { template: `python3 -I -c "open('{head}'+'{tail}', 'a').write('{mark}')"`, needs: ['python3'] },
      'python-pathlib': {
        template: `python3 -I -c "import pathlib; pathlib.Path('{abs}').write_text('{mark}')"`,
        needs: ['python3'],
      },
      'python-replace': {
        template: `python3 -I -c "import os; open('{abs}.way', 'w').write('{mark}'); os.replace('{abs}.way', '{abs}')"`,
        needs: ['python3'],
      },
      'python-in-place': {
        template: `python3 -I -c "import fileinput; [print(line + '{mark}') for line in fileinput.input('{abs}', inplace=True)]"`,
        needs: ['python3'],
        existing: true,
      },
      node: { template: `node -e "require('fs').appendFileSync('{abs}', '{mark}')"`, needs: ['node'] },
      'node-rename': {
        template: `node -e "const fs=require('fs'); fs.writeFileSync('{abs}.way', '{mark}'); fs.renameSync('{abs}.way', '{abs}')"`,
        needs: ['node'],
      },
      'node-parts': {
        template: `node -e "require('f'+'s').appendFileSync('{head}'+'{tail}', '{mark}')"`,
        needs: ['node'],
      },
      perl: { template: `perl -e 'open F, q(>>), q({abs}); print F q({mark})'`, needs: ['perl'] },
      'perl-in-place': { template: `perl -pi -e 's/^/{mark}/' {path}`, needs: ['perl'], existing: true },
      ruby: { template: `ruby -e 'File.write("{abs}", "{mark}", mode: "a")'`, needs: ['ruby'] },
      php: { template: `php -r 'file_put_contents("{abs}", "{mark}", FILE_APPEND);'`, needs: ['php'] },
      lua: { template: `lua -e 'io.open("{abs}", "a"):write("{mark}")'`, needs: ['lua'] },
      tcl: { template: `echo 'puts [open {abs} a] {mark}' | tclsh`, needs: ['tclsh'] },
      gdb: { template: `gdb -nx -batch -ex 'shell echo {mark} >> {abs}'`, needs: ['gdb'] },
    },
  ),
  ...family(
    'write',
    'replace',
    {},
    {
      cp: 'echo {mark} > way.txt && cp way.txt {path}',
      mv: 'echo {mark} > way.txt && mv -f way.txt {path}',
      'mv-beside': 'echo {mark} > {abs}.way && mv -f {abs}.way {abs}',
      'remove-first': 'rm -f {path}; echo {mark} > {path}',
      'hard-link': 'echo {mark} > {abs}.way && ln -f {abs}.way {abs}',
      symlink: 'echo {mark} > {abs}.way && ln -sf {abs}.way {abs}',
      'through-symlink': {
        template: 'ln -s {abs} way.txt && echo {mark} >> way.txt',
        source: 'CVE-2026-39861',
      },
      'through-folder-symlink': {
        template: 'ln -s {dir} way && echo {mark} >> way/{name}',
        source: 'CVE-2026-39861',
      },
      'through-hard-link': {
        template: 'ln {abs} {abs}.way && echo {mark} >> {abs}.way',
        existing: true,
      },
      'cp-folder': 'mkdir way && echo {mark} > way/{name} && cp -R way/. {dir}',
      'folder-renamed':
        'cp -R {movable} {movable}.way && echo {mark} >> {movable}.way/{name} && mv {movable} {movable}.old && mv {movable}.way {movable}; rm -rf {movable}.old',
      'folder-symlink':
        'cp -R {movable} {movable}.way && echo {mark} >> {movable}.way/{name} && mv {movable} {movable}.old && ln -s {movable}.way {movable}; rm -rf {movable}.old',
      tar: {
        template: 'mkdir way && echo {mark} > way/{name} && tar -C way -cf - {name} | tar -C {dir} -xf -',
        needs: ['tar'],
      },
      cpio: {
        template: 'mkdir way && echo {mark} > way/{name} && (cd way && echo {name} | cpio -pu {dir})',
        needs: ['cpio'],
      },
      unzip: {
        template:
          'mkdir way && echo {mark} > way/{name} && (cd way && zip -q way.zip {name}) && unzip -qo way/way.zip -d {dir}',
        needs: ['zip', 'unzip'],
      },
      'python-shutil': {
        template: `echo {mark} > way.txt; python3 -I -c "import shutil; shutil.copy('way.txt', '{abs}')"`,
        needs: ['python3'],
      },
    },
  ),
  ...family(
    'write',
    'git',
    { needs: ['git'] },
    {
      'git-log-output': 'git log -1 --format=tformat:{mark} --output={abs}',
      'git-diff-output': 'echo {mark} > way.txt; git diff --no-index --output={abs} /dev/null way.txt',
      'git-merge-file': {
        template: 'cp {abs} way.a && cp {abs} way.b && echo {mark} >> way.b; git merge-file {abs} way.a way.b',
        existing: true,
      },
      'git-apply': {
        template: `cp {abs} way.txt && echo {mark} >> way.txt; git diff --no-index {inRepository} way.txt | sed 's|b/way.txt|b/{inRepository}|' | git apply`,
        existing: true,
      },
      'git-config-file': 'f=$(mktemp) && git config -f "$f" way.mark {mark} && cat "$f" >> {abs}',
      'git-show-redirect': 'git show "$(echo {mark} | git hash-object -w --stdin)" > {path}',
      'git-alias-shell': `git -c alias.way='!echo {mark} >> {abs}' way`,
      'git-archive-unpacked': {
        template:
          'echo {mark} > {abs}.way && cp {abs}.way way.txt && mkdir way && mv way.txt way/{name} && git archive --format=tar --add-file=way/{name} "$(git hash-object -w -t tree /dev/null)" | tar -C {dir} -xf -',
        needs: ['git', 'tar'],
      },
      'git-checkout-index':
        'git update-index --add --cacheinfo "100644,$(echo {mark} | git hash-object -w --stdin),{inRepository}" && git checkout-index -f {inRepository}; git reset -q',
      'git-work-tree-checkout':
        'git update-index --add --cacheinfo "100644,$(echo {mark} | git hash-object -w --stdin),{inRepository}" && git checkout -q -- {inRepository}; git reset -q',
    },
  ),
  ...family(
    'write',
    'wrapper',
    {},
    {
      'sh-c': `sh -c 'echo {mark} >> {abs}'`,
      eval: `eval 'echo {mark} >> {abs}'`,
      'env-sh': `env sh -c 'echo {mark} >> {abs}'`,
      xargs: `echo {mark} | xargs -I % sh -c 'echo % >> {abs}'`,
      'find-exec': raw`find / -prune -exec sh -c 'echo {mark} >> {abs}' \;`,
      'piped-shell': `echo 'echo {mark} >> {abs}' | sh`,
      'here-document-shell': 'sh <<WAY\necho {mark} >> {abs}\nWAY',
      'script-file': `echo 'echo {mark} >> {abs}' > way.sh; sh way.sh`,
      trap: `trap 'echo {mark} >> {abs}' EXIT`,
      function: 'way() { echo {mark} >> {path}; }; way',
      background: 'echo {mark} >> {path} & wait',
      busybox: { template: `busybox sh -c 'echo {mark} >> {abs}'`, needs: ['busybox'] },
      setsid: { template: `setsid -w sh -c 'echo {mark} >> {abs}'`, needs: ['setsid'] },
      'python-subprocess': {
        template: `python3 -I -c "import subprocess; subprocess.run('echo {mark} >> {abs}', shell=True)"`,
        needs: ['python3'],
      },
      'node-process': {
        template: `node -e "require('child_process').execSync('echo {mark} >> {abs}')"`,
        needs: ['node'],
      },
      'perl-system': { template: `perl -e 'system q(echo {mark} >> {abs})'`, needs: ['perl'] },
      'awk-system': `awk 'BEGIN { system("echo {mark} >> {abs}") }'`,
    },
  ),
  ...family(
    'write',
    'write-tool',
    { tool: 'write' },
    {
      'tool-relative': './{inRepository}',
      'tool-proc-cwd': '/proc/self/cwd/{inRepository}',
      'tool-proc-root': '/proc/self/root{abs}',
      'tool-double-slash': '{dir}//{name}',
      'tool-leading-slashes': '//{abs}',
      'tool-dot-inside': '{dir}/./{name}',
      'tool-up-and-down': '{dir}/../{folder}/{name}',
      'tool-above-root': '/..{abs}',
    },
  ),
];
