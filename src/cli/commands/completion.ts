import { UserError } from '../../base/errors.ts';
import { didYouMean } from '../../base/suggest.ts';
import { list } from '../../base/text.ts';
import { flagsOf } from '../args.ts';
import type { Command } from '../command.ts';
import { COMMANDS, flagTable } from '../program.ts';

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

function cases(line: (name: string, flags: string) => string): string {
  return COMMANDS.map(spec =>
    line(
      spec.name,
      flagsOf(spec)
        .map(name => `--${name}`)
        .join(' '),
    ),
  ).join('\n');
}

function bash(): string {
  return `_agent_posture() {
  local current=\${COMP_WORDS[COMP_CWORD]} word found= flags='${names}'
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
${cases((name, flags) => `      ${name}) found=1; flags='${flags}'; break ;;`)}
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
    ...Object.entries(spec.flags).map(
      ([name, says]) =>
        `complete -c agent-posture -n '__fish_seen_subcommand_from ${spec.name}' -l ${name}${flagTable[name]?.value ? ' -r' : ''} -d ${quote(says ?? '')}`,
    ),
  ]).join('\n')}\n`;
}
