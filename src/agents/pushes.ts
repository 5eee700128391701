import { expressionText } from '../posture/patterns.ts';

/**
 * The spellings of a push that could move a protected branch, and of what passes by the hooks that would stop it: one table
 * for all agents whose rules look at the text of a command. Others get round them; the hook and the server's rules are for those.
 */
const SPELLINGS = {
  /** What stands right before a branch that is pushed to. */
  leads: [' ', ':', '+', 'refs/heads/'],
  quotes: ['"', "'"],
  /** What moves any branch, or goes without the hooks, by the command that takes it. */
  flags: { push: ['--all', '--mirror', '--no-verify'], commit: ['--no-verify'] },
  /** The short form for a commit without the hooks, by itself and together with others. */
  short: { command: 'commit', letter: 'n', beside: 'aqsv' },
  /** A setting by which git looks for its hooks elsewhere. Git reads it in upper and lower case alike. */
  setting: 'core.hooksPath',
} as const;

/** The branch patterns, of fnmatch, that a rule can say at all. */
const SAYABLE = /^[\p{L}\p{N}_./@+#=%*?[\]-]+$/u;
const sayable = (branches: readonly string[]) => branches.filter(branch => SAYABLE.test(branch));

/** The others: the hook and the forge's rule hold those. */
export function unsayableBranches(branches: readonly string[]): string[] {
  return branches.filter(branch => !SAYABLE.test(branch));
}

const SETS = /\[[!^]?[\w.-]+\]/g;

/** The spellings for rules in which `*` is anything and there is nothing else; none where no branch is protected. */
export function pushGlobs(branches: readonly string[]): string[] {
  const names = sayable(branches).map(branch =>
    branch
      .replace(SETS, '*')
      .replaceAll('?', '*')
      .replace(/\*+(?:\/\*+)*/g, '*'),
  );
  if (names.length === 0) return [];
  const { leads, quotes, flags, short, setting } = SPELLINGS;
  const behind = (command: string, rest: string) => [`git ${command} ${rest}`, `git * ${command} ${rest}`];
  const all = [
    ...names
      .flatMap(name => [
        ...leads.flatMap(lead => [`*${lead}${name}`, `*${lead}${name} *`]),
        ...quotes.flatMap(quote => [quote, ...leads.slice(1)].map(lead => `*${lead}${name}${quote}*`)),
      ])
      .flatMap(rest => behind('push', rest)),
    ...Object.entries(flags).flatMap(([command, each]) => each.flatMap(flag => behind(command, `*${flag}*`))),
    ...[
      `-${short.letter}*`,
      `* -${short.letter}`,
      `* -${short.letter} *`,
      `* -${short.letter}m *`,
      `-a${short.letter}*`,
    ].flatMap(rest => behind(short.command, rest)),
    ...[setting, setting.toLowerCase(), setting.toUpperCase()].map(name => `git *${name}*`),
  ];
  return [...new Set(all)];
}

/** Either case of each letter. */
const eitherCase = (text: string) =>
  [...text]
    .map(letter =>
      /[a-z]/i.test(letter) ? `[${letter.toUpperCase()}${letter.toLowerCase()}]` : expressionText(letter),
    )
    .join('');

/** A branch pattern in an expression over a command. */
const branchExpression = (branch: string) =>
  branch
    .split(/(\*+|\?|\[[!^]?[\w.-]+\])/)
    .map((part, index) => {
      if (index % 2 === 0) return expressionText(part);
      if (part.startsWith('**')) return '.*';
      if (part === '*') return String.raw`[^/\s"']*`;
      return part === '?' ? '[^/]' : part.replace('[!', '[^');
    })
    .join('');

/** The same as expressions over a command in JSON, where quotes stand behind backslashes. */
export function pushExpressions(branches: readonly string[]): string[] {
  const { leads, quotes, flags, short, setting } = SPELLINGS;
  const before = [...leads.map(lead => (lead === ' ' ? String.raw`\s` : expressionText(lead))), ...quotes].join('|');
  const command = (name: string) => String.raw`\bgit\b[^;&|"']*\b${name}\b[^;&|]*`;
  const named = sayable(branches)
    .map(branch => `${command('push')}(?:${before})${branchExpression(branch)}${String.raw`(?:[\s'";&|)\\]|$)`}`)
    .filter(isExpression);
  if (named.length === 0) return [];
  return [
    ...named,
    ...Object.entries(flags).map(
      ([name, each]) => `${command(name)}${String.raw`\s(?:`}${each.join('|')}${String.raw`)\b`}`,
    ),
    `${command(short.command)}${String.raw`\s`}-[${short.beside}]*${short.letter}${String.raw`(?:m?\b)`}`,
    String.raw`\bgit\b.*${eitherCase(setting)}`,
  ];
}

/** A set such as `[z-a]` makes no expression. */
function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
