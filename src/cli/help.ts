import { COMMANDS, type CommandSpec, flagTable, GLOBAL_FLAGS } from './program.ts';

function column(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
}

function flagRows(flags: CommandSpec['flags']): [string, string][] {
  return Object.entries(flags).map(([name, says]) => {
    const { value, optionalValue, short, multiple } = flagTable[name] ?? {};
    const form = value ? ` ${value}${multiple ? '…' : ''}` : optionalValue ? `[=${optionalValue}]` : '';
    return [`${short ? `-${short}, ` : ''}--${name}${form}`, says ?? ''];
  });
}

/** The help of the program, or of one command. Plain text, at most 100 columns. */
export function help(spec: CommandSpec): string {
  return `${(spec.name === '' ? programHelp() : commandHelp(spec)).join('\n')}\n`;
}

function programHelp(): string[] {
  return [
    'If the model behind your coding agent turned against you this minute, what could it reach?',
    '',
    'Usage: agent-posture [COMMAND] [FLAGS]',
    '',
    'Without a command: the wizard on a terminal (the status once there is a posture); elsewhere, what an agent',
    'started here could reach now. Nothing is written until you apply.',
    '',
    'Commands:',
    ...column(COMMANDS.map(({ name, summary }) => [name, summary] as const)),
    '',
    'Everywhere:',
    ...column(flagRows(GLOBAL_FLAGS)),
    '',
    'Start here:',
    ...column([
      ['agent-posture test', 'try what an agent here could reach; what it lays for that goes again'],
      ['agent-posture init', 'close it'],
      ['agent-posture COMMAND --help', 'more'],
    ]),
  ];
}

function commandHelp({ name, summary, usage, about, flags, examples }: CommandSpec): string[] {
  const own = flagRows(flags);
  return [
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    '',
    `Usage: agent-posture ${[name, usage].filter(Boolean).join(' ')}${own.length ? ' [FLAGS]' : ''}`,
    ...(about ? ['', about] : []),
    ...(own.length ? ['', 'Flags:', ...column(own)] : []),
    '',
    'Everywhere:',
    ...column(flagRows(GLOBAL_FLAGS)),
    '',
    'Examples:',
    ...column(examples),
  ];
}
