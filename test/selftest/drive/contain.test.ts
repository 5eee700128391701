import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { chat } from '../../../src/agents/wire/chat.ts';
import { onStage } from '../../../src/selftest/drive/contain.ts';
import { ScriptedModel } from '../../../src/selftest/drive/model.ts';
import { PlainShell } from '../../../src/selftest/drive/plain.ts';
import { Stage } from '../../../src/selftest/drive/stage.ts';
import { describeWith, part } from '../../support/parts.ts';
import { processesWith } from '../../support/processes.ts';

describeWith(['bubblewrap'], 'a stage on which programs run that may do anything', () => {
  // Not below /tmp, which is emptied there.
  const above = mkdtempSync(join(process.cwd(), 'node_modules', '.contain-'));
  const [home, root, beside] = [join(above, 'home'), join(above, 'home', 'shop'), join(above, 'beside.txt')];
  const model = new ScriptedModel({ wire: chat });
  let stage: Stage;
  let plain: PlainShell;
  const run = (command: string) => plain.run(command, 10_000);

  beforeAll(async () => {
    mkdirSync(root, { recursive: true });
    writeFileSync(beside, 'whole');
    stage = new Stage({ home, root });
    await model.listen(join(stage.folder, 'model.sock'));
  });
  beforeEach(() => {
    plain = new PlainShell(stage, join(stage.folder, 'model.sock'));
  });
  afterEach(() => plain.close());
  afterAll(async () => {
    await model.close();
    stage.remove();
    rmSync(above, { recursive: true, force: true });
  });

  test('can write what is on the stage, and sees it at the real paths', async () => {
    expect(await run(`echo x > ${root}/a && echo y > ${home}/b && cat ${root}/a ${home}/b`)).toBe('x\ny\n');
    expect(existsSync(join(root, 'a'))).toBe(false);
  });

  test('no process of the machine is there, to be ended or to be gone through', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      expect(await run(`kill -9 ${other.pid} ${process.pid}; ls /proc/${process.pid}/root`)).toMatch(/No such file/);
      expect(await run('ls /proc | grep -c "^[0-9]"')).toMatch(/^\d{1,2}\n$/);
      // It may well end what runs beside it.
      await run('kill -9 -1; pkill -9 -f setInterval; killall -9 node');
      expect(other.exitCode ?? other.signalCode).toBeNull();
    } finally {
      other.kill('SIGKILL');
    }
  });

  test('nothing of the machine can be changed, by whatever rights', async () => {
    const before = readFileSync('/proc/sys/kernel/printk', 'utf8');
    const said = await run(
      [
        `echo broken > ${beside}`,
        `mount -o remount,rw,bind / && echo broken > ${beside} && echo out`,
        `mount -o remount,rw,bind /proc/sys && echo out`,
        `umount -l ${home} && echo out`,
        'cat /proc/sys/kernel/printk > /proc/sys/kernel/printk && echo out',
        `mknod ${root}/disk b 8 0 && echo out`,
        `for at in /proc/[0-9]*; do echo broken > "$at/root${beside}"; done`,
        'grep CapEff /proc/self/status',
      ].join('\n'),
    );
    expect(said).not.toMatch(/^out$/m);
    expect(said).toMatch(/CapEff:\s0{16}\n/);
    expect(readFileSync(beside, 'utf8')).toBe('whole');
    expect(readFileSync('/proc/sys/kernel/printk', 'utf8')).toBe(before);
  });

  test('no program of the machine that listens on a socket answers there', async () => {
    const path = join(above, 's');
    const server = createServer(client => client.end('ANSWERED\n'));
    await new Promise<void>(resolve => server.listen(path, resolve));
    try {
      // Sockets are covered as it is started.
      const other = new PlainShell(stage, join(stage.folder, 'model.sock'));
      const ask = `require('node:net').connect(${JSON.stringify(path)}).on('error', e => console.log(e.code)).pipe(process.stdout)`;
      const said = await other.run(`'${process.execPath}' -e '${ask.replaceAll("'", '"')}'`, 10_000);
      await other.close();
      expect(said).toMatch(/^E\w+\n$/);
    } finally {
      server.close();
    }
  });

  test('what hides from its group, its session and its environment ends with it', async () => {
    await run('env -i setsid sleep 307 > /dev/null 2>&1 & sleep 0.3');
    expect(processesWith('sleep 307')).not.toEqual([]);
    await plain.close();
    expect(processesWith('sleep 307')).toEqual([]);
  });

  test('ends nothing of another stage, whatever its sockets are called', async () => {
    const another = new Stage({ home, root });
    const others = new ScriptedModel({ wire: chat });
    await others.listen(join(another.folder, 'model.sock'));
    const beside = new PlainShell(another, join(another.folder, 'model.sock'));
    try {
      expect(await beside.run('echo here', 10_000)).toBe('here\n');
      expect(await run('echo here')).toBe('here\n');
      await plain.close();
      expect(await beside.run('echo still', 10_000)).toBe('still\n');
    } finally {
      await beside.close();
      await others.close();
      another.remove();
    }
  });

  test('a command that does not end in its time is no answer, though what it printed is known', async () => {
    const command = 'echo one; sleep 20; echo two';
    expect(await plain.said(command, 500)).toEqual({ text: 'one\n', isWhole: false });
    expect(await plain.run(command, 500)).toBeUndefined();
    expect(await plain.said('echo ü', 10_000)).toEqual({ text: 'ü\n', isWhole: true });
  });

  test.runIf(process.getuid?.() === 0)(
    'root makes no sandbox there without unshare, as the machine would be seen',
    () => {
      const before = process.env.PATH;
      const bin = mkdtempSync(join(above, 'bin-'));
      symlinkSync(part('bubblewrap'), join(bin, 'bwrap'));
      process.env.PATH = bin;
      try {
        const start = (nesting: { walled?: boolean }) =>
          onStage(stage, join(stage.folder, 'model.sock'), ['/bin/true'], nesting);
        expect(() => start({ walled: true })).toThrow(/unshare.* is not installed/);
        expect(start({}).command).toContain('--unshare-pid');
      } finally {
        process.env.PATH = before;
      }
    },
  );
});
