/** Makes hosts wait while it is being settled who may write, or what is to be before all that they ask for later. */
export class HostHold {
  readonly #holds = new Set<Promise<void>>();

  /** What hosts wait for; `undefined` for nothing. */
  get holding(): Promise<void> | undefined {
    for (const hold of this.#holds) return hold;
    return undefined;
  }

  /** @returns ends this hold; hosts go on when all have ended */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#holds.add(promise);
    return () => {
      this.#holds.delete(promise);
      resolve();
    };
  }
}
