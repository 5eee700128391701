/** What a try laid could not be taken back: it stays written down, and the next run tries again. */
export class StillThere extends Error {
  override toString(): string {
    return this.message;
  }
}
