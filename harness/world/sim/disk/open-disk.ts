import type { Disk, WriteOptions } from "../../../../engine/ports/index.ts";
import type { RequestKind } from "./request.ts";

/** What a request of the port becomes: kind, offset and length in bytes, and what a write brings. */
export type Submission = readonly [
  kind: RequestKind,
  offsetBytes: number,
  lengthBytes: number,
  source?: Uint8Array,
  options?: WriteOptions,
];

/** The Disk port, as one process sees a disk. `submit` settles with the bytes of a read. */
export class OpenDisk implements Disk {
  readonly sizeBytes: number;
  readonly #submit: (...submission: Submission) => Promise<unknown>;

  constructor(sizeBytes: number, submit: (...submission: Submission) => Promise<unknown>) {
    this.sizeBytes = sizeBytes;
    this.#submit = submit;
  }

  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return this.#submit("read", offsetBytes, lengthBytes) as Promise<Uint8Array>;
  }

  write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.#submit("write", offsetBytes, data.length, data, options) as Promise<void>;
  }

  flush(): Promise<void> {
    return this.#submit("flush", 0, 0) as Promise<void>;
  }

  trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#submit("trim", offsetBytes, lengthBytes) as Promise<void>;
  }
}
