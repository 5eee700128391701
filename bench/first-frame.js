import { spawn } from '@lydell/node-pty';
import { bin, ratio, world } from './measure.js';

/** Milliseconds from the start until `text` stands on the terminal. The program is ended then, and its end waited for. */
function until(args, text, { repository, env }) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    let seen = '';
    let took;
    const terminal = spawn(process.execPath, args, { cols: 80, rows: 24, cwd: repository, env });
    terminal.onData(data => {
      seen += data;
      if (took === undefined && seen.includes(text)) {
        took = performance.now() - started;
        terminal.kill('SIGKILL');
      }
    });
    terminal.onExit(() => (took === undefined ? reject(new Error(`"${text}" never came: ${seen}`)) : resolve(took)));
  });
}

/** Milliseconds that `node -e 0` takes in the same terminal. */
function bare({ repository, env }) {
  return new Promise(resolve => {
    const started = performance.now();
    const options = { cols: 80, rows: 24, cwd: repository, env };
    spawn(process.execPath, ['-e', '0'], options).onExit(() => resolve(performance.now() - started));
  });
}

/** The wizard in an 80×24 terminal: its first line, and the first frame that Ink draws. */
export default async () => {
  const place = world({ '.env': 'API_TOKEN=x\n' });
  const against = () => bare(place);
  return [
    await ratio('first line of the wizard', 6, () => until([bin], 'agent-posture', place), 21, against),
    await ratio('first frame of the wizard', 6, () => until([bin], 'Looking at what is here', place), 21, against),
  ];
};
