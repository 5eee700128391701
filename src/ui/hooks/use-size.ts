import { useWindowSize } from 'ink';
import { readableColumns, usableColumns, usableRows } from '../layout.ts';

/** What a screen may fill right now, in cells and rows; `full` is the whole window's width. */
export function useSize(): { width: number; height: number; full: number } {
  const { columns, rows } = useWindowSize();
  return { width: readableColumns(columns), height: usableRows(rows), full: usableColumns(columns) };
}
