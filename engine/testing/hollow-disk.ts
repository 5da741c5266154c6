import type { Disk } from "../ports/index.ts";

/**
 * A disk too large for a test: keeps what lies in its first `keptBytes`, the tables, and reads zeros
 * elsewhere.
 */
export class HollowDisk implements Disk {
  readonly sizeBytes: number;
  readonly #kept: Uint8Array;
  readonly #zeros = new Uint8Array(1024 * 1024);
  /** What a read waits for. */
  beforeRead: (offsetBytes: number, lengthBytes: number) => Promise<void> | undefined = () => undefined;

  constructor(sizeBytes: number, keptBytes = 0) {
    this.sizeBytes = sizeBytes;
    this.#kept = new Uint8Array(keptBytes);
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const wait = this.beforeRead(offsetBytes, lengthBytes);
    if (wait !== undefined) await wait;
    const kept = this.#kept.slice(offsetBytes, offsetBytes + lengthBytes);
    if (kept.length === lengthBytes) return kept;
    if (kept.length === 0) return this.#zeros.subarray(0, lengthBytes);
    const data = new Uint8Array(lengthBytes);
    data.set(kept);
    return data;
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    this.#kept.set(
      data.subarray(0, Math.max(0, this.#kept.length - offsetBytes)),
      Math.min(offsetBytes, this.#kept.length),
    );
  }

  async flush(): Promise<void> {}

  async trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#kept.fill(0, offsetBytes, offsetBytes + lengthBytes);
  }
}
