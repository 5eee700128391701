/**
 * As Promise.all, but it also waits for the others where one fails, so that nothing of them goes on behind what comes
 * next. The failure that came first in the list is thrown.
 */
export async function allEnded<T>(work: Iterable<Promise<T>>): Promise<T[]> {
  const ended = await Promise.allSettled(work);
  return ended.map(one => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

/** Does `work` for each, so many at once, until `signal` says to stop. Where one fails, what has begun is waited for. */
export async function someAtOnce<T>(
  list: readonly T[],
  many: number,
  work: (each: T) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const waiting = list.values();
  const worker = async () => {
    for (const each of waiting) {
      if (signal?.aborted) return;
      await work(each);
    }
  };
  await allEnded(Array.from({ length: many }, worker));
}

/** As Promise.all, with a name for each. */
export async function allNamed<T extends Readonly<Record<string, unknown>>>(
  work: T,
): Promise<{ [name in keyof T]: Awaited<T[name]> }> {
  const pairs = await Promise.all(Object.entries(work).map(async ([name, one]) => [name, await one] as const));
  return Object.fromEntries(pairs) as { [name in keyof T]: Awaited<T[name]> };
}
