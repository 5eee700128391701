import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../support/bundle.ts';
import { closeAll, type Session, spawn, type TerminalOptions } from '../support/pty.ts';

/** The screens with a scripted engine, in a terminal, by keys. */
let folder: string;
let demo: string;
let log: string;
let runs = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posture-demo-'));
  demo = await bundle('test/support/demo.ts', folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(closeAll);

function start(screen: string, { env, ...options }: TerminalOptions = {}): Session {
  log = join(folder, `log-${runs++}`);
  return spawn(process.execPath, [demo, screen], { ...options, env: { DEMO_LOG: log, ...env } });
}

function logged(): string[] {
  try {
    return readFileSync(log, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

/** Nothing that a program may change in a terminal is left changed. */
async function leavesClean(session: Session, code: number): Promise<string> {
  expect((await session.exit()).code).toBe(code);
  expect(session.leftovers()).toEqual([]);
  return session.scrollback();
}

const QUESTIONS = ['never touch?', 'boxed', 'never push', 'secrets?'];

/** Goes to the question with this number by taking every default. */
async function toQuestion(session: Session, number: number): Promise<void> {
  await session.waitFor('Close this');
  for (let i = 0; i < number; i++) {
    await session.press('enter');
    await session.waitFor(QUESTIONS[i] as string);
  }
}

async function toPlan(session: Session): Promise<void> {
  await toQuestion(session, 4);
  await session.press('enter');
  await session.waitFor('nothing is written yet');
}

describe('the quick path', () => {
  it('goes from the first try to before and after in at most twelve keys', async () => {
    const session = start('wizard');
    await session.waitFor('it would reach 11 things:');
    let keys = 0;
    const enter = async (next: string): Promise<void> => {
      keys++;
      await session.press('enter');
      await session.waitFor(next);
    };
    for (const question of QUESTIONS) await enter(question);
    await enter('nothing is written yet');
    expect(logged().filter(entry => entry.startsWith('apply'))).toEqual([]);
    await enter('AFTER  1 reached');
    expect(keys).toBeLessThanOrEqual(12);

    const text = await leavesClean(session, 0);
    expect(text).toContain('BEFORE  11 reached   →   AFTER  1 reached');
    expect(text).toContain('What is reached now, the first look did not try: .env in git history');
    expect(text).toContain('✓ Written: 9 files. What is asked from here on is for the test alone;');
    expect(text).toContain('Work still possible   6 of 6');
    expect(text).toContain('agent-posture undo');
    expect(text).toContain('agent-posture init --yes --answer box=bubblewrap');
    expect(logged()).toContain('apply ends');
    expect(logged().at(-1)).toBe('outcome applied');
  });

  it('shows the most consequential things first, and all of them when asked', async () => {
    const session = start('wizard');
    const frame = await session.waitFor('Show all 11');
    const order = ['db.prod.example.com:5432', '.git/hooks', '~/.ssh/id_ed25519'].map(name => frame.indexOf(name));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    await session.press('down', 'down', 'enter');
    await session.waitFor('~/.ssh/work');
    await session.press('escape');
    await session.waitFor('Close this');
    await session.press({ text: 'q' });
    expect(await leavesClean(session, 0)).toContain('Nothing was changed.');
  });

  it('says the default, where it was seen, and why it asks', async () => {
    const session = start('wizard');
    await toQuestion(session, 1);
    expect(session.frame()).toContain('found in .env.production:3');
    expect(session.frame()).toContain('1 of 4');
    await session.press({ text: '?' });
    await session.waitFor('"Never, ever point an AI agent toward production');
    await session.press({ text: '?' });
    await session.waitFor(frame => !frame.includes('Never, ever'));
  });
});

describe('back, forward, edit', () => {
  it('keeps what was answered, and plans with what was changed', async () => {
    const session = start('wizard');
    await toQuestion(session, 2);
    await session.press('down', 'enter');
    await session.waitFor('never push to?');
    expect(session.frame()).toContain('Container');
    await session.press('up');
    await session.waitFor('be boxed in?');
    expect(session.frame()).toMatch(/❯ Container/);
    await session.press('left');
    await session.waitFor('never touch?');
    await session.press('left');
    await session.waitFor('Back to the questions');
    await session.press('enter');
    await session.waitFor('never touch?');
    await session.press('enter', 'enter');
    await session.waitFor('never push to?');
    await session.press('ctrl-u', { text: 'main' }, 'enter');
    await session.waitFor('for secrets?');
    await session.press('down', 'enter');
    await session.waitFor('nothing is written yet');
    const plan = logged().find(entry => entry.startsWith('plan')) as string;
    expect(JSON.parse(plan.slice(5))).toEqual({ systems: ['orders-db'], box: 'docker', protected: 'main', scan: 'no' });
    await session.press('left');
    await session.waitFor('for secrets?');
    expect(session.frame()).toMatch(/❯ No/);
  });

  it('forgets an answer that depended on a changed one', async () => {
    const session = start('wizard');
    await toQuestion(session, 2);
    await session.press('down', 'enter');
    await session.waitFor('never push to?');
    await session.press('up');
    await session.waitFor('be boxed in?');
    await session.press('left');
    await session.waitFor('never touch?');
    await session.press('down', 'space', 'enter');
    await session.waitFor('be boxed in?');
    expect(session.frame()).toMatch(/❯ Bubblewrap/);
  });

  it('says what is wrong with an answer and does not go on', async () => {
    const session = start('wizard');
    await toQuestion(session, 3);
    await session.press('ctrl-u', 'enter');
    await session.waitFor('Name at least one branch');
    await session.press({ text: 'm' });
    await session.waitFor(frame => !frame.includes('Name at least one branch'));
  });

  it('goes on where it was left, with the age of the answers', async () => {
    const session = start('wizard', { env: { DEMO_RESUMED: '1' } });
    await session.waitFor('Continue where you stopped');
    expect(session.frame()).toContain('2 h ago');
    await session.press('enter');
    await session.waitFor('never push to?');
    expect(session.frame()).toContain('Container');
  });
});

describe('the plan', () => {
  it('takes at most five lines, alike files in one, and shows every line on request', async () => {
    const session = start('wizard');
    await toPlan(session);
    const rows = session
      .frame()
      .split('\n')
      .filter(row => /^ {3}(new|change|remove|and) /.test(row));
    expect(rows.length).toBeLessThanOrEqual(5);
    expect(rows.join('\n')).toContain('.githooks/  (2 files)');
    expect(rows.join('\n')).toContain('yours kept');
    expect(session.frame()).toContain('agent-posture undo');
    await session.press('down', 'enter');
    await session.waitFor('file 1 of 9');
    await session.press('right');
    await session.waitFor('"Read(~/.ssh/**)",');
    expect(session.frame()).toContain('file 2 of 9');
    await session.press('escape');
    await session.waitFor('nothing is written yet');
    expect(logged().filter(entry => entry.startsWith('apply'))).toEqual([]);
  });
});

describe('stopping', () => {
  const stops: [string, (session: Session) => Promise<void>][] = [
    ['the first try', session => session.waitFor(' of 21').then(() => {})],
    ['the first screen', session => toQuestion(session, 0)],
    ['a list', session => toQuestion(session, 1)],
    ['a choice', session => toQuestion(session, 2)],
    ['a text', session => toQuestion(session, 3)],
    ['the last question', session => toQuestion(session, 4)],
    ['the plan', toPlan],
  ];
  for (const [where, go] of stops) {
    it(`Ctrl-C at ${where} leaves the terminal clean and nothing written`, async () => {
      const session = start('wizard', where === 'the first try' ? { env: { DEMO_PACE: '40' } } : {});
      await go(session);
      session.send('\u0003');
      const text = await leavesClean(session, 130);
      expect(text).toContain('Stopped. Nothing was changed.');
      expect(logged().filter(entry => entry.startsWith('apply'))).toEqual([]);
      expect(logged().at(-1)).toBe('outcome interrupted');
    });
  }

  it('Ctrl-C in the try stops the try before it ends', async () => {
    const session = start('wizard', { env: { DEMO_PACE: '100' } });
    await session.waitFor(' of 21');
    session.send('\u0003');
    await leavesClean(session, 130);
    expect(logged()).toContain('test stopped');
  });

  it('Esc goes back and never out, however often it is pressed; q quits, says that answers are kept, and is no failure', async () => {
    const session = start('wizard');
    await toQuestion(session, 3);
    for (const question of QUESTIONS.slice(0, 2).toReversed()) {
      await session.press('escape');
      await session.waitFor(question);
    }
    await session.press('escape');
    await session.waitFor('Back to the questions');
    await session.press('escape', 'escape');
    expect(session.frame()).toContain('Back to the questions');
    await session.press('enter');
    await session.waitFor('never touch?');
    await session.press({ text: 'q' });
    const text = await leavesClean(session, 0);
    expect(text).toContain('Nothing was changed.');
    expect(text).toContain('Your answers are kept.');
    expect(logged().at(-1)).toBe('outcome quit');
  });

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
    it(`${signal} at a question leaves the terminal clean`, async () => {
      const session = start('wizard');
      await toQuestion(session, 2);
      session.kill(signal);
      expect(await leavesClean(session, 130)).toContain('Stopped. Nothing was changed.');
    });
  }

  it('SIGTERM while writing waits for the write, and says how to take it back', async () => {
    const session = start('wizard', { env: { DEMO_APPLYING: '400' } });
    await toPlan(session);
    await session.press('enter');
    await session.waitFor('Writing');
    session.kill('SIGTERM');
    const text = await leavesClean(session, 130);
    expect(logged()).toContain('apply ends');
    expect(text).toContain('Stopped after 9 files had been written.');
    expect(text).toContain('agent-posture undo');
  });
});

describe('odd terminals and odd input', () => {
  for (const [cols, rows] of [
    [20, 5],
    [40, 12],
    [80, 24],
    [200, 60],
  ] as const) {
    it(`never fills ${cols}×${rows}, and wraps nothing`, async () => {
      const session = start('wizard', { cols, rows });
      await session.waitFor(/Close this/);
      for (let i = 0; i < 5; i++) {
        await session.press('enter');
        const frame = session.frame().split('\n');
        expect(frame.length).toBeLessThan(rows + 1);
        expect(session.cursor.y).toBeLessThan(rows);
        expect(Math.max(...frame.map(row => [...row].length))).toBeLessThan(cols);
      }
      await session.waitFor('Apply');
      await session.press('enter');
      const text = await leavesClean(session, 0);
      // Each screen was drawn over the one before: the first one stands there once.
      expect(text.split('11 things').length).toBe(2);
    });
  }

  it('draws anew at every size while rows arrive, and leaves one picture', async () => {
    const session = start('live', { cols: 100, rows: 30, env: { DEMO_PACE: '150' } });
    await session.waitFor(' of 21');
    for (const [cols, rows] of [
      [60, 20],
      [30, 8],
      [20, 5],
      [120, 40],
      [80, 24],
    ] as const) {
      await session.resize(cols, rows);
      expect(session.cursor.y).toBeLessThan(rows);
    }
    await session.waitFor('21 rows');
    await leavesClean(session, 1);
    expect(session.frame()).not.toContain('ctrl-c');
  });

  it('takes the old picture away whole when the window becomes narrower', async () => {
    const session = start('wizard', { cols: 100, rows: 40 });
    await session.waitFor('Close this');
    for (const [cols, drawn] of [
      [60, /would reach\n 11 things/],
      [44, /turned now,\n it would/],
      [90, /\(line 3\)/],
    ] as const) {
      await session.resize(cols, 40);
      await session.waitFor(drawn);
      expect(session.scrollback().split('Close this').length).toBe(2);
      expect(session.scrollback().split('.env.production').length).toBe(2);
    }
  });

  it('puts the modes of the terminal back, as the shell sees them', async () => {
    for (const end of ['\u0003', 'q']) {
      log = join(folder, `log-${runs++}`);
      const session = spawn('sh', [
        '-c',
        `before=$(stty -g); "${process.execPath}" "${demo}" wizard; [ "$before" = "$(stty -g)" ] && echo same`,
      ]);
      await session.waitFor('Close this');
      session.send(end);
      await session.waitFor('same');
      await session.exit();
      expect(session.leftovers()).toEqual([]);
    }
  });

  it('works in ASCII without colour on a dumb locale', async () => {
    const session = start('wizard', { env: { NO_COLOR: '1', LANG: 'C', TERM: 'linux' } });
    await toPlan(session);
    await session.press('enter');
    const text = await leavesClean(session, 0);
    expect(text).toMatch(/^[\n -~]*$/);
    expect(session.raw()).not.toMatch(/\u001b\[[0-9;]*m/);
  });

  it('takes keys that come all at once in their order, each on the screen that the one before made', async () => {
    const session = start('wizard');
    await session.waitFor('Close this');
    session.send('\r\r\u001b[B\r');
    await session.waitFor('never push to?');
    expect(session.frame()).toContain('Container');
    session.send('\u0015main\r');
    await session.waitFor('for secrets?');
    expect(session.frame()).toMatch(/Protected branches +main$/m);
  });

  it('does nothing on keys that it does not know', async () => {
    const session = start('wizard');
    await toQuestion(session, 2);
    const before = session.frame();
    for (const bytes of [
      '\u001b[1;5P',
      '\u001b[200;3~',
      '\u001bOP',
      '\u001b[24~',
      '\u001b[I',
      '\u001b[5;10R',
      '\u0000',
      'ß',
      '漢',
      '\u001bx',
    ])
      await session.press({ text: bytes });
    expect(session.frame()).toBe(before);
    await session.press('enter');
    await session.waitFor('never push to?');
  });

  it('takes pasted text into a text field, harmless and on one line, and not as keys elsewhere', async () => {
    const session = start('wizard');
    await toQuestion(session, 2);
    session.paste('\rq\u001b[31m');
    await session.press('down');
    await session.waitFor('be boxed in?');
    await session.press('enter');
    await session.waitFor('never push to?');
    await session.press('ctrl-u');
    session.paste('rel\u001b[2Jease/*\nmain\u202e');
    await session.waitFor('release/* main');
    await session.press('enter', 'enter');
    await session.waitFor('nothing is written yet');
    const plan = logged().find(entry => entry.startsWith('plan')) as string;
    expect(JSON.parse(plan.slice(5)).protected).toBe('release/* main');
  });

  it('keeps wide characters and emoji whole in a text field', async () => {
    const session = start('wizard', { cols: 40 });
    await toQuestion(session, 3);
    await session.press('ctrl-u', { text: '漢字👩é' });
    await session.waitFor('漢字');
    await session.press('backspace', 'backspace');
    await session.waitFor(frame => !frame.includes('👩') && frame.includes('漢字'));
    await session.press('enter');
    await session.waitFor('secrets?');
    expect(session.frame()).toContain('漢字');
  });

  it('says each choice with its role to a screen reader', async () => {
    const session = start('wizard', { env: { INK_SCREEN_READER: 'true' } });
    await session.waitFor('Close this');
    expect(session.frame()).toMatch(/\(selected\).*Close this|option.*Close this/);
    await session.press('enter');
    await session.waitFor('never touch?');
    expect(session.frame()).toMatch(/checkbox.*\(checked.*orders-db|\(checked.*orders-db/);
    session.send('\u0003');
    await leavesClean(session, 130);
  });
});

describe('the other screens', () => {
  it('shows rows as they are judged, never as tall as the window, and takes them off again', async () => {
    const session = start('live', { rows: 10, env: { DEMO_PACE: '15' } });
    const frame = await session.waitFor(/reached [5-9]/);
    expect(frame).toContain(' of 21');
    expect(frame.split('\n').length).toBeLessThan(10);
    const text = await leavesClean(session, 1);
    expect(text.trim()).toBe('21 rows');
  });

  it('gives the terminal to a question that comes while it tries, and takes it back', async () => {
    const session = start('live', { env: { DEMO_PACE: '60', DEMO_ASK: '1' } });
    await session.waitFor('Approve exactly this? [y/N]');
    session.send('yes\r');
    await session.waitFor(/reached [3-9]/);
    expect(logged()).toContain('answer yes');
    session.send('\u0003');
    await leavesClean(session, 130);
  });

  it('stops a live test by Ctrl-C with 130', async () => {
    const session = start('live', { env: { DEMO_PACE: '50' } });
    await session.waitFor(' of 21');
    session.send('\u0003');
    expect(await leavesClean(session, 130)).toContain('stopped');
  });

  it('opens changes, all rows and reasons from under a report', async () => {
    const session = start('report');
    await session.waitFor('1-2 see change   enter all rows   ? why   q quit');
    await session.press('enter');
    await session.waitFor('All 21 rows');
    await session.press('end');
    await session.waitFor(/lines \d+-(\d+) of \1\b/);
    await session.press('escape');
    await session.waitFor('see change');
    await session.press({ text: '?' });
    await session.waitFor('Why it matters');
    await session.press({ text: '?' });
    await session.waitFor('see change');
    await session.press({ text: '1' });
    await session.waitFor('[1] run it in a bubblewrap box');
    await session.press('enter');
    expect(await leavesClean(session, 0)).toMatch(/apply sandbox$/);
  });
});
