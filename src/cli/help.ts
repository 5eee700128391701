import { hang, wrap } from '../report/width.ts';
import { COMMANDS, type CommandSpec, flagTable, GLOBAL_FLAGS } from './program.ts';

/** In narrower places than this the terminal breaks lines itself: commands cannot be broken. */
const NARROWEST = 60;
/** Columns beyond which a line is no longer read at a glance. */
const WIDEST = 110;

function column(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const left = Math.max(...rows.map(([first]) => first.length));
  // Where little room is left beside them, the words stand below.
  if (columns - left - 4 < 24)
    return rows.flatMap(([first, says]) => [`  ${first}`, ...(says ? hang('      ', says, columns) : [])]);
  return rows.flatMap(([first, says]) => hang(`  ${first.padEnd(left)}  `, says, columns).map(row => row.trimEnd()));
}

function flagRows(flags: CommandSpec['flags']): [string, string][] {
  return Object.entries(flags).map(([name, says]) => {
    const { value, optionalValue, short, multiple } = flagTable[name] ?? {};
    const form = value ? ` ${value}${multiple ? '…' : ''}` : optionalValue ? `[=${optionalValue}]` : '';
    return [`${short ? `-${short}, ` : ''}--${name}${form}`, says ?? ''];
  });
}

/** The help of the program, or of one command. Plain text for a terminal of `columns`. */
export function help(spec: CommandSpec, columns = 80): string {
  const width = Math.min(Math.max(columns, NARROWEST), WIDEST) - 1;
  return `${(spec.name === '' ? programHelp(width) : commandHelp(spec, width)).join('\n')}\n`;
}

function programHelp(width: number): string[] {
  return [
    ...wrap('If the model behind your coding agent turned against you this minute, what could it reach?', width),
    '',
    'Usage: agent-posture [COMMAND] [FLAGS]',
    '',
    ...wrap(
      'Without a command: the wizard on a terminal (the status once there is a posture); elsewhere, what an agent started here could reach now. Nothing is written until you apply.',
      width,
    ),
    '',
    'Commands:',
    ...column(
      COMMANDS.map(({ name, summary }) => [name, summary] as const),
      width,
    ),
    '',
    'Everywhere:',
    ...column(flagRows(GLOBAL_FLAGS), width),
    '',
    'Start here:',
    ...column(
      [
        ['agent-posture test', 'try what an agent here could reach; what it lays for that goes again'],
        ['agent-posture init', 'close it'],
        ['agent-posture COMMAND --help', 'more'],
      ],
      width,
    ),
  ];
}

/** What every command takes, by name only: one page says what each does. */
const everywhere = `${flagRows(GLOBAL_FLAGS)
  .map(([form]) => `[${form}]`)
  .join(' ')} (agent-posture --help says what each does)`;

function commandHelp({ name, summary, usage, about, flags, examples }: CommandSpec, width: number): string[] {
  const own = flagRows(flags);
  return [
    ...wrap(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`, width),
    '',
    ...hang(
      'Usage: ',
      `agent-posture ${[name, usage].filter(Boolean).join(' ')}${own.length ? ' [FLAGS]' : ''}`,
      width,
    ),
    ...(about ? ['', ...about.split('\n').flatMap(line => wrap(line, width))] : []),
    ...(own.length ? ['', 'Flags:', ...column(own, width)] : []),
    '',
    ...hang('Everywhere: ', everywhere, width),
    '',
    'Examples:',
    ...column(examples, width),
  ];
}
