import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { setTimeout } from 'node:timers/promises';
import { Interrupted } from '../../src/base/errors.ts';
import { textReport } from '../../src/report/text.ts';
import { runLiveTest, runReport, runWizard } from '../../src/ui/index.tsx';
import { introText } from '../../src/ui/intro.ts';
import { beforeReport, demoEngine, PLAN } from './demo-engine.ts';

/** The screens as a program, for tests in a terminal: `demo.js wizard|live|report`. */
const env = process.env;
const options = {
  color: !env.NO_COLOR && env.TERM !== 'dumb',
  unicode: /utf-?8/i.test(env.LANG ?? '') && env.TERM !== 'dumb' && env.TERM !== 'linux',
  screenReader: env.INK_SCREEN_READER === 'true',
};
const log = (what: string): void => {
  if (env.DEMO_LOG) appendFileSync(env.DEMO_LOG, `${what}\n`);
};
const pace = Number(env.DEMO_PACE ?? 0);
const engine = demoEngine({
  pace,
  log,
  applying: () => setTimeout(Number(env.DEMO_APPLYING ?? 0)),
  resumed: env.DEMO_RESUMED
    ? {
        path: 'quick' as const,
        answers: { systems: ['orders-db'], box: 'docker' },
        savedAt: new Date(Date.now() - 2 * 3_600_000),
      }
    : undefined,
});

async function main(): Promise<number> {
  switch (process.argv[2]) {
    case 'wizard': {
      process.stdout.write(introText('0.1.0', process.stdout.columns, options));
      const { outcome, exitCode } = await runWizard(async () => engine, options);
      log(`outcome ${outcome}`);
      return exitCode;
    }
    case 'live': {
      const ask = async (): Promise<void> => {
        const lines = createInterface({ input: process.stdin, output: process.stderr });
        log(`answer ${await lines.question('Approve exactly this? [y/N] ')}`);
        lines.close();
      };
      const start: Parameters<typeof runLiveTest>[0] = async (onEvent, signal, aside) => {
        if (env.DEMO_ASK) await aside(ask);
        return engine.firstTry(onEvent, signal);
      };
      const report = await runLiveTest(start, {
        ...options,
        title: 'shop-api',
      });
      process.stdout.write(`${report.rows.length} rows\n`);
      return report.exitCode;
    }
    default: {
      const report = { ...beforeReport(), posture: { path: 'agent-posture.yaml', sha256: '0'.repeat(64) } };
      const style = { width: process.stdout.columns, color: options.color, unicode: options.unicode, verbose: false };
      process.stdout.write(textReport(report, style));
      const ending = await runReport(
        report,
        {
          plan: async () => PLAN,
          why: safeguard => `${safeguard} is asked for because an agent that turned would use it.`,
          again: rows => textReport(report, style).split('\n').slice(0, rows),
        },
        options,
      );
      process.stdout.write(`${ending.by}${ending.by === 'apply' ? ` ${ending.fix.id}` : ''}\n`);
      return 0;
    }
  }
}

main().then(
  code => {
    process.exitCode = code;
    process.stdin.unref();
  },
  error => {
    process.stderr.write(`${error instanceof Interrupted ? 'stopped' : String(error)}\n`);
    process.exitCode = error instanceof Interrupted ? 130 : 2;
    process.stdin.unref();
  },
);
