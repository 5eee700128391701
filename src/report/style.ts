import { styleText } from 'node:util';

/** How text is laid out. */
export interface Style {
  /** Columns: 20 to 200. Lines are never longer. */
  width: number;
  color: boolean;
  /** Whether the terminal says that its background is light: yellow and cyan cannot be read there. */
  light?: boolean;
  /** Whether more than ASCII may be printed. */
  unicode: boolean;
  verbose: boolean;
}

export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

/** Whether `COLORFGBG` (`15;0`, `0;default;15`) names a light background. Unknown counts as dark. */
export function isLightBackground(colorFgBg: string | undefined): boolean {
  const background = Number(colorFgBg?.split(';').at(-1) || Number.NaN);
  return background === 7 || (background >= 9 && background <= 15);
}

/** What stands for a colour that cannot be read on a light background. */
const ON_LIGHT: Readonly<Record<string, 'magenta' | 'blue'>> = { yellow: 'magenta', cyan: 'blue' };

/** Colours `text` where the style allows it, whatever the streams are: that was decided before. */
export function painter({ color, light = false }: Style): Paint {
  return (format, text) => {
    if (!color || !text) return text;
    const shown = light && typeof format === 'string' ? (ON_LIGHT[format] ?? format) : format;
    return styleText(shown, text, { validateStream: false });
  };
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
