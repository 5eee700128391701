import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeAll, type Session, spawn } from './pty.ts';
import { makeScene } from './scene.ts';

/** Plays the quick path, a report and live rows with the built program of `project`; returns the pictures' paths. */
export async function drawScreens(scratch: string, project: string, target: string): Promise<string[]> {
  const scene = makeScene(scratch, project);
  const drawn: string[] = [];
  const draw = (session: Session, name: string, from?: string): void => {
    const path = join(target, `${name}.png`);
    session.screenshot(path, from);
    drawn.push(path);
  };
  const start = (command: string, rows: number, ...flags: string[]): Session =>
    spawn(scene.program, [...scene.args, command, ...flags], { cols: 84, rows });
  try {
    const open = start('test', 32);
    await open.waitFor('q quit');
    draw(open, '6-report', 'shop-api');
    await open.press({ text: 'q' });
    await open.exit();

    const wizard = start('init', 30);
    await wizard.waitFor('Close this');
    draw(wizard, '1-first-screen');
    await wizard.press('enter');
    await wizard.waitFor('never touch?');
    await wizard.press('enter');
    await wizard.waitFor('boxed in?');
    draw(wizard, '2-question');
    await wizard.press('enter');
    await wizard.waitFor('3 of 3');
    await wizard.press('enter');
    await wizard.waitFor('nothing is written yet');
    draw(wizard, '3-plan', 'Never touch');
    await wizard.press('down', 'enter');
    await wizard.waitFor('file 1 of');
    draw(wizard, '4-every-line', 'agent-posture.yaml');
    await wizard.press('escape', 'up', 'enter');
    await wizard.waitFor('Approve exactly this');
    draw(wizard, '5-approval', 'The posture of');
    await wizard.press({ text: 'y\r' });
    await wizard.exit();
    draw(wizard, '7-before-after', 'BEFORE');

    const report = start('test', 32);
    await report.waitFor('q quit');
    draw(report, '8-report', 'shop-api');
    await report.press({ text: 'q' });
    await report.exit();

    // One command that takes its time, so that there is a moment in which all but one is judged.
    appendFileSync(join(scene.root, 'agent-posture.yaml'), 'selftest: { commands: [sleep 30] }\n');
    const live = start('test', 24, '--trust');
    await live.waitFor(frame => {
      const [, judged, of] = /(\d+) of (\d+) things/.exec(frame) ?? [];
      return of !== undefined && Number(judged) === Number(of) - 1;
    });
    draw(live, '9-live-rows', 'Trying');
    await live.press('ctrl-c');
    await live.exit();
    return drawn.sort();
  } finally {
    await closeAll();
  }
}
