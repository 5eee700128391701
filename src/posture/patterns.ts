import ignore, { type Ignore } from 'ignore';

/**
 * A posture's patterns in gitignore syntax, read as this machine's file names are: upper and lower case are one on macOS
 * and Windows, and two elsewhere. The box, the outputs and the self-test all read them by this.
 */
export function patternRules(patterns: readonly string[], platform: NodeJS.Platform = process.platform): Ignore {
  const ignorecase = platform === 'darwin' || platform === 'win32';
  return ignore({ ignorecase, allowRelativePaths: false }).add([...patterns]);
}
