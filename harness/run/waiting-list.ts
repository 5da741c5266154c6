interface Waiting {
  readonly what: string;
  readonly on: string | undefined;
  readonly isMoment: boolean;
}

/** What a run waits for: the answer to "why did it not end?". */
export class WaitingList {
  readonly #open = new Set<Waiting>();
  #begunCount = 0;

  /** How often something was waited for so far. */
  get begunCount(): number {
    return this.#begunCount;
  }

  /** Lists `what` until `promise` settles. @param on the system, if one is waited for: a host for an answer, or an operator for its start */
  during<T>(what: string, promise: Promise<T>, on?: string): Promise<T> {
    return this.#list({ what, on, isMoment: false }, promise);
  }

  /** The same of a moment, which what else is waited for is to bring about. */
  duringMoment<T>(what: string, promise: Promise<T>): Promise<T> {
    return this.#list({ what, on: undefined, isMoment: true }, promise);
  }

  async #list<T>(entry: Waiting, promise: Promise<T>): Promise<T> {
    this.#begunCount++;
    this.#open.add(entry);
    try {
      return await promise;
    } finally {
      this.#open.delete(entry);
    }
  }

  /** The systems that are waited for; none if anything else is waited for, too, but for moments. */
  systemsAlone(): readonly string[] {
    const systems = [...this.#open].filter(({ isMoment }) => !isMoment).map(({ on }) => on);
    return systems.every((system) => system !== undefined) ? systems : [];
  }

  /** At most eight, longest waiting first; `nothing` if none. */
  describe(): string {
    const all = [...this.#open].map(({ what }) => what);
    if (all.length === 0) return "nothing";
    return all.slice(0, 8).join("; ") + (all.length > 8 ? `; and ${all.length - 8} more` : "");
  }
}
