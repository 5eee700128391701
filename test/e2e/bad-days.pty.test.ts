import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cells } from '../../src/ui/lines.ts';
import {
  apply,
  FILES,
  filesUnder,
  key,
  number,
  PATIENCE,
  toFirst,
  toPlan,
  wizardPlace,
} from '../support/wizard-place.ts';

/** The wizard of the built program where something is not as it should be. */
const flat = (frame: string): string => frame.replace(/\s+/g, ' ');

describe('the wizard on a bad day', () => {
  it('takes a posture with 500 systems: turns, searches, changes one and nothing else', async () => {
    const { root, start, posture } = wizardPlace();
    const systems = Array.from(
      { length: 500 },
      (_, at) =>
        `  - id: system-${at}\n    kind: postgres\n    environment: production\n    address: 127.0.0.1:${2000 + at}\n`,
    );
    const before = `version: 1\nproject: shop-api\nagents: [claude-code]\nenvironments:\n  production: { agentAccess: none }\nsystems:\n${systems.join('')}`;
    writeFileSync(join(root, 'agent-posture.yaml'), before);
    const session = start();
    await session.waitFor('Change the posture', PATIENCE);
    await key(session, 'enter');
    await session.press({ text: '/' }, { text: 'Systems' });
    await key(session, 'enter');
    expect(session.frame()).toContain('Go on with these 500 systems');
    expect(session.cursor.y).toBeLessThan(24);
    await session.press('end', 'page-up', { text: '/' }, { text: 'system-321' }, 'enter');
    await session.waitFor('Keep it so');
    expect(session.frame()).toContain('127.0.0.1:2321');
    await session.press(
      'down',
      'down',
      'down',
      'down',
      'enter',
      'ctrl-u',
      { text: '127.0.0.1:99' },
      'enter',
      'home',
      'enter',
    );
    await session.waitFor('Go on with these 500 systems');
    await session.press('enter');
    await session.waitFor('All questions');
    await session.press('home', 'enter');
    await session.waitFor('nothing is written yet', PATIENCE);
    expect(session.frame().split('\n').length).toBeLessThan(24);
    await session.press({ text: 'q' });
    expect((await session.exit(PATIENCE)).code).toBe(0);
    expect(session.leftovers()).toEqual([]);
    expect(posture()).toBe(before);
  }, 120_000);

  it('asks nothing of git where there is none, and applies', async () => {
    const { root, start } = wizardPlace({ git: false });
    const session = start(['init'], { cols: 100, rows: 40 });
    await toFirst(session);
    let seen = '';
    while (number(session) > 0) {
      seen += session.frame();
      await key(session, 'enter');
    }
    expect(seen).not.toMatch(/Refuse pushes|Which branches/);
    await apply(session);
    expect(existsSync(join(root, 'agent-posture.yaml'))).toBe(true);
    expect(existsSync(join(root, '.githooks'))).toBe(false);
  }, 180_000);

  it('works inside a worktree, whose folder is the one that is written', async () => {
    const { base, root, start } = wizardPlace();
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', root, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
        stdio: 'ignore',
      });
    git('add', '-A');
    git('commit', '-qm', 'Start');
    git('worktree', 'add', '-q', join(base, 'other'));
    const session = start(['init'], { cwd: join(base, 'other'), cols: 100, rows: 40 });
    await toFirst(session);
    await toPlan(session);
    await apply(session);
    expect(existsSync(join(base, 'other/agent-posture.yaml'))).toBe(true);
    expect(filesUnder(root)).toEqual(
      Object.keys(FILES)
        .map(path => join(root, path))
        .sort(),
    );
  }, 180_000);

  it("asks for no credentials in an agent's session, and says why on the first screen and among the questions", async () => {
    const { start, kept } = wizardPlace();
    const said = 'This is a session of Claude Code: whoever answers may be the agent.';
    const session = start(['init'], { cols: 100, rows: 40, env: { CLAUDECODE: '1' } });
    await session.waitFor('Set up everything', PATIENCE);
    expect(flat(session.frame())).toContain(said);
    await session.press('down');
    await key(session, 'enter');
    expect(flat(session.frame())).toContain(said);
    while (number(session) > 0) await key(session, 'enter');
    expect(Object.keys(kept())).not.toEqual(expect.arrayContaining(['credentials']));
    expect(Object.keys(kept())).not.toEqual(expect.arrayContaining(['managers']));
    expect(Object.keys(kept())).toContain('systems');
    await session.press('left');
    await session.waitFor('All questions');
    expect(flat(session.frame())).toContain(said);
    await session.press({ text: 'q' });
    await session.exit(PATIENCE);
  }, 120_000);

  it('says where it cannot keep anything, writes nothing, and leaves the terminal clean', async () => {
    const { base, root, start } = wizardPlace();
    writeFileSync(join(base, 'file'), '');
    const session = start(['init'], { env: { AGENT_POSTURE_STATE: join(base, 'file/state') } });
    expect((await session.exit(PATIENCE)).code).toBe(2);
    expect(session.leftovers()).toEqual([]);
    expect(flat(session.scrollback())).toContain('is not a folder');
    expect(existsSync(join(root, 'agent-posture.yaml'))).toBe(false);
  }, 120_000);

  it('writes all or nothing where the terminal goes away while it applies', async () => {
    for (const after of [0, 5, 15, 40]) {
      const { root, state, start, run } = wizardPlace();
      const before = filesUnder(root);
      const session = start(['init'], { cols: 100, rows: 40 });
      await toFirst(session);
      await session.press({ text: 'o' });
      await session.waitFor('All questions');
      await session.press('home');
      await key(session, 'enter');
      session.send('\r');
      await new Promise(resolve => setTimeout(resolve, after));
      session.kill('SIGHUP');
      expect((await session.exit(PATIENCE)).code).toBe(130);
      const written = filesUnder(root);
      if (written.length > before.length) {
        expect(run('generate', '--check').code).toBe(0);
        expect(run('undo', '--yes').code).toBe(0);
      }
      expect(filesUnder(root)).toEqual(before);
      expect(filesUnder(state).filter(path => /open|\.tmp/.test(path))).toEqual([]);
    }
  }, 240_000);

  it('reads answers that an older version kept, and says what is wrong with those of a newer one', async () => {
    const { base, run, posture } = wizardPlace();
    const file = join(base, 'answers.yaml');
    writeFileSync(file, 'version: 1\nnever-touch: [shop-production]\nbox: none\nguards: [refuse-push, scan-commit]\n');
    const old = run('init', '--answers', file, '--no-test');
    expect([old.code, old.text]).toEqual([0, expect.stringContaining('agent-posture.yaml')]);
    expect(posture()).toContain('shop-production');
    writeFileSync(file, 'version: 2\nagents: [claude-code]\n');
    const newer = run('init', '--answers', file, '--no-test');
    expect(newer.code).toBe(2);
    expect(newer.text).toContain('answers.yaml:1');
    expect(newer.text).toContain('the answers have version 2');
  }, 120_000);

  it('goes on with what a newer version kept of a run as far as it understands it', async () => {
    const { state, start } = wizardPlace();
    const first = start(['init'], { cols: 100, rows: 40 });
    await toFirst(first);
    await key(first, 'enter');
    await key(first, 'enter');
    await first.press('ctrl-c');
    await first.exit(PATIENCE);
    const path = filesUnder(state).find(name => name.endsWith('preferences.json')) as string;
    const saved = JSON.parse(readFileSync(path, 'utf8'));
    saved.wizard.answers = { ...saved.wizard.answers, later: 'x', systems: { of: 'another form' } };
    writeFileSync(path, JSON.stringify(saved));
    const session = start(['init'], { cols: 100, rows: 40 });
    await session.waitFor('Continue where you stopped', PATIENCE);
    await key(session, 'enter');
    expect(number(session)).toBe(2);
    await session.press('ctrl-c');
    await session.exit(PATIENCE);
    writeFileSync(path, '{ broken');
    const again = start(['init'], { cols: 100, rows: 40 });
    await again.waitFor('Set up everything', PATIENCE);
    expect(again.frame()).not.toContain('Continue');
    await again.press({ text: 'q' });
    await again.exit(PATIENCE);
  }, 120_000);

  it('stops at a posture, and at a list of files, in which git left two versions, with the line', async () => {
    const { root, start, run, posture } = wizardPlace();
    expect(run('init', '--yes', '--no-test').code).toBe(0);
    const whole = posture();
    writeFileSync(
      join(root, 'agent-posture.yaml'),
      whole.replace(/^project: .*$/m, '<<<<<<< HEAD\nproject: a\n=======\nproject: b\n>>>>>>> theirs'),
    );
    const session = start();
    expect((await session.exit(PATIENCE)).code).toBe(2);
    expect(session.leftovers()).toEqual([]);
    expect(session.scrollback()).toMatch(/agent-posture\.yaml:\d+:1: an unresolved git conflict \(<<<<<<<\)/);
    writeFileSync(join(root, 'agent-posture.yaml'), whole);
    const manifest = join(root, '.agent-posture/manifest.json');
    const list = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, `<<<<<<< HEAD\n${list}`);
    expect(run('generate', '--check').code).not.toBe(0);
    expect(run('generate').code).toBe(0);
    expect(readFileSync(manifest, 'utf8')).toBe(list);
  }, 120_000);

  for (const [cols, rows] of [
    [20, 5],
    [40, 12],
    [60, 16],
    [200, 60],
  ] as const)
    it(`can be gone through whole in a window of ${cols} by ${rows}, which nothing is wider or higher than`, async () => {
      const { start } = wizardPlace();
      const session = start(['init'], { cols, rows });
      await session.waitFor(/❯ Close this/, PATIENCE);
      await session.press('down', 'enter');
      for (let at = 0; at < 30; at++) {
        const frame = session.frame();
        expect(session.cursor.y).toBeLessThan(rows);
        for (const row of frame.split('\n')) expect(cells(row)).toBeLessThan(cols);
        if (/❯ Apply/.test(frame)) break;
        await session.press('enter');
        await session.waitFor(now => now !== frame && !now.includes('Making the plan'), PATIENCE);
      }
      expect(session.frame()).toMatch(/❯ Apply/);
      await session.press({ text: 'q' });
      expect((await session.exit(PATIENCE)).code).toBe(0);
      expect(session.leftovers()).toEqual([]);
    }, 120_000);

  it('takes pasted lines as one text, drops what acts on a terminal, and keeps a secret nowhere', async () => {
    const { base, root, start } = wizardPlace();
    const session = start(['init'], { cols: 100, rows: 40 });
    await toFirst(session);
    await key(session, 'enter');
    // As keys it would quit, remove and go on.
    session.paste('q\rd\u001b[2Jo');
    await session.press('down', 'up');
    expect(number(session)).toBe(2);
    await session.press({ text: 'a' });
    session.paste('new\u001b]0;owned\u0007-\r\n\u202edb\u001b[31m');
    await session.waitFor(/❯ new- ?db/);
    await session.waitFor('lower-case letters');
    await session.press('ctrl-u', { text: 'new-db' }, 'enter', 'enter', 'enter');
    await session.waitFor('Address');
    const secret = ['s3cr3t', 'Passw0rd', 'x9'].join('-');
    session.paste(`postgres://app:${secret}@127.0.0.1:5/x`);
    await session.waitFor(/password|user/);
    await session.press('enter');
    expect(session.frame()).not.toContain('Add it');
    // Out of the value, and out of the entry.
    await session.press('escape');
    await session.waitFor('Add it');
    await session.press('escape');
    await session.waitFor('Go on with');
    const token = ['gh', 'p_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('');
    await session.press({ text: 'a' });
    session.paste(token);
    await session.waitFor('this looks like');
    await session.press('enter');
    // Nothing of this one was taken: it is left at once.
    await session.press('escape');
    await session.waitFor('Go on with');
    await session.press('home');
    await session.waitFor(/❯ Go on with/);
    await key(session, 'enter');
    await toPlan(session);
    await session.press({ text: 'q' });
    expect((await session.exit(PATIENCE)).code).toBe(0);
    expect(session.leftovers()).toEqual([]);
    const everything = filesUnder(base)
      .map(path => readFileSync(path, 'utf8'))
      .join('\n');
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(token);
    expect(readdirSync(root).sort()).toEqual(
      ['.git', ...Object.keys(FILES).map(path => path.replace(/\/.*/, ''))].sort(),
    );
  }, 120_000);

  it('says again what changed in the repository between the plan and enter, and writes nothing', async () => {
    const { root, start } = wizardPlace();
    const session = start(['init'], { cols: 100, rows: 40 });
    await toFirst(session);
    await toPlan(session);
    writeFileSync(join(root, 'agent-posture.yaml'), 'version: 1\nproject: theirs\n');
    await session.press('enter');
    expect((await session.exit(PATIENCE)).code).toBe(4);
    expect(session.leftovers()).toEqual([]);
    expect(readFileSync(join(root, 'agent-posture.yaml'), 'utf8')).toBe('version: 1\nproject: theirs\n');
  }, 120_000);

  it.each([
    ['in ASCII without colour', { LANG: 'C', NO_COLOR: '1', TERM: 'linux' }],
    ['to a screen reader', { INK_SCREEN_READER: 'true' }],
    ['on a light terminal', { COLORFGBG: '0;15' }],
  ])(
    'can be gone through %s, to the end',
    async (how, env) => {
      const { start } = wizardPlace();
      const session = start(['init'], { cols: 100, rows: 40, env });
      await session.waitFor('Set up everything', PATIENCE);
      await session.press('down', 'enter');
      for (let at = 0; at < 30 && !session.frame().includes('nothing is written yet'); at++) {
        const frame = await session.waitFor(/ \d+ of \d+$/m, PATIENCE);
        await session.press('enter');
        await session.waitFor(now => now !== frame && !now.includes('Making the plan'), PATIENCE);
      }
      await apply(session);
      expect(session.leftovers()).toEqual([]);
      const text = session.scrollback();
      expect(text).toMatch(/BEFORE {2}\d+ reached/);
      if (how !== 'on a light terminal') expect(text).toMatch(/^[\n -~]*$/);
      if ('NO_COLOR' in env) expect(session.raw()).not.toMatch(/\u001b\[[0-9;]*m/);
      if ('COLORFGBG' in env) expect(session.raw()).not.toMatch(/\u001b\[(?:33|36)m/);
    },
    120_000,
  );
});
