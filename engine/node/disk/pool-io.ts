import { fdatasync, read, write, writev } from "node:fs";
import { promisify } from "node:util";
import type { FileIo } from "./file-io.ts";

const readAsync = promisify(read);
const writeAsync = promisify(write);
const writevAsync = promisify(writev);
const syncAsync = promisify(fdatasync);

/** The part of a {@link FileIo} that needs no zeros, on the thread pool of Node.js: no copies, some 14 µs a request. */
export class PoolIo implements Omit<FileIo, "writeZeros"> {
  readonly #fd: number;
  readonly #atOnce: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param atOnce requests that are with the pool at a time; the others wait here, in order */
  constructor(fd: number, atOnce: number) {
    this.#fd = fd;
    this.#atOnce = atOnce;
  }

  read(offsetBytes: number, into: Uint8Array): Promise<void> {
    return this.#run(async () => {
      for (let done = 0; done < into.length; ) {
        const { bytesRead } = await readAsync(this.#fd, into, done, into.length - done, offsetBytes + done);
        if (bytesRead === 0) throw new Error(`the file ends at byte ${offsetBytes + done}`);
        done += bytesRead;
      }
    });
  }

  write(offsetBytes: number, data: Uint8Array): Promise<void> {
    return this.#run(async () => {
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await writeAsync(this.#fd, data, done, data.length - done, offsetBytes + done);
        if (bytesWritten === 0) throw new Error(`nothing was written at byte ${offsetBytes + done}`);
        done += bytesWritten;
      }
    });
  }

  /** Writes these one behind the other. */
  writeRow(offsetBytes: number, row: readonly Uint8Array[]): Promise<void> {
    return this.#run(async () => {
      for (let left = row, at = offsetBytes; left.length > 0; ) {
        const { bytesWritten } = await writevAsync(this.#fd, left, at);
        if (bytesWritten === 0) throw new Error(`nothing was written at byte ${at}`);
        at += bytesWritten;
        left = without(left, bytesWritten);
      }
    });
  }

  sync(): Promise<void> {
    return this.#run(() => syncAsync(this.#fd));
  }

  async #run(work: () => Promise<void>): Promise<void> {
    if (this.#running === this.#atOnce)
      // Whoever ends hands its place on.
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    else this.#running++;
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

/** What is left of a row when so many bytes of it are done. */
function without(row: readonly Uint8Array[], doneBytes: number): readonly Uint8Array[] {
  let left = doneBytes;
  for (const [index, part] of row.entries()) {
    if (left < part.length) return [part.subarray(left), ...row.slice(index + 1)];
    left -= part.length;
  }
  return [];
}
