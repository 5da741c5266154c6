/**
 * One storage device, as much of it as the engine may know (rule 1).
 *
 * **Durability.** A completed `write` or `trim` is visible to later reads and *volatile*: a power
 * loss may keep it or lose it, sector by sector, in any order. `flush` makes durable every write
 * and trim that had completed when `flush` was called. A write with `fua` is durable when it
 * completes; it says nothing of other writes.
 *
 * **Death of the program.** A program that is killed leaves what completed as it is: visible to the next one, and volatile where it was. A
 * request in flight then has happened, or not, or in part; a `fua` write perhaps without being durable. Whoever starts flushes before
 * it relies on what it reads.
 *
 * **Atomicity.** A sector (512 bytes) is wholly old or wholly new; a larger write is not. A write
 * that fails may have reached any of its sectors.
 *
 * **Order.** Two requests in flight at once on overlapping ranges have no order: the caller
 * serialises them. Requests complete in any order.
 *
 * **Buffers.** The disk is done with `data` when `write` settles, and with `into` when `read` does; until then the
 * caller leaves it alone. A buffer returned by `read` belongs to the caller, and is a plain Uint8Array: of a
 * subclass, as Buffer of Node.js is, `slice` may not copy.
 *
 * Every range is aligned to sectors and lies inside the device; anything else is a bug of the
 * caller and asserts. Trimmed sectors read as zeros.
 */
export interface Disk {
  readonly sizeBytes: number;
  /**
   * @param into memory of `lengthBytes` that a disk may use for what it returns, rather than new one; {@link readInto}
   * @throws DiskError EIO
   */
  read(offsetBytes: number, lengthBytes: number, into?: Uint8Array): Promise<Uint8Array>;
  /** @throws DiskError EIO, ENOSPC */
  write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void>;
  /**
   * As so many writes, each begun when the one before is through, but cheaper: at any moment those that had an effect
   * are the first ones, and perhaps a part of the next. Of a disk that has nothing better {@link writeInOrder} makes it.
   * @throws DiskError as of the write that failed; none after it was begun
   */
  writeInOrder?(writes: readonly DiskWrite[]): Promise<void>;
  /** @throws DiskError EIO: nothing is known of the writes since the last successful flush. */
  flush(): Promise<void>;
  /** @throws DiskError EIO */
  trim(offsetBytes: number, lengthBytes: number): Promise<void>;
}

export interface WriteOptions {
  /** Force unit access: durable on completion. */
  readonly fua?: boolean;
}

/** One of several writes. */
export interface DiskWrite {
  readonly offsetBytes: number;
  readonly data: Uint8Array;
}

/** {@link Disk.writeInOrder}, of any disk. */
export async function writeInOrder(disk: Disk, writes: readonly DiskWrite[]): Promise<void> {
  if (disk.writeInOrder !== undefined) return disk.writeInOrder(writes);
  for (const { offsetBytes, data } of writes) await disk.write(offsetBytes, data);
}

/** Fills `into`, from any disk. It must be left alone until this settles. @throws DiskError EIO */
export async function readInto(disk: Disk, offsetBytes: number, into: Uint8Array): Promise<void> {
  const bytes = await disk.read(offsetBytes, into.length, into);
  if (bytes !== into) into.set(bytes);
}

/** The unit that a disk writes atomically. */
export const SECTOR_BYTES = 512;

export type DiskErrorCode = "EIO" | "ENOSPC";

/** A request that the device refused. The sectors it covered may hold old or new content. */
export class DiskError extends Error {
  readonly code: DiskErrorCode;
  readonly offsetBytes: number;
  readonly lengthBytes: number;

  constructor(code: DiskErrorCode, offsetBytes: number, lengthBytes: number) {
    super(`${code} at byte ${offsetBytes}, ${lengthBytes} bytes`);
    this.name = "DiskError";
    this.code = code;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
  }
}
