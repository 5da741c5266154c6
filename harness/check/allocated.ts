import type { ByteRange } from "../world/run-world.ts";
import type { CheckedDisk } from "./checker.ts";

/** Where a disk may hold anything but zeros, as of one moment. */
export class Allocated {
  readonly #ranges: readonly ByteRange[];

  constructor(disk: Pick<CheckedDisk, "sizeBytes" | "allocatedRanges">) {
    this.#ranges = [...(disk.allocatedRanges?.() ?? [{ offsetBytes: 0, lengthBytes: disk.sizeBytes }])];
  }

  /** False if the range is all zeros. */
  meets(offsetBytes: number, lengthBytes: number): boolean {
    // The first that ends behind the begin.
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const range = this.#ranges[middle] as ByteRange;
      if (range.offsetBytes + range.lengthBytes <= offsetBytes) low = middle + 1;
      else high = middle;
    }
    const range = this.#ranges[low];
    return range !== undefined && range.offsetBytes < offsetBytes + lengthBytes;
  }
}
