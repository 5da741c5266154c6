import type { DiskWrite } from "../../ports/index.ts";
import type { FileIo } from "./file-io.ts";
import { Lane, SLOT_BYTES } from "./lane.ts";
import { PoolIo } from "./pool-io.ts";
import type { ThreadShare } from "./thread-shares.ts";

/**
 * How the requests of one file are carried out, so that a disk that hangs holds up nobody else.
 *
 * Every disk has a thread of its own ({@link Lane}). Besides it has a share of the thread pool of Node.js,
 * as long as there are enough threads for all (`takeThreads`), and never more than
 * its share is busy; without one the thread of its own does everything. What goes where is by measure, in
 * microseconds of processor a request, on a file in memory:
 *
 * | | 4 KiB written | 64 KiB | 256 KiB |
 * |---|---|---|---|
 * | blocking the main thread: the floor | 5 | | 51 to 55 |
 * | pool | 14 | 21 | 54 to 66 |
 * | own thread, one copy | 9 | 31 | 118 to 122 |
 *
 * So small writes go to the own thread and large ones to the pool. Reads go to the pool: a device serves
 * several at a time faster than one after the other. A flush does too, so that writes go on meanwhile.
 */
export class DiskIo implements FileIo {
  readonly #lane: Lane;
  readonly #share: ThreadShare | undefined;
  readonly #pool: PoolIo | undefined;

  /** @param share of the thread pool; it is given back at the end */
  constructor(fd: number, share: ThreadShare | undefined) {
    this.#lane = new Lane(fd);
    this.#share = share;
    this.#pool = share && new PoolIo(fd, share.threads);
  }

  read(offsetBytes: number, into: Uint8Array): Promise<void> {
    return (this.#pool ?? this.#lane).read(offsetBytes, into);
  }

  write(offsetBytes: number, data: Uint8Array): Promise<void> {
    const io = data.length > SLOT_BYTES && this.#pool !== undefined ? this.#pool : this.#lane;
    return io.write(offsetBytes, data);
  }

  /** As `Disk.writeInOrder`: small ones go to the own thread, which keeps their order, and large neighbours go as one. */
  async writeInOrder(writes: readonly DiskWrite[]): Promise<void> {
    for (let at = 0; at < writes.length; ) {
      const first = writes[at] as DiskWrite;
      const isLarge = first.data.length > SLOT_BYTES;
      let end = at + 1;
      let endBytes = first.offsetBytes + first.data.length;
      for (; end < writes.length; end++) {
        const { offsetBytes, data } = writes[end] as DiskWrite;
        if (data.length > SLOT_BYTES !== isLarge || (isLarge && offsetBytes !== endBytes)) break;
        endBytes = offsetBytes + data.length;
      }
      const row = at === 0 && end === writes.length ? writes : writes.slice(at, end);
      at = end;
      if (!isLarge) await this.#lane.writeInOrder(row);
      else if (row.length === 1 || this.#pool === undefined)
        for (const { offsetBytes, data } of row) await this.write(offsetBytes, data);
      else
        await this.#pool.writeRow(
          first.offsetBytes,
          row.map(({ data }) => data),
        );
    }
  }

  writeZeros(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#lane.writeZeros(offsetBytes, lengthBytes);
  }

  sync(): Promise<void> {
    return (this.#pool ?? this.#lane).sync();
  }

  /** Nothing may be in flight. */
  async close(): Promise<void> {
    this.#share?.release();
    await this.#lane.close();
  }
}
