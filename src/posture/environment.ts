/** Words in names of hosts, files, databases and variables that tell the environment. Compared as whole words. */
const WORDS: readonly [environment: string, words: RegExp][] = [
  ['staging', /^(staging|stage|stg|preprod|preproduction|nonprod|uat|qa|preview|canary|beta)\d*$/],
  ['production', /^(production|prod|prd|live)\d*$/],
  ['test', /^(test|testing|tests|ci|e2e)\d*$/],
  ['development', /^(development|develop|dev|local|localhost|sandbox|docker)\d*$/],
];

/** The environment that a name speaks of (`db.prod-eu.example.com`, `PROD_DB_URL` → production), or undefined. */
export function environmentOf(name: string): string | undefined {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .replace(/\b(pre|non) prod(uction)?\b/g, 'staging')
    .split(' ');
  return WORDS.find(([, pattern]) => words.some(word => pattern.test(word)))?.[0];
}

/** Whether a path, or any of several names with blanks between them, says production. */
export function saysProduction(text: string): boolean {
  return text.split(/[\s/]+/).some(part => environmentOf(part) === 'production');
}
