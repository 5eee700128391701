import { run } from '../base/exec.ts';
import { type Check, OK } from './case.ts';
import { StillThere } from './still-there.ts';
import { makeTry } from './tries.ts';
import type { Observation, Try } from './wire.ts';

/** What a shell that lacks the program ends with. */
const MISSING = 127;

/** Adds a comment, which cron never runs. A crontab that is there and cannot be read is never written over. */
const PLANT = `command -v crontab >/dev/null || exit ${MISSING}
old=$(crontab -l 2>/dev/null; printf .)
old=\${old%.}
[ "$2" = none ] || [ -n "$old" ] || exit 1
printf '%s# %s\\n' "$old" "$1" | crontab -`;

/** Takes it out again; what was nothing before is nothing again. */
const TAKE_BACK = `crontab -l 2>/dev/null | grep -qF "# $1" || exit 0
new=$(crontab -l | grep -vF "# $1"; printf .)
new=\${new%.}
if [ -n "$new" ]; then printf %s "$new" | crontab -; else crontab -r; fi`;

const shell = (script: string, ...words: string[]) => ['/bin/sh', '-c', script, 'sh', ...words];

/** The text of the user's crontab; undefined where there is none. */
async function current(program: string): Promise<string | undefined> {
  const { code, stdout } = await run(program, ['-l'], { cwd: '/', timeout: 3_000 });
  return code === 0 ? stdout : undefined;
}

/** The try: a comment with this mark is added to the crontab that the vantage has. */
export async function plantTry(program: string, mark: string): Promise<Try> {
  const state = (await current(program)) ? 'some' : 'none';
  return makeTry({ op: 'exec', argv: shell(PLANT, mark, state), cwd: '/' });
}

/** What the vantage does to take it back. */
export function takeBackTry(mark: string): Try {
  return makeTry({ op: 'exec', argv: shell(TAKE_BACK, mark), cwd: '/' });
}

/** Whether the host's crontab has the mark; it is taken out again. StillThere where that could not be done. */
export async function takeBack(program: string, mark: string): Promise<boolean> {
  const text = await current(program);
  const line = `# ${mark}\n`;
  if (!text?.includes(line)) return false;
  const rest = text.replace(line, '');
  const { code } = await (rest === ''
    ? run(program, ['-r'], { cwd: '/', timeout: 3_000 })
    : run(program, ['-'], { cwd: '/', timeout: 3_000, input: rest }));
  if (code !== 0) throw new StillThere(`a comment in your crontab, "# ${mark}", could not be taken out`);
  return true;
}

/** The host does the same itself, and takes it back. */
export async function plantHere(program: string, mark: string): Promise<Check> {
  const one = await plantTry(program, mark);
  if (one.op !== 'exec') return { ok: false, reason: 'no result' };
  const [sh = '', ...args] = one.argv;
  await run(sh, args, { cwd: '/', timeout: 3_000 });
  return (await takeBack(program, mark)) ? OK : { ok: false, reason: 'no crontab' };
}

/** What the run of the planting program says: it did it, it was refused, or there is none. */
export function plantOutcome(observation: Observation): Observation {
  if (observation.outcome !== 'done' || observation.code === 0) return observation;
  if (observation.code === MISSING) return { ...observation, outcome: 'unable', reason: 'crontab' };
  return { ...observation, outcome: 'refused', reason: 'no crontab' };
}
