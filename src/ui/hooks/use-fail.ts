import { useApp } from 'ink';

/** Ends the screen with an error, which its caller gets. */
export function useFail(): (error: unknown) => void {
  const { exit } = useApp();
  return error => exit(error instanceof Error ? error : new Error(String(error)));
}
