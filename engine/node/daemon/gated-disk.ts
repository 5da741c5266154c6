import { type Disk, type DiskWrite, writeInOrder, type WriteOptions } from "../../ports/index.ts";
import type { ClosableDisk } from "../disk/file-disk.ts";

/**
 * A disk that can be taken away from an engine that still runs. What is asked of it afterwards never settles, as
 * after a loss of power; so whatever was acknowledged before is what is on the disk.
 */
export class GatedDisk implements Disk {
  readonly #disk: ClosableDisk;
  #shut = false;

  constructor(disk: ClosableDisk) {
    this.#disk = disk;
  }

  get sizeBytes(): number {
    return this.#disk.sizeBytes;
  }

  read(offsetBytes: number, lengthBytes: number, into?: Uint8Array): Promise<Uint8Array> {
    return this.#shut ? never() : this.#disk.read(offsetBytes, lengthBytes, into);
  }

  write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.#shut ? never() : this.#disk.write(offsetBytes, data, options);
  }

  writeInOrder(writes: readonly DiskWrite[]): Promise<void> {
    return this.#shut ? never() : writeInOrder(this.#disk, writes);
  }

  flush(): Promise<void> {
    return this.#shut ? never() : this.#disk.flush();
  }

  trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#shut ? never() : this.#disk.trim(offsetBytes, lengthBytes);
  }

  /** Settles when what was asked before has ended and the disk is closed. */
  shut(): Promise<void> {
    this.#shut = true;
    return this.#disk.close();
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
