import { EXIT, type ExitCode, Interrupted } from '../base/errors.ts';
import { exitCodeOf } from '../generate/changes.ts';
import type { Applied } from '../generate/types.ts';
import type { Report } from '../selftest/types.ts';
import type { InitEngine } from '../wizard/types.ts';
import type { StartTest } from './hooks/use-selftest.ts';
import { readableColumns } from './layout.ts';
import { paint } from './paint.ts';
import type { ReportActions, ReportEnding } from './screens/report.tsx';
import type { WizardRecord } from './screens/wizard.tsx';
import { createTheme, type ThemeOptions } from './theme.ts';

export type { ReportActions, ReportEnding } from './screens/report.tsx';

export interface UiOptions {
  color: boolean;
  /** Whether the terminal shows more than ASCII. */
  unicode: boolean;
  screenReader: boolean;
}

export interface WizardResult {
  outcome: 'applied' | 'quit' | 'interrupted';
  /** 4 where something could not be merged, else 0, also when quit; 130 when interrupted. */
  exitCode: ExitCode;
  /** The last report: after applying where it came so far. */
  report: Report | undefined;
  applied: Applied | undefined;
}

function themeOptions(options: UiOptions): ThemeOptions {
  return { ...options, colorFgBg: process.env.COLORFGBG };
}

type App = typeof import('./app.tsx');

let loading: Promise<App> | undefined;

/**
 * Ink and everything that needs it, once. The colour level has to be settled before, because chalk reads it when it is
 * loaded and does not know NO_COLOR; children do not inherit it.
 */
function loadApp({ color }: UiOptions): Promise<App> {
  loading ??= (async () => {
    const before = process.env.FORCE_COLOR;
    process.env.FORCE_COLOR = color ? (before ?? '1') : '0';
    try {
      return await import('./app.tsx');
    } finally {
      if (before === undefined) delete process.env.FORCE_COLOR;
      else process.env.FORCE_COLOR = before;
    }
  })();
  return loading;
}

async function load(options: UiOptions): Promise<App> {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new Error('a screen was asked for where there is no terminal');
  // Keys that are pressed while it loads are neither shown nor lost.
  process.stdin.setRawMode(true);
  try {
    return await loadApp(options);
  } catch (error) {
    process.stdin.setRawMode(false);
    throw error;
  }
}

/**
 * The wizard on a terminal, under its first line (`introText`): try, questions, plan, apply, try again. Says itself how it ended; the caller only has to leave
 * with the exit code. `start` is called once the first frame stands. Rejects with what it or the engine threw, the terminal restored.
 */
export async function runWizard(start: () => Promise<InitEngine>, options: UiOptions): Promise<WizardResult> {
  const theme = createTheme(themeOptions(options));
  const app = await load(options);
  const record: WizardRecord = {
    before: undefined,
    plan: undefined,
    applied: undefined,
    after: undefined,
    given: { path: 'quick', answers: {} },
    kept: false,
  };
  let engine: InitEngine | undefined;
  const begin = async (): Promise<InitEngine> => {
    engine = await start();
    return engine;
  };
  const ending = await app.showWizard(begin, record, themeOptions(options));
  const report = record.after ?? record.before;
  const common = { report, applied: record.applied };
  if (ending === 'done' && engine && record.before && record.after) {
    const { summaryLines } = await import('./summary.ts');
    const next = await engine.next?.();
    const summary = summaryLines(
      {
        before: record.before,
        after: record.after,
        applied: record.applied,
        skipped: record.plan?.skipped?.map(({ path }) => path) ?? [],
        repeat: engine.reproduce(record.given),
        next,
        rest: record.given.path === 'quick',
        height: process.stdout.rows || undefined,
      },
      readableColumns(process.stdout.columns || 80),
      theme,
    );
    process.stdout.write(paint(summary, theme));
    const exitCode = record.plan ? exitCodeOf(record.plan) : EXIT.ok;
    return { outcome: 'applied', exitCode, ...common };
  }
  const { farewell } = await import('./farewell.ts');
  process.stdout.write(
    paint(farewell(record, ending === 'interrupted', readableColumns(process.stdout.columns || 80)), theme),
  );
  return ending === 'quit'
    ? { outcome: 'quit', exitCode: EXIT.ok, ...common }
    : { outcome: 'interrupted', exitCode: EXIT.interrupted, ...common };
}

/** Shows rows as they are judged, `title` being the project's name, then takes its rows off the screen. Throws Interrupted when stopped, after clean-up. */
export async function runLiveTest(start: StartTest, options: UiOptions & { title: string }): Promise<Report> {
  const app = await load(options);
  const ending = await app.showLiveTest(start, options.title, themeOptions(options));
  if (ending.by === 'interrupt') throw new Interrupted(ending.signal);
  return ending.result;
}

/** The keys under a report that was printed before. Comes back when the reader quits or wants a fix applied. */
export async function runReport(report: Report, actions: ReportActions, options: UiOptions): Promise<ReportEnding> {
  const app = await load(options);
  const ending = await app.showReport(report, actions, themeOptions(options));
  if (ending.by === 'interrupt') throw new Interrupted(ending.signal);
  return ending.result;
}
