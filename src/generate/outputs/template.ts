import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package.ts';

/** How the hooks and CI ask gitleaks. */
export const gitleaksOver = (): string => template('githooks/gitleaks', {}).trimEnd();

/** A file of `templates/`, with each `@@NAME@@` replaced by a text that the caller has encoded for that format. */
export function template(path: string, values: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(packageRoot, 'templates', path), 'utf8');
  return text.replace(/@@([A-Z]+)@@/g, (_all, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`templates/${path} asks for ${name}, which nobody gives`);
    return value;
  });
}
