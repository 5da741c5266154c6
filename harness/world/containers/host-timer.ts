import type { HostRequestKind, HostStation } from "../run-world.ts";

/** A host that is a part of the harness: its requests leave at once, and nothing counts them. */
export class HostTimer implements HostStation {
  readonly #sleep: (delayNs: number) => Promise<void>;

  constructor(sleep: (delayNs: number) => Promise<void>) {
    this.#sleep = sleep;
  }

  sleep(delayNs: number): Promise<void> {
    return this.#sleep(delayNs);
  }

  send(_kind: HostRequestKind, _offsetBytes: number, _lengthBytes: number, body: () => void): void {
    body();
  }

  ended(): void {}
}
