import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeAll, type Session, spawn, type TerminalOptions } from './pty.ts';
import { makeScene } from './scene.ts';
import { animate } from './svg.ts';

/** Draws what the built program of `project` shows in scenes with planted credentials; returns the pictures' paths. */
export async function drawScreens(scratch: string, project: string, target: string): Promise<string[]> {
  try {
    const quick = await drawQuick(new Stage(join(scratch, 'quick'), project, target));
    const whole = await drawWhole(new Stage(join(scratch, 'whole'), project, target));
    return [...quick, ...whole].sort();
  } finally {
    await closeAll();
  }
}

class Stage {
  readonly drawn: string[] = [];
  readonly root: string;
  readonly #scene: ReturnType<typeof makeScene>;
  readonly #target: string;

  constructor(scratch: string, project: string, target: string) {
    mkdirSync(scratch, { recursive: true });
    this.#scene = makeScene(scratch, project);
    this.#target = target;
    this.root = this.#scene.root;
  }

  start(command: string, rows: number, flags: readonly string[] = [], options: TerminalOptions = {}): Session {
    return spawn(this.#scene.program, [...this.#scene.args, command, ...flags], { cols: 84, rows, ...options });
  }

  draw(session: Session, name: string, from?: string): void {
    const path = join(this.#target, `${name}.png`);
    session.screenshot(path, from);
    this.drawn.push(path);
  }

  write(name: string, text: string): void {
    const path = join(this.#target, name);
    writeFileSync(path, text);
    this.drawn.push(path);
  }
}

/** The quick path, a report before and after, and live rows; and all of it as one moving picture. */
async function drawQuick(stage: Stage): Promise<string[]> {
  const open = stage.start('test', 40);
  await open.waitFor('q quit');
  stage.draw(open, '6-report', 'shop-api');
  await open.press({ text: 'q' });
  await open.exit();

  const frames: { svg: string; seconds: number }[] = [];
  const wizard = stage.start('init', 30);
  const film = (seconds: number, from?: string): void => void frames.push({ svg: wizard.svg(from), seconds });
  await wizard.waitFor('Close this');
  stage.draw(wizard, '1-first-screen');
  film(5);
  await wizard.press('enter');
  await wizard.waitFor('never touch?');
  film(3);
  await wizard.press('enter');
  await wizard.waitFor('Which addresses');
  await wizard.press('enter');
  await wizard.waitFor('boxed in?');
  stage.draw(wizard, '2-question');
  film(3);
  await wizard.press('enter');
  await wizard.waitFor('4 of 4');
  film(3);
  await wizard.press('enter');
  await wizard.waitFor('nothing is written yet');
  stage.draw(wizard, '3-plan', 'Agents  ');
  film(4);
  await wizard.press('down', 'enter');
  await wizard.waitFor('file 1 of');
  stage.draw(wizard, '4-every-line', 'agent-posture.yaml');
  film(3);
  await wizard.press('escape', 'up', 'enter');
  await wizard.waitFor('Approve exactly this');
  stage.draw(wizard, '5-approval', 'The posture of');
  await wizard.press({ text: 'y\r' });
  await wizard.exit();
  stage.draw(wizard, '7-before-after', 'BEFORE');
  film(6, 'BEFORE');
  stage.write('init.svg', animate(frames));

  const report = stage.start('test', 32);
  await report.waitFor('q quit');
  stage.draw(report, '8-report', 'shop-api');
  await report.press({ text: 'q' });
  await report.exit();

  // One command that takes its time, so that there is a moment in which all but one is judged.
  appendFileSync(join(stage.root, 'agent-posture.yaml'), 'selftest: { commands: [sleep 30] }\n');
  const live = stage.start('test', 24, ['--trust']);
  await live.waitFor(frame => {
    const [, judged, of] = /(\d+) of (\d+) things/.exec(frame) ?? [];
    return of !== undefined && Number(judged) === Number(of) - 1;
  });
  stage.draw(live, '9-live-rows', 'Trying');
  await live.press('ctrl-c');
  await live.exit();
  return stage.drawn;
}

/** Words of each question of the whole path, by which it is known that it is shown. */
const QUESTIONS: readonly (readonly [name: string, words: string])[] = [
  ['agents', 'Which coding agents'],
  ['systems', 'Which systems are critical'],
  ['data', 'What data is sensitive'],
  ['environments', 'in each environment?'],
  ['private', 'Which addresses'],
  ['managers', 'secrets of each environment'],
  ['credentials', 'With which credentials'],
  ['box', 'boxed in?'],
  ['hosts', 'Which hosts'],
  ['refused', 'refused these paths'],
  ['guards', 'Refuse pushes'],
  ['branches', 'Which branches'],
  ['reviews', 'How many people'],
  ['owners', 'Whose approval'],
  ['identity', 'As whom'],
  ['ci', 'What shall CI do'],
  ['scanning', 'What shall look for secrets'],
  ['review', 'a reviewer be warned'],
  ['monitoring', 'an alarm be raised'],
  ['managed', 'that an administrator lays'],
  ['accepted', 'take on knowingly'],
];

/** Every question of the whole path, what can be done in them, and the posture edited again. */
async function drawWhole(stage: Stage): Promise<string[]> {
  execFileSync('git', ['-C', stage.root, 'remote', 'add', 'origin', 'git@github.com:sam/shop-api.git']);
  const wizard = stage.start('init', 40);
  await wizard.waitFor('Set up everything');
  await wizard.press('down', 'enter');
  for (const [at, [name, words]] of QUESTIONS.entries()) {
    await wizard.waitFor(words);
    const number = String(at + 1).padStart(2, '0');
    stage.draw(wizard, `whole-${number}-${name}`, at === 0 ? 'Which coding' : undefined);
    if (name === 'systems') {
      await wizard.press({ text: '?' });
      await wizard.waitFor('The article');
      stage.draw(wizard, 'whole-why');
      await wizard.press({ text: '?' });
      await wizard.press({ text: 'a' });
      await wizard.waitFor('A new system');
      await wizard.press({ text: 'Orders DB' });
      await wizard.waitFor('lower-case letters');
      stage.draw(wizard, 'whole-invalid');
      await wizard.press('ctrl-u', { text: 'billing' }, 'enter');
      await wizard.waitFor('PostgreSQL');
      await wizard.press({ text: '/' }, { text: 'pay' });
      await wizard.waitFor('1 of 15');
      stage.draw(wizard, 'whole-search');
      await wizard.press('enter');
      await wizard.waitFor('Environment');
      await wizard.press({ text: 'production' }, 'enter', { text: 'pay.example.com:443' }, 'enter');
      await wizard.waitFor('Add it');
      stage.draw(wizard, 'whole-entry');
      await wizard.press('enter');
      await wizard.waitFor('Go on with these');
    }
    if (name === 'guards') {
      await wizard.press({ text: 'o' });
      await wizard.waitFor('Make the plan');
      stage.draw(wizard, 'whole-outline', 'All questions');
      await wizard.press('left');
      await wizard.waitFor(words);
    }
    await wizard.press('enter');
  }
  await wizard.waitFor('nothing is written yet');
  stage.draw(wizard, 'whole-plan');
  await wizard.press({ text: 'q' });
  await wizard.exit();

  const resumed = stage.start('init', 30);
  await resumed.waitFor('Continue where you stopped');
  stage.draw(resumed, 'whole-resume');
  await resumed.press({ text: 'q' });
  await resumed.exit();

  const narrow = stage.start('init', 24, ['--no-color'], { cols: 40 });
  await narrow.waitFor('Continue where you');
  await narrow.press('down', 'down', 'enter');
  await narrow.waitFor('Which coding');
  await narrow.press('enter');
  await narrow.waitFor('Which systems');
  stage.draw(narrow, 'whole-narrow');
  await narrow.press({ text: 'q' });
  await narrow.exit();
  return stage.drawn;
}
