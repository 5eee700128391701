import { UserError } from '../../base/errors.ts';
import { didYouMean } from '../../base/suggest.ts';
import { list } from '../../base/text.ts';
import { choicesOf, flagsOf } from '../args.ts';
import type { Command } from '../command.ts';
import { COMMANDS, type CommandSpec, flagTable, GLOBAL_FLAGS } from '../program.ts';

const SHELLS = { bash, zsh, fish };

/** `completion SHELL`: a script for the shell to source, made from the program's own definition. */
export const command: Command = async ({ words: [shell = ''] }) => {
  if (!Object.hasOwn(SHELLS, shell))
    throw new UserError({
      what: `unknown shell "${shell}"${didYouMean(shell, Object.keys(SHELLS))}; there are ${list(Object.keys(SHELLS))}`,
    });
  const script = SHELLS[shell as keyof typeof SHELLS]();
  return { exitCode: 0, json: { shell, script }, text: () => script };
};

const names = COMMANDS.map(({ name }) => name).join(' ');

/** For each command, its flags, and after one of those that take a value out of a few, these values. */
function cases(): string {
  return COMMANDS.map(spec => {
    const values = flagsOf(spec).flatMap(name => {
      const choices = choicesOf(spec, name);
      return choices ? [`--${name}) flags='${choices.join(' ')}' ;;`] : [];
    });
    const flags = flagsOf(spec).map(name => `--${name}`);
    return `      ${spec.name}) found=1; flags='${flags.join(' ')}'; case $previous in ${values.join(' ')} esac; break ;;`;
  }).join('\n');
}

function bash(): string {
  return `_agent_posture() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} word found= flags='${names}'
  [[ $previous == '=' ]] && previous=\${COMP_WORDS[COMP_CWORD-2]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
${cases()}
    esac
  done
  [[ -z $found && $current == -* ]] && flags='--help --version --root'
  COMPREPLY=($(compgen -W "$flags" -- "$current"))
}
complete -o default -F _agent_posture agent-posture
`;
}

function zsh(): string {
  return `#compdef agent-posture
autoload -U +X bashcompinit && bashcompinit
${bash()}`;
}

function fish(): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, String.raw`\$&`)}'`;
  return `${COMMANDS.flatMap(spec => [
    `complete -c agent-posture -n __fish_use_subcommand -f -a ${spec.name} -d ${quote(spec.summary)}`,
    ...Object.entries({ ...spec.flags, format: GLOBAL_FLAGS.format }).map(
      ([name, says]) =>
        `complete -c agent-posture -n '__fish_seen_subcommand_from ${spec.name}' -l ${name}${fishValue(spec, name)} -d ${quote(says ?? '')}`,
    ),
  ]).join('\n')}\n`;
}

function fishValue(spec: CommandSpec, name: string): string {
  const choices = choicesOf(spec, name);
  if (choices) return ` -x -a '${choices.join(' ')}'`;
  return flagTable[name]?.value ? ' -r' : '';
}
