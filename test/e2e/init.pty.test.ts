import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAll, type Session, spawn, type TerminalOptions } from '../support/pty.ts';

/** The built program itself, in a terminal, in a repository of its own. */
let base: string;
let root: string;
let home: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'posture-init-'));
  home = join(base, 'home');
  root = join(base, 'shop-api');
  mkdirSync(join(home, '.aws'), { recursive: true });
  mkdirSync(root);
  writeFileSync(join(home, '.aws/credentials'), '[prod]\naws_access_key_id = none\naws_secret_access_key = none\n');
  writeFileSync(join(root, '.env.production'), 'DATABASE_URL=postgres://app@127.0.0.1:9/shop\n');
  writeFileSync(join(root, 'package.json'), '{ "name": "shop-api" }\n');
  execFileSync('git', ['init', '-q', '-b', 'main', root]);
});
afterEach(async () => {
  await closeAll();
  rmSync(base, { recursive: true, force: true });
});

function start(args: string[], { env, ...options }: TerminalOptions = {}): Session {
  return spawn(process.execPath, [join(process.cwd(), 'bin/agent-posture.js'), ...args], {
    cwd: root,
    ...options,
    env: { HOME: home, AGENT_POSTURE_STATE: join(base, 'state'), ...env },
  });
}

const PATIENCE = 60_000;

/** Takes defaults until the plan stands there; returns how many keys that took. */
async function toPlan(session: Session): Promise<number> {
  await session.waitFor(/Close this|Back to the questions/, PATIENCE);
  let keys = 0;
  while (!session.frame().includes('nothing is written yet')) {
    const before = session.frame();
    await session.press('enter');
    keys++;
    await session.waitFor(frame => frame !== before && !frame.includes('Making the plan'), PATIENCE);
    expect(keys).toBeLessThan(12);
  }
  return keys;
}

function files(): string[] {
  return readdirSync(root)
    .filter(name => name !== '.git')
    .sort();
}

describe('init in a terminal', () => {
  it('tries, asks, writes, tries again in at most twelve keys from the defaults, and is taken back by undo', async () => {
    const before = files();
    const session = start(['init'], { cols: 100, rows: 40 });
    const keys = await toPlan(session);
    expect(files()).toEqual(before);
    // Which is not asked on this way, and is said all the same.
    expect(session.frame()).toMatch(/✓ Agents +\S.* (?:seen in|a guess)/);
    await session.press('enter');
    // What is asked for while it tries again stands as the screens do; enter is no.
    const asking = await session.waitFor('Approve exactly this, and remember it? [y/N]', PATIENCE);
    expect(asking).toMatch(
      /\n The posture of this repository asks to connect to this address:\n\n {3}127\.0\.0\.1:9\n/,
    );
    await session.press('enter');
    expect(keys + 2).toBeLessThanOrEqual(12);
    const { code } = await session.exit(120_000);
    expect(code).toBe(0);
    expect(session.leftovers()).toEqual([]);
    expect(session.scrollback()).toMatch(/BEFORE {2}\d+ reached {3}→ {3}AFTER {2}\d+ reached/);
    expect(session.scrollback()).toContain('agent-posture init --yes');
    expect(readFileSync(join(root, 'agent-posture.yaml'), 'utf8')).toContain('version: 1');

    const undo = start(['undo', '--yes']);
    expect((await undo.exit(PATIENCE)).code).toBe(0);
    expect(files()).toEqual(before);
  });

  it('what was typed before the question of an approval stands there is no answer to it', async () => {
    const posture = 'version: 1\nproject: shop-api\nselftest: { commands: ["touch made-by-the-posture"] }\n';
    writeFileSync(join(root, 'agent-posture.yaml'), posture);
    const session = start(['test'], { cols: 80, rows: 24 });
    session.send('y');
    const typing = setInterval(() => session.send('y'), 40);
    setTimeout(() => clearInterval(typing), 3_000);
    await session.waitFor('[y/N]', PATIENCE);
    clearInterval(typing);
    await new Promise(resolve => setTimeout(resolve, 600));
    expect(session.frame().trimEnd()).toMatch(/remember it\? \[y\/N\]$/);
    expect(session.cursor.y).toBeLessThan(24);
    await session.press({ text: 'n' });
    await session.waitFor('q quit', PATIENCE);
    await session.press({ text: 'q' });
    await session.exit(PATIENCE);
    expect(files()).not.toContain('made-by-the-posture');
  });

  it('ends by keys as by --yes where something stands in the way of a file', async () => {
    mkdirSync(join(root, 'docs/security-posture.md'), { recursive: true });
    const session = start(['init'], { cols: 100, rows: 40 });
    await toPlan(session);
    await session.press('enter');
    await session.waitFor('[y/N]', PATIENCE);
    await session.press('enter');
    expect((await session.exit(120_000)).code).toBe(4);
  });

  it('fits a window of 80×24 all the way, rows as they come too, and leaves none of its screens behind', async () => {
    const session = start(['init']);
    const fits = (): void => {
      expect(session.cursor.y).toBeLessThan(24);
      expect(
        Math.max(
          ...session
            .frame()
            .split('\n')
            .map(row => row.length),
        ),
      ).toBeLessThan(80);
    };
    await session.waitFor(/Trying what an agent/, PATIENCE);
    fits();
    for (let at = await toPlan(session); at > 0; at--) await session.press('left');
    await session.waitFor('Back to the questions', PATIENCE);
    fits();
    await toPlan(session);
    fits();
    await session.press('enter');
    await session.waitFor('[y/N]', PATIENCE);
    session.send('y\r');
    await session.waitFor(/Trying again.* \d+ of \d+ things\n +(reached|held|works) /, PATIENCE);
    fits();
    expect((await session.exit(PATIENCE)).code).toBe(0);
    expect(session.scrollback()).toMatch(/BEFORE {2}\d+ reached {3}→ {3}AFTER {2}\d+ reached/);
    expect(session.scrollback()).not.toMatch(/Trying|ctrl-c|esc quit|❯/);
    expect(session.scrollback().split('would reach').length).toBe(2);
  });

  it('is stopped by Ctrl-C at what it asks while it tries again, and says how to take back what was written', async () => {
    const session = start(['init']);
    await toPlan(session);
    await session.press('enter');
    await session.waitFor('[y/N]', PATIENCE);
    await session.press('ctrl-c');
    expect((await session.exit(PATIENCE)).code).toBe(130);
    expect(session.leftovers()).toEqual([]);
    expect(session.scrollback()).toMatch(/remember it\? \[y\/N\]\s+Stopped after \d+ files had been written\./);
  });

  it('leaves no trace in the repository when it is interrupted at the plan, and goes on there', async () => {
    const before = files();
    const session = start(['init'], { rows: 40 });
    await toPlan(session);
    session.send('\u0003');
    expect((await session.exit(PATIENCE)).code).toBe(130);
    expect(session.leftovers()).toEqual([]);
    expect(session.scrollback()).toContain('Nothing was changed.');
    expect(files()).toEqual(before);

    const again = start(['init'], { rows: 40 });
    await again.waitFor('Continue where you stopped', PATIENCE);
    await again.press('enter');
    await again.waitFor('nothing is written yet', PATIENCE);
    await again.press({ text: 'q' });
    expect((await again.exit(PATIENCE)).code).toBe(0);
  });

  it('dies clean by SIGTERM during the first try', async () => {
    const session = start(['init']);
    await session.waitFor('Trying', PATIENCE);
    session.kill('SIGTERM');
    expect((await session.exit(PATIENCE)).code).toBe(130);
    expect(session.leftovers()).toEqual([]);
    expect(existsSync(join(root, 'agent-posture.yaml'))).toBe(false);
  });

  it('says what is wrong with an invalid posture, and leaves the terminal clean', async () => {
    writeFileSync(join(root, 'agent-posture.yaml'), 'version: 1\nproject: x\nagentz: []\n');
    const session = start(['init']);
    expect((await session.exit(PATIENCE)).code).toBe(2);
    expect(session.leftovers()).toEqual([]);
    expect(session.scrollback()).toContain('agent-posture.yaml:3');
    expect(session.scrollback()).not.toContain('Looking at');
  });

  it('asks nothing on a dumb terminal, and says what to do', async () => {
    const session = start(['init'], { env: { TERM: 'dumb' } });
    expect((await session.exit(PATIENCE)).code).toBe(2);
    expect(session.scrollback()).toContain('with TERM=dumb it needs --yes');
    expect(session.scrollback()).toContain('--yes');
    expect(session.raw()).not.toContain('\u001b');
  });

  it('asks nothing where standard input is closed', async () => {
    const program = `${JSON.stringify(process.execPath)} ${JSON.stringify(join(process.cwd(), 'bin/agent-posture.js'))}`;
    const session = spawn('sh', ['-c', `${program} init <&-`], {
      cwd: root,
      env: { HOME: home, AGENT_POSTURE_STATE: join(base, 'state') },
    });
    expect((await session.exit(PATIENCE)).code).toBe(2);
    expect(session.scrollback()).toContain('--yes');
    expect(session.leftovers()).toEqual([]);
  });
});

describe('test in a terminal', () => {
  it('shows rows while it tries, then the report, then the keys', async () => {
    const session = start(['test'], { cols: 100, rows: 40 });
    await session.waitFor('enter all rows', PATIENCE);
    expect(session.scrollback()).toContain('REACHED');
    await session.press('enter');
    await session.waitFor(/All \d+ rows/);
    await session.press('escape');
    await session.waitFor('enter all rows');
    await session.press({ text: 'q' });
    expect((await session.exit(PATIENCE)).code).toBe(1);
    expect(session.leftovers()).toEqual([]);
  });

  /** A posture without a box, and a command that takes its time: everything else is judged long before it. */
  const slow = (): void =>
    writeFileSync(
      join(root, 'agent-posture.yaml'),
      'version: 1\nproject: shop-api\nselftest: { outside: [], commands: [sleep 77] }\n',
    );
  /** A row is on the screen, and something is still tried. */
  const rowsLive = (frame: string): boolean =>
    /✗ ~\/\.aws\/credentials +AWS accounts: prod/.test(frame) && / \d+ of \d+ things/.test(frame);

  it('names what was reached as soon as it is, and draws anew at every size, always lower than the window', async () => {
    slow();
    const session = start(['test', '--trust'], { cols: 100, rows: 30 });
    const frame = await session.waitFor(rowsLive, PATIENCE);
    expect(frame).toMatch(/reached \d+ · works \d/);
    expect(frame).toContain('✓ the repository');
    const [, judged, of] = / (\d+) of (\d+) things/.exec(frame) as unknown as [string, string, string];
    expect(Number(judged)).toBeLessThan(Number(of));
    for (const [cols, rows] of [
      [80, 24],
      [60, 20],
      [40, 12],
    ] as const) {
      await session.resize(cols, rows);
      // What was drawn before has been taken off, however the terminal wrapped it.
      await session.waitFor(now => {
        const lines = now.split('\n');
        return lines.some(row => /^ \S Trying/.test(row)) && lines.every(row => row.length < cols);
      });
      expect(session.cursor.y).toBeLessThan(rows);
      expect(session.frame().split('\n').length).toBeLessThan(rows);
    }
    session.send('\u0003');
    expect((await session.exit(PATIENCE)).code).toBe(130);
    expect(session.leftovers()).toEqual([]);
  });

  it('is stopped by Ctrl-C while rows are drawn, ends what it started, and takes its rows off', async () => {
    slow();
    const session = start(['test', '--trust']);
    await session.waitFor(rowsLive, PATIENCE);
    const begun = Date.now();
    session.send('\u0003');
    expect((await session.exit(PATIENCE)).code).toBe(130);
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(session.leftovers()).toEqual([]);
    expect(session.scrollback()).not.toMatch(/Trying|ctrl-c|aws/);
    expect(files()).toEqual(['.env.production', 'agent-posture.yaml', 'package.json']);
    expect(spawnSync('pgrep', ['-f', '^sleep 77']).stdout.toString()).toBe('');
  });

  it('leaves the report in the window once all rows and the reasons were looked at, and when it is left', async () => {
    const session = start(['test']);
    await session.waitFor('q quit', PATIENCE);
    const headline = /REACHED \d+ things/;
    expect(session.frame()).toMatch(headline);
    for (const [open, seen] of [
      ['enter', /All \d+ rows/],
      [{ text: '?' }, 'Why it matters'],
    ] as const) {
      await session.press(open);
      expect(await session.waitFor(seen)).not.toMatch(headline);
      await session.press('escape');
      expect(await session.waitFor('q quit')).toMatch(headline);
    }
    await session.press({ text: 'q' });
    await session.exit(PATIENCE);
    expect(session.frame()).toMatch(headline);
    expect(session.frame()).not.toContain('q quit');
    expect(session.leftovers()).toEqual([]);
  }, 120_000);
});
