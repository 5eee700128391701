import { useWindowSize } from 'ink';
import { usableColumns, usableRows } from '../layout.ts';

/** What a screen may fill, right now. */
export function useSize(): { width: number; height: number } {
  const { columns, rows } = useWindowSize();
  return { width: usableColumns(columns), height: usableRows(rows) };
}
