/** Words that change nothing of what `generate` says where it has nothing to do. */
const IDLE: readonly string[] = ['--quiet', '-q', '--no-color'];

/**
 * Whether these arguments ask for `generate` and nothing beside it that would change the answer, and the root that they
 * name. Undefined for everything else, bad input too. It knows less than `parseArguments`, and is loaded in no time.
 */
export function plainGenerate(args: readonly string[]): { root: string | undefined } | undefined {
  const [command, ...rest] = args;
  if (command !== 'generate') return undefined;
  let root: string | undefined;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] as string;
    if (IDLE.includes(word)) continue;
    const named =
      word === '--root' ? rest[++at] : word.startsWith('--root=') ? word.slice('--root='.length) : undefined;
    if (!named || named.startsWith('-') || root !== undefined) return undefined;
    root = named;
  }
  return { root };
}
