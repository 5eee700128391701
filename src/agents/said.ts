/** Longer ones are what an agent reports of its work, in JSON, and hold whatever it read. */
const LINE = 2_000;

/** The first line of an agent's output that says something of the kind. */
export function lineSaying(output: string, what: RegExp): string | undefined {
  return output
    .split('\n')
    .find(line => line.length < LINE && what.test(line))
    ?.trim();
}
