import { EXIT, UserError } from '../../base/errors.ts';
import { stateFolder } from '../../base/state.ts';
import { list } from '../../base/text.ts';
import { ago } from '../../base/units.ts';
import { lastCommand, undo } from '../../generate/journal.ts';
import { counted, MANIFEST_PATH } from '../../generate/paths.ts';
import type { Undone } from '../../generate/types.ts';
import { hang } from '../../report/width.ts';
import type { Command } from '../command.ts';

/** `undo`: takes back the last command, edits made since left in place. Asks on a terminal; elsewhere it needs --yes. */
export const command: Command = async ({ root, flags, terminal, signal }) => {
  const folder = stateFolder(root);
  const last = await lastCommand(folder);
  if (last) {
    const what = `agent-posture ${last.command}, ${ago(new Date(last.at))}: ${counted(last.paths)}`;
    if (!flags.is('yes') && !terminal.interactive)
      throw new UserError({ what: `undo would take back ${what}; off a terminal it needs --yes` });
    if (!flags.is('yes')) {
      terminal.show(`This takes back ${what}.\n${last.paths.map(path => `  ${path}`).join('\n')}`);
      if (!(await terminal.confirm('Take it back?', signal)))
        return {
          exitCode: EXIT.ok,
          json: { restored: [], removed: [], edited: [], kept: [] },
          text: () => 'Nothing was changed.',
        };
    }
  }
  const keep = flags.is('keep');
  const undone = await undo(root, { stateFolder: folder, keep });
  return {
    exitCode: undone.kept.length > 0 && !keep ? EXIT.conflict : EXIT.ok,
    json: {
      undone: undone.command,
      at: undone.at,
      restored: undone.restored,
      removed: undone.removed,
      edited: undone.edited,
      kept: undone.kept,
    },
    text: style =>
      [
        ...hang('', takenBack(undone), style.width),
        ...undone.kept.flatMap(({ path, reason, beside }) =>
          hang(' kept ', `${path}: ${reason}${beside ? `; what it was before is in ${beside}` : ''}`, style.width),
        ),
        ...(undone.kept.length === 0 ? [] : keep ? [KEPT] : waysOn(undone).flatMap(way => hang('', way, style.width))),
      ].join('\n'),
  };
};

const KEPT = 'They stay as they are.';

/** What can be done about files that were edited since: a file that was not there before can only go or stay. */
function waysOn({ kept }: Undone): string[] {
  const files = kept.filter(({ path }) => !path.startsWith('git config '));
  const ours = files
    .filter(({ beside, reason }) => !beside && reason === 'it was edited since')
    .map(({ path }) => path);
  return [
    ...(ours.length > 0
      ? [
          `${list(ours)} ${ours.length > 1 ? 'were' : 'was'} not there before. To be rid of ${ours.length > 1 ? 'them' : 'it'}: rm ${ours.join(' ')}, then agent-posture undo again.`,
        ]
      : []),
    ...(files.length > ours.length
      ? [
          `Take out of ${ours.length > 0 ? 'the others' : 'these'} what agent-posture wrote, and run undo again: it takes back the rest.`,
        ]
      : []),
    'To keep them as they are: agent-posture undo --keep',
  ];
}

function takenBack({ command: name, restored: all, removed: gone, edited }: Undone): string {
  const [restored, removed] = [all, gone].map(paths => paths.filter(path => path !== MANIFEST_PATH)) as [
    string[],
    string[],
  ];
  const back = restored.filter(path => !removed.includes(path));
  const yours = edited.filter(path => !removed.includes(path));
  return [
    `Taken back: ${name}.`,
    ...(back.length > 0 ? [`Put back: ${list(back)}.`] : []),
    ...(yours.length > 0 ? [`Your edits since were kept: ${list(yours)}.`] : []),
    ...(removed.length > 0 ? [`Removed: ${list(removed)}.`] : []),
    ...(all.length === 0 ? ['Nothing had to be put back.'] : []),
  ].join(' ');
}
