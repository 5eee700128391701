export function forbiddenImports(file: string, text: string): string[];
