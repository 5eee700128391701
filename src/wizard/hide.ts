import ignore from 'ignore';
import type { Facts } from '../discover/facts.ts';
import { secretShape } from '../posture/secrets.ts';
import { unseenCharacter } from '../posture/tree.ts';

/** Where keys and logins lie that are not the repository's: no agent needs to read them to write code. */
const HOME = [
  '~/.ssh',
  '~/.gnupg',
  '~/.aws',
  '~/.azure',
  '~/.config/gcloud',
  '~/.kube',
  '~/.docker/config.json',
  '~/.config/gh',
  '~/.config/glab-cli',
  '~/.git-credentials',
  '~/.netrc',
  '~/.npmrc',
  '~/.pypirc',
  '~/.cargo/credentials.toml',
  '~/.m2/settings.xml',
  '~/.gradle/gradle.properties',
  '~/.terraform.d/credentials.tfrc.json',
  '~/.vault-token',
  '~/.pgpass',
  '~/.my.cnf',
  '~/.password-store',
];
const REPOSITORY = ['.env*', '!.env*.example'];

/** A path as a gitignore pattern that means just this file. */
function patternOf(path: string): string {
  const escaped = path.replaceAll('\\', '\\\\').replace(/[*?[]/g, String.raw`\$&`).replace(/^[!#]/, String.raw`\$&`);
  return escaped.replace(/ $/, '\\ ');
}

/** A pattern that a posture takes, for a file of any name: where the name cannot be written down, all files of its kind there. */
function writable(path: string): string[] {
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(path)?.[0] ?? '';
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return [patternOf(path), `${patternOf(folder)}*${extension}`].filter(isWritable).slice(0, 1);
}

function isWritable(pattern: string): boolean {
  return pattern.length <= 500 && !/[\r\n\t]/.test(pattern) && !unseenCharacter(pattern) && !secretShape(pattern);
}

/** What to hide from an agent: well-known places of keys, `.env` files, and the secret files that were found here. */
export function hidePatterns(facts: Facts): string[] {
  const covered = ignore().add(REPOSITORY);
  const found = facts.secretFiles.map(({ path }) => path).filter(path => path !== '' && !covered.ignores(path));
  return [...HOME, ...REPOSITORY, ...new Set(found.flatMap(writable))];
}
