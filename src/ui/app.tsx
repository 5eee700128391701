import type { Report } from '../selftest/types.ts';
import type { InitEngine } from '../wizard/types.ts';
import type { StartTest } from './hooks/use-selftest.ts';
import type { Ending } from './lifecycle.ts';
import { mount } from './mount.tsx';
import { LiveTest } from './screens/live.tsx';
import type { ReportActions, ReportEnding } from './screens/report.tsx';
import { type WizardRecord, WizardStart } from './screens/wizard.tsx';
import type { ThemeOptions } from './theme.ts';

export { farewell } from './screens/wizard.tsx';

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
export function showLiveTest(start: StartTest, title: string, theme: ThemeOptions): Promise<Ending<Report>> {
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
  // The wizard's first frame does not wait for it.
  const { ReportScreen } = await import('./screens/report.tsx');
  return mount<ReportEnding>(finish => <ReportScreen report={report} actions={actions} onEnd={finish} />, theme);
}
