import type { Disk, WriteOptions } from "../../../../engine/ports/index.ts";
import type { RequestKind } from "./request.ts";

/** What a request of the port becomes: `buffer` is what a write brings, or `into` of a read. Settles with the bytes of a read. */
type Submit = (
  kind: RequestKind,
  offsetBytes: number,
  lengthBytes: number,
  buffer: Uint8Array | undefined,
  fua: boolean,
) => Promise<unknown>;

/** The Disk port, as one process sees a disk. */
export class OpenDisk implements Disk {
  readonly sizeBytes: number;
  readonly #submit: Submit;

  constructor(sizeBytes: number, submit: Submit) {
    this.sizeBytes = sizeBytes;
    this.#submit = submit;
  }

  read(offsetBytes: number, lengthBytes: number, into?: Uint8Array): Promise<Uint8Array> {
    return this.#submit("read", offsetBytes, lengthBytes, into, false) as Promise<Uint8Array>;
  }

  write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.#submit("write", offsetBytes, data.length, data, options?.fua === true) as Promise<void>;
  }

  flush(): Promise<void> {
    return this.#submit("flush", 0, 0, undefined, false) as Promise<void>;
  }

  trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#submit("trim", offsetBytes, lengthBytes, undefined, false) as Promise<void>;
  }
}
