import { UserError } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import { runWizard } from '../../ui/index.tsx';
import { introText } from '../../ui/intro.ts';
import type { Command } from '../command.ts';

/**
 * `init`: the wizard on a terminal; with --yes, --answers or --answer the same from the same steps, without a question.
 * The first line is printed before anything heavy is loaded.
 */
export const command: Command = async context => {
  const { flags, terminal } = context;
  const unasked = ['yes', 'answers', 'answer', 'dry-run'] as const;
  const asks = terminal.interactive && !unasked.some(name => flags.is(name));
  if (!asks && !unasked.some(name => flags.is(name)))
    throw new UserError({
      what: `init asks questions; ${terminal.unasked} it needs --yes or --answers`,
      next: 'agent-posture init --yes takes the defaults (--dry-run shows them), --answers FILE takes yours',
    });
  if (asks && flags.is('no-test')) throw new UserError({ what: '--no-test goes with --yes or --answers' });

  // The wizard's screens come before the features are loaded: what somebody waits for is the first frame.
  const features = () => import('../init.ts');
  if (!asks) return (await features()).unattended(context);
  const { streams, style } = terminal;
  const { color, unicode } = style;
  const look = { color, unicode, screenReader: Boolean(streams.env.INK_SCREEN_READER) };
  streams.stdout.write(introText(version, streams.stdout.columns || 80, { ...look, colorFgBg: streams.env.COLORFGBG }));
  const { exitCode } = await runWizard(async () => (await features()).startEngine(context), look);
  return { exitCode, json: {}, text: () => '' };
};
