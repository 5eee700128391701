import { parseArgs } from 'node:util';
import { UserError } from '../base/errors.ts';
import { didYouMean, suggest } from '../base/suggest.ts';
import { oneLine, truncate } from '../base/text.ts';
import type { Flags } from './command.ts';
import {
  COMMANDS,
  type CommandSpec,
  DEFAULT_COMMAND,
  type FlagName,
  flagTable,
  GLOBAL_FLAGS,
  LATER_COMMANDS,
} from './program.ts';

export interface Parsed {
  spec: CommandSpec;
  flags: Flags;
  words: string[];
}

const OPTIONS = Object.fromEntries(
  Object.entries(flagTable).map(([name, { value, short, multiple }]) => [
    name,
    {
      type: value === undefined ? ('boolean' as const) : ('string' as const),
      ...(short ? { short } : {}),
      multiple: multiple ?? false,
    },
  ]),
);

const usage = (what: string) => new UserError({ what });
const shown = (text: string) => `"${truncate(oneLine(text), 60)}"`;

/**
 * Command, flags and words of an argument list, by the program's definition. Throws a UserError of one line, with a
 * did-you-mean, for an unknown command or flag, a missing or wrong value, and too many or too few words.
 */
export function parseArguments(args: readonly string[]): Parsed {
  // As with other programs, `help test` is `test --help`.
  if (args[0] === 'help') return parseArguments([...args.slice(1), '--help']);
  const { tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const first = tokens.find(token => token.kind !== 'option');
  const named = first?.kind === 'positional' ? first : undefined;
  const spec = named === undefined ? DEFAULT_COMMAND : findCommand(named.value);

  // From its first own word on, everything belongs to the command that `run` starts, whatever it looks like.
  const cut = spec.words?.rest
    ? (tokens.find(token => token.kind !== 'option' && token.index > (named?.index ?? -1))?.index ?? args.length)
    : args.length;
  const rest = args.slice(cut);
  const words = spec.words?.rest
    ? rest[0] === '--'
      ? rest.slice(1)
      : rest
    : tokens.flatMap(token => (token.kind === 'positional' && token !== named ? [token.value] : []));

  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== 'option' || token.index >= cut) continue;
    const value = checkFlag(token, spec);
    given.set(token.name, [...(given.get(token.name) ?? []), value]);
  }
  for (const [name, values] of given)
    if (values.length > 1 && flagTable[name]?.value !== undefined && !flagTable[name]?.multiple)
      throw usage(`--${name} was given ${values.length} times; it takes one value`);

  const flags: Flags = {
    is: name => given.has(name),
    value: name => given.get(name)?.at(-1) || undefined,
    values: name => given.get(name) ?? [],
  };
  if (!flags.is('help') && !flags.is('version')) checkWords(spec, words);
  return { spec, flags, words };
}

interface OptionToken {
  name: string;
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

/** The flag's value, empty for a switch. */
function checkFlag({ name, rawName, value, inlineValue }: OptionToken, spec: CommandSpec): string {
  const allowed = [...Object.keys(spec.flags), ...Object.keys(GLOBAL_FLAGS)];
  const flag = flagTable[name];
  const of = spec.name ? ` of "${spec.name}"` : '';
  if (!flag || !Object.hasOwn(flagTable, name)) {
    const near = rawName.startsWith('--') ? suggest(name, allowed) : undefined;
    throw usage(`unknown flag ${shown(rawName)}${near === undefined ? '' : ` (did you mean "--${near}"?)`}`);
  }
  if (!allowed.includes(name)) {
    const elsewhere = COMMANDS.filter(command => Object.hasOwn(command.flags, name)).map(command => command.name);
    throw usage(`--${name} is not a flag${of}${elsewhere.length ? ` (it is one of "${elsewhere.join('", "')}")` : ''}`);
  }
  if (flag.value === undefined) {
    if (inlineValue && flag.optionalValue === undefined) throw usage(`--${name} takes no value`);
    if (inlineValue && !value) throw usage(`--${name}= needs a value: ${flag.optionalValue}`);
    return value ?? '';
  }
  if (!value || (!inlineValue && value.startsWith('-') && value !== '-'))
    throw usage(`--${name} needs a value: ${flag.value}`);
  const choices = choicesOf(spec, name);
  if (choices && !choices.includes(value))
    throw usage(`--${name} ${shown(value)}: expected ${choices.join(', ')}${didYouMean(value, choices)}`);
  return value;
}

function findCommand(name: string): CommandSpec {
  const spec = COMMANDS.find(command => command.name === name);
  if (spec) return spec;
  if ((LATER_COMMANDS as readonly string[]).includes(name)) throw usage(`the command "${name}" is not in this version`);
  const names = COMMANDS.map(command => command.name);
  const near = suggest(name, [...names, ...LATER_COMMANDS]);
  const later = near !== undefined && !names.includes(near) ? ', which is not in this version' : '';
  throw usage(
    `unknown command ${shown(name)}${near === undefined ? '; see agent-posture --help' : ` (did you mean "${near}"${later}?)`}`,
  );
}

function checkWords({ name, words = { least: 0, most: 0 }, usage: form }: CommandSpec, given: readonly string[]): void {
  if (given.length < words.least) throw usage(`"${name}" needs ${form}; see agent-posture ${name} --help`);
  if (given.length > words.most) throw usage(`"${name}" does not take ${shown(given[words.most] ?? '')}`);
}

/** The flag names a command takes, its own first. */
export function flagsOf(spec: CommandSpec): FlagName[] {
  return [...Object.keys(spec.flags), ...Object.keys(GLOBAL_FLAGS)] as FlagName[];
}

/** The values that a flag of a command takes, where it does not take any. */
export function choicesOf({ reports }: CommandSpec, name: string): readonly string[] | undefined {
  return name === 'format' ? ['text', 'json', ...(reports ?? [])] : flagTable[name]?.choices;
}
