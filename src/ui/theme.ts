import { isLightBackground } from '../report/style.ts';

/** What a piece of text means; how it looks is decided here and nowhere else. */
export type Tone = 'plain' | 'strong' | 'quiet' | 'accent' | 'bad' | 'good' | 'warn';

/** Properties of Ink's `<Text>`. */
export interface Look {
  color?: string;
  bold?: boolean;
  dimColor?: boolean;
}

export interface Glyphs {
  pointer: string;
  reached: string;
  held: string;
  tight: string;
  unproven: string;
  done: string;
  on: string;
  off: string;
  rule: string;
  dot: string;
  /** Before an entry of a list. */
  entry: string;
  arrow: string;
  left: string;
  right: string;
  up: string;
  upDown: string;
  ellipsis: string;
  spinner: readonly string[];
}

const UNICODE: Glyphs = {
  pointer: '❯',
  reached: '✗',
  held: '✓',
  tight: '!',
  unproven: '?',
  done: '✓',
  on: '◼',
  off: '◻',
  rule: '─',
  dot: '·',
  entry: '·',
  arrow: '→',
  left: '←',
  right: '→',
  up: '↑',
  upDown: '↑↓',
  ellipsis: '…',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};

const ASCII: Glyphs = {
  pointer: '>',
  reached: 'x',
  held: '+',
  tight: '!',
  unproven: '?',
  done: '+',
  on: '[x]',
  off: '[ ]',
  rule: '-',
  dot: '|',
  entry: '-',
  arrow: '->',
  left: 'left',
  right: 'right',
  up: 'up',
  upDown: 'up/down',
  ellipsis: '...',
  spinner: ['|', '/', '-', '\\'],
};

export interface Theme {
  looks: Readonly<Record<Tone, Look>>;
  glyphs: Glyphs;
  /** Whether looks show at all; without, a cursor needs a character. */
  colored: boolean;
  screenReader: boolean;
}

export interface ThemeOptions {
  color: boolean;
  unicode: boolean;
  screenReader: boolean;
  /** The terminal's `COLORFGBG`, from which a light background can be told. */
  colorFgBg?: string | undefined;
}

/**
 * Colours are the terminal's own sixteen, so that its theme decides the shade. Without colour nothing is lost: every
 * meaning that a colour carries is also a glyph or a word.
 */
export function createTheme({ color, unicode, screenReader, colorFgBg }: ThemeOptions): Theme {
  const light = isLightBackground(colorFgBg);
  const colored = (look: Look): Look => (color ? look : {});
  return {
    looks: {
      plain: {},
      strong: colored({ bold: true }),
      quiet: colored({ dimColor: true }),
      accent: colored({ color: light ? 'blue' : 'cyan' }),
      bad: colored({ color: 'red' }),
      good: colored({ color: 'green' }),
      warn: colored({ color: light ? 'magenta' : 'yellow' }),
    },
    glyphs: unicode && !screenReader ? UNICODE : ASCII,
    colored: color,
    screenReader,
  };
}
