/** Durations as the posture writes them: `30m`, `8h`, `30d`. */
export const DURATION_PATTERN = /^([1-9]\d{0,5})(s|m|h|d)$/;
/** Sizes, decimal: `10kB`, `50MB`. */
export const SIZE_PATTERN = /^([1-9]\d{0,8})(B|kB|MB|GB)$/;

/** Milliseconds as `0.4 s`, `2.4 s`, `3 min`. */
export function formatDuration(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

/** How long ago, in the words of the screen: `just now`, `5 min ago`, `2 h ago`, `3 d ago`. */
export function ago(then: Date, now = new Date()): string {
  const minutes = Math.floor((now.getTime() - then.getTime()) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} d ago`;
}

/** Bytes as a person reads them: `820 B`, `4.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  // Rounded up, 999,950 bytes are no 1000 kB.
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
