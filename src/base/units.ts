const DURATION = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 } as const;

export const DURATION_PATTERN = /^([1-9]\d{0,5})(s|m|h|d)$/;
export const SIZE_PATTERN = /^([1-9]\d{0,8})(B|kB|MB|GB)$/;

/** `30m`, `8h`, `30d` → milliseconds; undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION_PATTERN.exec(text);
  return match ? Number(match[1]) * DURATION[match[2] as keyof typeof DURATION] : undefined;
}

/** `10kB`, `50MB` → bytes (decimal); undefined when it is not a size. */
export function parseSize(text: string): number | undefined {
  const match = SIZE_PATTERN.exec(text);
  return match ? Number(match[1]) * SIZE[match[2] as keyof typeof SIZE] : undefined;
}

/** Milliseconds as `0.4 s`, `2.4 s`, `3 min`. */
export function formatDuration(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

/** A size rounded so far that nothing can be told from it: `<1kB`, `<10kB`, `<100kB`, `>=100kB`. */
export function roundedSize(bytes: number): string {
  for (const [limit, text] of [
    [1e3, '<1kB'],
    [1e4, '<10kB'],
    [1e5, '<100kB'],
  ] as const)
    if (bytes < limit) return text;
  return '>=100kB';
}

/** How long ago, in the words of the screen: `just now`, `5 min ago`, `2 h ago`, `3 d ago`. */
export function ago(then: Date, now = new Date()): string {
  const minutes = Math.floor((now.getTime() - then.getTime()) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} d ago`;
}
