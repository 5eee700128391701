import { own } from '../base/started.ts';
import { plural } from '../base/text.ts';
import { type Line, line, together, wrapText } from './lines.ts';
import type { WizardRecord } from './screens/wizard.tsx';

/** What is said when the wizard ends before its end. */
export function farewell(record: WizardRecord, stopped: boolean, width: number): Line[] {
  const written = record.applied?.written.length ?? 0;
  const sentences =
    written > 0
      ? [`Stopped after ${plural(written, 'file')} had been written. To take them back whole: ${together(own('undo'))}`]
      : [
          `${stopped ? 'Stopped. ' : ''}Nothing was changed.`,
          typeof record.kept === 'string'
            ? `Your answers could not be kept: ${record.kept}`
            : record.kept
              ? `Your answers are kept. To go on where you stopped: ${together(own('init'))}`
              : '',
        ];
  return sentences.filter(Boolean).flatMap(text => wrapText(text, width - 1).map(row => line(` ${row}`)));
}
