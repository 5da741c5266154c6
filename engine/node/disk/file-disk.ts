import { close } from "node:fs";
import { promisify } from "node:util";
import { assert } from "../../assert.ts";
import { type Disk, DiskError, type DiskWrite, SECTOR_BYTES, type WriteOptions } from "../../ports/index.ts";
import { ownBytes } from "../plain-bytes.ts";
import { systemCode } from "../setup-error.ts";
import { DiskIo } from "./disk-io.ts";
import { openExclusive } from "./open-exclusive.ts";
import { HOLE_BYTES_MIN, punchHole } from "./punch-hole.ts";
import { takeThreads, type ThreadShare } from "./thread-shares.ts";
import { Untouched } from "./untouched.ts";

/** A disk that somebody opened and has to close. */
export interface ClosableDisk extends Disk {
  /**
   * Settles when every request has ended and nobody holds the device any more. It flushes nothing: what
   * was not flushed is as volatile as before. Requests after it assert. Idempotent.
   */
  close(): Promise<void>;
}

export interface FileDiskOptions {
  /** A regular file, or a block device. */
  readonly path: string;
  /** Whole sectors. A file has exactly this size; a device may be larger. */
  readonly sizeBytes: number;
  /** Makes the file if there is none, filled with zeros that take no room. */
  readonly create?: boolean;
}

/**
 * Opens one file or block device as a disk that no other program uses meanwhile.
 *
 * @param share where it gets threads of the pool from, see `DiskIo`
 * @throws SetupError DISK_MISSING, DISK_UNUSABLE, DISK_SIZE, DISK_IN_USE, DISK_LOCK_FAILED
 */
export async function openFileDisk(
  options: FileDiskOptions,
  share: () => ThreadShare | undefined = takeThreads,
): Promise<ClosableDisk> {
  const { sizeBytes } = options;
  assert(sizeBytes > 0 && sizeBytes % SECTOR_BYTES === 0, `a disk of ${sizeBytes} bytes`);
  const { fd, isNew } = await openExclusive(options);
  return new FileDisk(fd, sizeBytes, new DiskIo(fd, share()), isNew ? new Untouched(sizeBytes) : undefined);
}

const closeAsync = promisify(close);

/**
 * A {@link Disk} in one file. A completed write is in the page cache, which the file's other readers
 * see and a power loss forgets; `flush` is fdatasync, and force unit access a write with one after it.
 *
 * **A failed fdatasync is the end.** Linux reports lost pages once and then counts them as clean, so the
 * next one would succeed without them. From the first failure on every request is refused with EIO.
 *
 * **Trim** gives room back from 4 MiB on, where the file system can ({@link punchHole}); else it writes zeros. Either
 * way the range reads as zeros when it completes, and after a power loss once it was flushed.
 *
 * **A new file** is not read, and no zeros are written to it, where nobody wrote before ({@link Untouched}).
 */
class FileDisk implements ClosableDisk {
  readonly sizeBytes: number;
  readonly #fd: number;
  readonly #io: DiskIo;
  readonly #untouched: Untouched | undefined;
  #failed = false;
  #closing: Promise<void> | undefined;
  #punches: Promise<boolean> = Promise.resolve(true);
  #inFlight = 0;
  #onIdle: (() => void) | undefined;
  /** The fdatasync under way, and the one after it, which serves all who ask meanwhile. */
  #syncing: Promise<void> | undefined;
  #nextSync: Promise<void> | undefined;

  constructor(fd: number, sizeBytes: number, io: DiskIo, untouched: Untouched | undefined) {
    this.#untouched = untouched;
    this.#fd = fd;
    this.sizeBytes = sizeBytes;
    this.#io = io;
  }

  async read(offsetBytes: number, lengthBytes: number, into = ownBytes(lengthBytes)): Promise<Uint8Array> {
    assert(into.length === this.#checked(offsetBytes, lengthBytes), "what is read fills the memory that is given");
    await this.#request(offsetBytes, lengthBytes, async () => {
      if (this.#untouched?.has(offsetBytes, lengthBytes) === true) into.fill(0);
      else await this.#io.read(offsetBytes, into);
    });
    return into;
  }

  write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void> {
    this.#checked(offsetBytes, data.length);
    this.#untouched?.touch(offsetBytes, data.length);
    const work = (): Promise<void> => {
      const written = this.#io.write(offsetBytes, data);
      return options?.fua === true ? written.then(() => this.#sync()) : written;
    };
    return this.#request(offsetBytes, data.length, work, true);
  }

  writeInOrder(writes: readonly DiskWrite[]): Promise<void> {
    let bytes = 0;
    for (const { offsetBytes, data } of writes) {
      bytes += this.#checked(offsetBytes, data.length);
      this.#untouched?.touch(offsetBytes, data.length);
    }
    return this.#request(writes[0]?.offsetBytes ?? 0, bytes, () => this.#io.writeInOrder(writes), true);
  }

  async trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#checked(offsetBytes, lengthBytes);
    await this.#request(offsetBytes, lengthBytes, async () => {
      if (this.#untouched?.has(offsetBytes, lengthBytes) === true) return;
      if (lengthBytes >= HOLE_BYTES_MIN && (await this.#punch(offsetBytes, lengthBytes))) return;
      await this.#io.writeZeros(offsetBytes, lengthBytes);
    });
  }

  /** One process at a time; after one that failed there is no other. */
  #punch(offsetBytes: number, lengthBytes: number): Promise<boolean> {
    this.#punches = this.#punches.then((canPunch) => canPunch && punchHole(this.#fd, offsetBytes, lengthBytes));
    return this.#punches;
  }

  async flush(): Promise<void> {
    await this.#request(0, this.sizeBytes, () => this.#sync());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.#io.close();
    await closeAsync(this.#fd);
  }

  /** One fdatasync at a time; whoever asks while one runs shares the next, which begins after they asked. */
  #sync(): Promise<void> {
    if (this.#syncing === undefined) return this.#startSync();
    this.#nextSync ??= this.#syncing.then(
      () => this.#startSync(),
      () => this.#startSync(),
    );
    return this.#nextSync;
  }

  #startSync(): Promise<void> {
    this.#nextSync = undefined;
    this.#syncing = this.#syncNow().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  async #syncNow(): Promise<void> {
    if (this.#failed) throw new Error("an earlier flush failed");
    try {
      await this.#io.sync();
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  #checked(offsetBytes: number, lengthBytes: number): number {
    const place = `byte ${offsetBytes}, ${lengthBytes} bytes`;
    assert(Number.isSafeInteger(offsetBytes) && Number.isSafeInteger(lengthBytes), `a request at ${place}`);
    assert(offsetBytes >= 0 && lengthBytes >= 0, `a request at ${place}`);
    assert(offsetBytes % SECTOR_BYTES === 0 && lengthBytes % SECTOR_BYTES === 0, `an unaligned request at ${place}`);
    assert(offsetBytes + lengthBytes <= this.sizeBytes, `a request at ${place} of a disk of ${this.sizeBytes} bytes`);
    return lengthBytes;
  }

  /** @param mayFill whether the request may say that there is no room; after a failed flush nothing is known */
  #request(offsetBytes: number, lengthBytes: number, work: () => Promise<void>, mayFill = false): Promise<void> {
    assert(this.#closing === undefined, "a request to a closed disk");
    if (this.#failed) return Promise.reject(new DiskError("EIO", offsetBytes, lengthBytes));
    this.#inFlight++;
    return work().then(this.#ended, (error: unknown) => {
      this.#ended();
      const code = mayFill && !this.#failed && NO_ROOM.has(systemCode(error)) ? "ENOSPC" : "EIO";
      throw new DiskError(code, offsetBytes, lengthBytes);
    });
  }

  readonly #ended = (): void => {
    if (--this.#inFlight === 0) this.#onIdle?.();
  };
}

const NO_ROOM: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
