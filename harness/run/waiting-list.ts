/** What a run waits for: the answer to "why did it not end?". */
export class WaitingList {
  readonly #open = new Set<{ readonly what: string; readonly on: string | undefined }>();
  #begunCount = 0;

  /** How often something was waited for so far. */
  get begunCount(): number {
    return this.#begunCount;
  }

  /** Lists `what` until `promise` settles. @param on the system, if one is waited for: a host for an answer, or an operator for its start */
  async during<T>(what: string, promise: Promise<T>, on?: string): Promise<T> {
    const entry = { what, on };
    this.#begunCount++;
    this.#open.add(entry);
    try {
      return await promise;
    } finally {
      this.#open.delete(entry);
    }
  }

  /** The systems that are waited for; none if anything else is waited for, too. */
  systemsAlone(): readonly string[] {
    const systems = [...this.#open].map(({ on }) => on);
    return systems.every((system) => system !== undefined) ? systems : [];
  }

  /** At most eight, longest waiting first; `nothing` if none. */
  describe(): string {
    const all = [...this.#open].map(({ what }) => what);
    if (all.length === 0) return "nothing";
    return all.slice(0, 8).join("; ") + (all.length > 8 ? `; and ${all.length - 8} more` : "");
  }
}
