/** A volume of 1 TiB takes a MiB to remember. */
const STRETCH_BYTES = 1024 * 1024;

/**
 * The stretches of a new file that nobody has written to: they hold zeros, so nobody need read them or write zeros
 * there. To read them would fill the page cache with zeros in large pieces, and ext4 goes through the whole
 * of such a piece at each small write into it: 47 µs of processor in place of 5 for 4 KiB.
 */
export class Untouched {
  readonly #touched: Uint8Array;

  constructor(sizeBytes: number) {
    this.#touched = new Uint8Array(Math.ceil(sizeBytes / STRETCH_BYTES));
  }

  /** Something is about to be written there. */
  touch(offsetBytes: number, lengthBytes: number): void {
    this.#touched.fill(1, ...stretches(offsetBytes, lengthBytes));
  }

  /** Whether all of the range is untouched. */
  has(offsetBytes: number, lengthBytes: number): boolean {
    const [first, end] = stretches(offsetBytes, lengthBytes);
    const touched = this.#touched.indexOf(1, first);
    return touched < 0 || touched >= end;
  }
}

function stretches(offsetBytes: number, lengthBytes: number): [first: number, end: number] {
  return [Math.floor(offsetBytes / STRETCH_BYTES), Math.ceil((offsetBytes + lengthBytes) / STRETCH_BYTES)];
}
