/** What a run waits for: the answer to "why did it not end?". */
export class WaitingList {
  readonly #open = new Set<{ readonly what: string }>();

  /** Lists `what` until `promise` settles. */
  async during<T>(what: string, promise: Promise<T>): Promise<T> {
    const entry = { what };
    this.#open.add(entry);
    try {
      return await promise;
    } finally {
      this.#open.delete(entry);
    }
  }

  /** At most eight, longest waiting first; `nothing` if none. */
  describe(): string {
    const all = [...this.#open].map(({ what }) => what);
    if (all.length === 0) return "nothing";
    return all.slice(0, 8).join("; ") + (all.length > 8 ? `; and ${all.length - 8} more` : "");
  }
}
