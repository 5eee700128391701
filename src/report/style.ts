import { styleText } from 'node:util';

/** How text is laid out. */
export interface Style {
  /** Columns: 20 to 200. Lines are never longer. */
  width: number;
  color: boolean;
  /** Whether more than ASCII may be printed. */
  unicode: boolean;
  verbose: boolean;
}

export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

/** Colours `text` where the style allows it, whatever the streams are: that was decided before. */
export function painter({ color }: Style): Paint {
  return (format, text) => (color && text ? styleText(format, text, { validateStream: false }) : text);
}

/** The few signs beyond ASCII, with what stands for them where they cannot be printed. */
export function signs({ unicode }: Style) {
  return unicode
    ? { rule: '─', ellipsis: '…', arrow: '→', dot: '·' }
    : { rule: '-', ellipsis: '...', arrow: '->', dot: '-' };
}

/** `text` with signs of ours replaced where only ASCII can be printed. What comes from outside is left as it is. */
export function plainSigns(text: string, style: Style): string {
  return style.unicode
    ? text
    : text.replaceAll('…', '...').replaceAll('→', '->').replaceAll('·', '-').replaceAll('─', '-');
}
