/** Of paths, folders written with a trailing `/`, those that lie in none of the others. Order is kept. */
export function outermost(paths: readonly string[]): string[] {
  const unique = [...new Set(paths)];
  return unique.filter(path => !unique.some(other => other !== path && other.endsWith('/') && path.startsWith(other)));
}
