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
