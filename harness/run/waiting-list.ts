/** What a run waits for: the answer to "why did it not end?". */
export class WaitingList {
  readonly #open = new Set<{ readonly what: string; readonly hostOf: string | undefined }>();
  #begunCount = 0;

  /** How often something was waited for so far. */
  get begunCount(): number {
    return this.#begunCount;
  }

  /** Lists `what` until `promise` settles. @param hostOf the volume whose host waits, if it is a host */
  async during<T>(what: string, promise: Promise<T>, hostOf?: string): Promise<T> {
    const entry = { what, hostOf };
    this.#begunCount++;
    this.#open.add(entry);
    try {
      return await promise;
    } finally {
      this.#open.delete(entry);
    }
  }

  /** The volumes whose hosts wait; none if anything else is waited for, too. */
  hostsAlone(): readonly string[] {
    const volumes = [...this.#open].map(({ hostOf }) => hostOf);
    return volumes.every((volume) => volume !== undefined) ? volumes : [];
  }

  /** At most eight, longest waiting first; `nothing` if none. */
  describe(): string {
    const all = [...this.#open].map(({ what }) => what);
    if (all.length === 0) return "nothing";
    return all.slice(0, 8).join("; ") + (all.length > 8 ? `; and ${all.length - 8} more` : "");
  }
}
