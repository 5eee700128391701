/** Words in names of hosts, files, databases and variables that tell the environment. Compared as whole words. */
const WORDS: readonly [environment: string, words: RegExp][] = [
  ['staging', /^(staging|stage|stg|preprod|preproduction|nonprod|uat|qa|preview|canary|beta)\d*$/],
  ['production', /^(production|prod|prd|live)\d*$/],
  ['test', /^(test|testing|tests|ci|e2e)\d*$/],
  ['development', /^(development|develop|dev|local|localhost|sandbox|docker)\d*$/],
];

/** The environment that a name speaks of (`db.prod-eu.example.com` → production), or undefined. */
export function environmentOf(name: string): string | undefined {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/\b(pre|non)[-_.]?prod(uction)?\b/g, 'staging')
    .split(/[^a-z0-9]+/);
  return WORDS.find(([, pattern]) => words.some(word => pattern.test(word)))?.[0];
}

/** Whether a host is this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|0\.0\.0\.0|host\.docker\.internal)$/i.test(host);
}
