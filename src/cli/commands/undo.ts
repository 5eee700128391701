import { EXIT, UserError } from '../../base/errors.ts';
import { stateFolder } from '../../base/state.ts';
import { list, shellLine } from '../../base/text.ts';
import { ago } from '../../base/units.ts';
import { lastCommand, nothingToTakeBack, undo } from '../../generate/journal.ts';
import { counted, MANIFEST_PATH } from '../../generate/paths.ts';
import type { Undone } from '../../generate/types.ts';
import { hang } from '../../report/width.ts';
import type { Command, Context } from '../command.ts';
import { load } from '../load.ts';
import { planOutputs } from '../planning.ts';

/** `undo`: takes back the last command, edits made since left in place. Asks on a terminal; elsewhere it needs --yes. */
export const command: Command = async context => {
  const { root, flags, terminal, signal } = context;
  const folder = stateFolder(root);
  const keep = flags.is('keep');
  const last = await lastCommand(folder);
  // Where nothing can change, there is nothing to ask: undo only says what stands in the way.
  if (last && (keep || !(await nothingToTakeBack(folder)))) {
    const what = `agent-posture ${last.command}, ${ago(new Date(last.at))}: ${counted(last.paths)}`;
    if (!flags.is('yes') && !terminal.interactive)
      throw new UserError({ what: `undo would take back ${what}; ${terminal.unasked} it needs --yes` });
    if (!flags.is('yes')) {
      terminal.show(`This takes back ${what}.\n${last.paths.map(path => `  ${path}`).join('\n')}`);
      if (!(await terminal.confirm('Take it back?', signal)))
        return {
          exitCode: EXIT.ok,
          json: { restored: [], removed: [], edited: [], kept: [], loosened: [] },
          text: () => 'Nothing was changed.',
        };
    }
  }
  const undone = await undo(root, { stateFolder: folder, keep });
  const loosened = await loosenedAgain(context, undone.restored);
  return {
    exitCode: undone.kept.length > 0 && !keep ? EXIT.conflict : EXIT.ok,
    json: {
      undone: undone.command,
      at: undone.at,
      restored: undone.restored,
      removed: undone.removed,
      edited: undone.edited,
      kept: undone.kept,
      loosened,
    },
    text: style =>
      [
        ...hang('', takenBack(undone, loosened), style.width),
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
  const all = kept.filter(({ path }) => !path.startsWith('git config '));
  const gone = all.filter(({ reason, beside }) => beside && reason === 'it was removed since');
  const files = all.filter(each => !gone.includes(each));
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
          `Take out of ${list(files.map(({ path }) => path).filter(path => !ours.includes(path)))} what agent-posture wrote, and run undo again.`,
        ]
      : []),
    ...gone.map(
      ({ path, beside }) =>
        `To have ${path} as it was before: ${shellLine(['mv', beside ?? '', path])}, then agent-posture undo again.`,
    ),
    'To keep them as they are: agent-posture undo --keep',
  ];
}

/** What guards less now than the posture asks for, as it did before: of a --restore that was taken back. */
async function loosenedAgain(context: Context, restored: readonly string[]): Promise<string[]> {
  if (restored.length === 0) return [];
  try {
    const { facts, posture } = await load(context, { boxes: false, systems: false });
    const changes = posture ? (await planOutputs(facts, posture)).changes : [];
    return changes.flatMap(({ path, state }) => (state === 'loosened' && restored.includes(path) ? [path] : []));
  } catch (error) {
    // It is taken back: a posture that is damaged is for the next command to tell.
    if (error instanceof UserError) return [];
    throw error;
  }
}

const them = (paths: readonly string[]) => (paths.length > 1 ? 'them' : 'it');

/** Each file in one list, the one that says most of it. */
function takenBack(undone: Undone, loosened: string[]): string {
  const { command: name, restored: all, removed: gone, edited, kept, halfWay } = undone;
  const [restored, removed] = [all, gone].map(paths => paths.filter(path => path !== MANIFEST_PATH)) as [
    string[],
    string[],
  ];
  if (all.length === 0 && kept.length > 0) return `Nothing more of ${name} could be taken back.`;
  const yours = edited.filter(path => !removed.includes(path) && !loosened.includes(path));
  const back = restored.filter(path => ![...removed, ...yours, ...loosened].includes(path));
  return [
    `Taken back: ${name}${halfWay ? ', which was stopped half way' : ''}.`,
    ...(back.length > 0 ? [`Put back: ${list(back)}.`] : []),
    ...(yours.length > 0 ? [`Put back, with your edits since: ${list(yours)}.`] : []),
    ...(loosened.length > 0
      ? [`Loosened again: ${list(loosened)}; agent-posture generate --restore puts ${them(loosened)} back.`]
      : []),
    ...(removed.length > 0 ? [`Removed: ${list(removed)}.`] : []),
    ...(all.length === 0 ? ['Nothing had to be put back.'] : []),
  ].join(' ');
}
