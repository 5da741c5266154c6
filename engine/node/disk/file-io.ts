import { fdatasync, read, write, writev } from "node:fs";
import { promisify } from "node:util";

/** Reads and writes of one open file that transfer all that was asked for, or reject with the system's error. */
export interface FileIo {
  /** Fills `into`. */
  read(offsetBytes: number, into: Uint8Array): Promise<void>;
  write(offsetBytes: number, data: Uint8Array): Promise<void>;
  writeZeros(offsetBytes: number, lengthBytes: number): Promise<void>;
  /** What completed before the call is on the device. */
  sync(): Promise<void>;
}

const readAsync = promisify(read);
const writeAsync = promisify(write);
const writevAsync = promisify(writev);
const syncAsync = promisify(fdatasync);
const ZEROS = new Uint8Array(256 * 1024);
const ZEROS_AT_ONCE = 16;

/** {@link FileIo} on the thread pool of Node.js. */
export function poolIo(fd: number): FileIo {
  return {
    async read(offsetBytes, into) {
      for (let done = 0; done < into.length; ) {
        const { bytesRead } = await readAsync(fd, into, done, into.length - done, offsetBytes + done);
        if (bytesRead === 0) throw new Error(`the file ends at byte ${offsetBytes + done}`);
        done += bytesRead;
      }
    },

    async write(offsetBytes, data) {
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await writeAsync(fd, data, done, data.length - done, offsetBytes + done);
        if (bytesWritten === 0) throw new Error(`nothing was written at byte ${offsetBytes + done}`);
        done += bytesWritten;
      }
    },

    async writeZeros(offsetBytes, lengthBytes) {
      for (let done = 0; done < lengthBytes; ) {
        const zeros: Uint8Array[] = [];
        for (let at = done; at < lengthBytes && zeros.length < ZEROS_AT_ONCE; at += ZEROS.length)
          zeros.push(lengthBytes - at < ZEROS.length ? ZEROS.subarray(0, lengthBytes - at) : ZEROS);
        const { bytesWritten } = await writevAsync(fd, zeros, offsetBytes + done);
        if (bytesWritten === 0) throw new Error(`nothing was written at byte ${offsetBytes + done}`);
        done += bytesWritten;
      }
    },

    sync: () => syncAsync(fd),
  };
}
