import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { errorCode, type Problem, UserError } from './errors.ts';

const STATE_PLACE = 'the absolute path of a folder outside the repository';

/** Variables that move where temporary files go. */
const TEMPORARY = ['TMPDIR', 'TMP', 'TEMP'] as const;

/**
 * Says at once what is wrong with where this program is to keep its files, before any of them is laid in a place that
 * nobody meant: a relative path would lead into the repository. Throws UserError.
 */
export function checkSurroundings(env: NodeJS.ProcessEnv = process.env, home = homedir()): void {
  const problems: Problem[] = [];
  const say = (name: string, what: string, expected: string) =>
    problems.push({ what: `${name} ${what}`, expected, next: `set ${name} to such a folder, or unset it` });
  if (!isAbsolute(home))
    problems.push({
      what: home === '' ? 'HOME is empty' : `HOME is not an absolute path: ${home}`,
      expected: 'the absolute path of your home folder',
      next: 'export HOME, then run again',
    });
  else if (statSync(home, { throwIfNoEntry: false, bigint: false })?.isDirectory() === false)
    problems.push({
      what: `HOME is not a folder: ${home}`,
      expected: 'the absolute path of your home folder',
      next: 'export HOME, then run again',
    });
  const state = env.AGENT_POSTURE_STATE;
  if (state && !isAbsolute(state)) say('AGENT_POSTURE_STATE', `is not an absolute path: ${state}`, STATE_PLACE);
  else if (state && isOther(state)) say('AGENT_POSTURE_STATE', `is not a folder: ${state}`, STATE_PLACE);
  const temporary = process.platform === 'win32' ? undefined : TEMPORARY.find(name => env[name]);
  if (temporary !== undefined) {
    const folder = env[temporary] as string;
    const wrong = isAbsolute(folder) ? unusable(folder) : 'is not an absolute path';
    if (wrong)
      say(temporary, `${wrong}: ${folder}`, 'the absolute path of a folder for temporary files that you can write');
  }
  if (problems.length > 0) throw new UserError(problems);
}

/** Whether something else than a folder stands there, or on the way there: it need not be there yet. */
function isOther(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch (error) {
    return errorCode(error) === 'ENOTDIR';
  }
}

function unusable(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return 'is not a folder';
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return 'is not there';
    return code === 'ENOTDIR' ? 'is not a folder' : 'cannot be written';
  }
}
