import { join } from 'node:path';
import { bundle } from './bundle.ts';
import { closeAll, type Session, spawn } from './pty.ts';

/** Plays the quick path and a report with the scripted engine; returns the pictures' paths. */
export async function drawScreens(scratch: string, target: string): Promise<string[]> {
  const demo = await bundle('test/support/demo.ts', scratch);
  const drawn: string[] = [];
  const draw = (session: Session, name: string): void => {
    const path = join(target, `${name}.png`);
    session.screenshot(path);
    drawn.push(path);
  };
  const start = (screen: string, rows: number, env = {}): Session =>
    spawn(process.execPath, [demo, screen], { cols: 84, rows, env });
  try {
    const wizard = start('wizard', 24);
    await wizard.waitFor('Close this');
    draw(wizard, '1-first-screen');
    await wizard.press('enter');
    await wizard.waitFor('never touch?');
    await wizard.press('enter');
    await wizard.waitFor('boxed in?');
    draw(wizard, '2-question');
    for (const next of ['never push to?', 'for secrets?', 'nothing is written yet']) {
      await wizard.press('enter');
      await wizard.waitFor(next);
    }
    draw(wizard, '3-plan');
    await wizard.press('down', 'enter', 'right');
    await wizard.waitFor('file 2 of');
    draw(wizard, '4-every-line');
    await wizard.press('escape', 'up', 'enter');
    await wizard.exit();
    draw(wizard, '5-before-after');

    const live = start('live', 16, { DEMO_PACE: '60' });
    await live.waitFor('reached 8');
    draw(live, '6-live');
    await live.exit();

    const report = start('report', 30);
    await report.waitFor('see change');
    draw(report, '7-report');
    await report.press({ text: 'q' });
    await report.exit();
    return drawn;
  } finally {
    await closeAll();
  }
}
