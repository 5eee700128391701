import type { Report } from '../selftest/types.ts';
import type { InitEngine } from '../wizard/types.ts';
import type { StartTest } from './hooks/use-selftest.ts';
import type { Ending } from './lifecycle.ts';
import { mount } from './mount.tsx';
import type { ReportActions, ReportEnding } from './screens/report.tsx';
import { WizardStart } from './screens/start.tsx';
import type { WizardRecord } from './screens/wizard.tsx';
import type { ThemeOptions } from './theme.ts';

// The wizard's first frame waits for none of the other screens: they are loaded where they are shown.

/** Draws the wizard; what happened stands in `record`. */
export async function showWizard(
  start: () => Promise<InitEngine>,
  record: WizardRecord,
  theme: ThemeOptions,
): Promise<'done' | 'quit' | 'interrupted'> {
  const ending = await mount<'done' | 'quit'>(
    finish => <WizardStart start={start} record={record} onQuit={() => finish('quit')} onDone={() => finish('done')} />,
    theme,
  );
  return ending.by === 'finish' ? ending.result : 'interrupted';
}

/** Rejects with what the test threw. */
export async function showLiveTest(start: StartTest, title: string, theme: ThemeOptions): Promise<Ending<Report>> {
  const { LiveTest } = await import('./screens/live.tsx');
  return mount<Report>(
    finish => <LiveTest title={`Trying what an agent in ${title} could reach`} start={start} onDone={finish} />,
    theme,
  );
}

export async function showReport(
  report: Report,
  actions: ReportActions,
  theme: ThemeOptions,
): Promise<Ending<ReportEnding>> {
  const { ReportScreen } = await import('./screens/report.tsx');
  return mount<ReportEnding>(finish => <ReportScreen report={report} actions={actions} onEnd={finish} />, theme);
}
