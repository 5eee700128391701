/** How long tidying up may take after a signal, in milliseconds, where nothing has asked for more. */
const GRACE = 5_000;
/** How often it is looked whether what asked for more is gone. */
const LOOK = 250;

const open = new Set<{ what: string; limit: number }>();

/**
 * Says that there is something which a killed run would leave for good, and how many milliseconds taking it back may
 * need. Gives what says that it is gone.
 */
export function needsTime(what: string, limit: number): () => void {
  const one = { what, limit };
  open.add(one);
  return () => void open.delete(one);
}

const told = new Set<unknown>();

/**
 * Calls `then` once tidying up has had its time: while something has asked for more, as long as that, which is told once
 * in a line, and the usual time for everything else. Gives what calls it off.
 */
export function afterGrace(tell: (line: string) => void, then: () => void): () => void {
  let [asked, plain] = [0, 0];
  const timer = setInterval(() => {
    const waiting = [...open].filter(({ limit }) => asked < limit);
    if (waiting.length > 0) asked += LOOK;
    else plain += LOOK;
    if (asked >= GRACE)
      for (const one of waiting.filter(each => !told.has(each))) {
        told.add(one);
        tell(`${one.what}: still being taken back, which may take up to ${Math.round(one.limit / 1000)} s`);
      }
    if (plain < GRACE) return;
    clearInterval(timer);
    then();
  }, LOOK);
  return () => clearInterval(timer);
}
