import { styleText } from 'node:util';
import type { Line } from './lines.ts';
import type { Look, Theme } from './theme.ts';

type Format = Parameters<typeof styleText>[0];

function formats(look: Look): Format {
  const list = [look.bold ? 'bold' : undefined, look.dimColor ? 'dim' : undefined, look.color].filter(Boolean);
  return list as unknown as Format;
}

/** Lines as text for a terminal, without Ink: what is said before it is loaded and after it is gone. */
export function paint(lines: readonly Line[], theme: Theme): string {
  const text = lines.map(parts =>
    parts
      .map(part => {
        const format = formats(theme.looks[part.tone ?? 'plain']);
        return (format as unknown[]).length === 0 ? part.text : styleText(format, part.text, { validateStream: false });
      })
      .join('')
      .trimEnd(),
  );
  return `${text.join('\n')}\n`;
}
