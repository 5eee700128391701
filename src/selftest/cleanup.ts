/** Everything that has to be ended or taken away, whatever happens. */
export class Cleanup {
  private readonly work: (() => unknown)[] = [];
  private readonly lasts: (() => unknown)[] = [];
  private readonly begun: Promise<unknown>[] = [];
  private done = false;
  /** What comes up after the end is ended at once. */
  add(work: () => unknown): void {
    if (this.done) this.begun.push((async () => work())());
    else this.work.push(work);
  }
  /** What must not go before everything else has ended: where decoys lie, and what says which are outstanding. */
  last(work: () => unknown): void {
    this.lasts.push(work);
  }
  /** What was begun and is waited for later: where the run ends before, it fails unheard, and is waited for at the end. */
  begin<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    this.begun.push(work);
    return work;
  }
  async run(): Promise<void> {
    this.done = true;
    await Promise.allSettled(this.work.reverse().map(async work => work()));
    while (this.begun.length > 0) await Promise.allSettled(this.begun.splice(0));
    for (const work of this.lasts.reverse()) await Promise.allSettled([(async () => work())()]);
  }
}

export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return work => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}
