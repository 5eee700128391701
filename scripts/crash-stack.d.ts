export function decode(line: string, mapOf?: (file: string) => unknown): string;
