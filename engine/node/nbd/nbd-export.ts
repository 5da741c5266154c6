import type { NbdErrno } from "./protocol.ts";

/** A row of bytes with the same status. */
export interface NbdExtent {
  readonly lengthBytes: number;
  /** As the context defines them: `ALLOCATION` or `DIRTY` of `protocol.ts`. */
  readonly flags: number;
}

/** Something that can be asked of every byte of an export ("Metadata querying"). */
export interface NbdContext {
  /** `base:allocation`, or `qemu:dirty-bitmap:` and a name. */
  readonly name: string;
  /**
   * The extents from `offsetBytes` on, in order and without a gap: at least one, at most `countMax`.
   * They may end before the range does, or go beyond it. Lengths are multiples of 512.
   */
  extents(offsetBytes: number, lengthBytes: number, countMax: number): readonly NbdExtent[];
}

/**
 * One block device that clients can ask for by its name. The server checks ranges and access before
 * it calls: they are multiples of 512 bytes, at least one, inside the device, and none but `read`
 * and `flush` is called of a read-only one. Lengths are at most 32 MiB.
 *
 * Requests run at once; of two that overlap the order is the export's own affair. A refusal is any
 * error: `errnoOf` says which number the client is told.
 */
export interface NbdExport {
  /** At most 4096 bytes of UTF-8. */
  readonly name: string;
  /** For people. */
  readonly description?: string;
  /** A multiple of 512. Told to a client when it connects. */
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  /** Whether a flush, or a write with FUA, of one connection speaks for all that any of them completed. */
  readonly canMultiConn: boolean;
  /** Whether zeros are written faster than other data. */
  readonly hasFastZeroes: boolean;
  /** `base:allocation` counts as all data if it is not among them. */
  readonly contexts: readonly NbdContext[];
  /** The buffer is the server's from then on. */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /** Done with `data` when it settles: the server uses the buffer again. With FUA durable by then. */
  write(offsetBytes: number, data: Uint8Array, options: NbdWriteOptions): Promise<void>;
  /** Makes durable everything that had completed when it was called. */
  flush(): Promise<void>;
  /** Afterwards the range holds anything. */
  trim(offsetBytes: number, lengthBytes: number, options: NbdWriteOptions): Promise<void>;
  /** Afterwards the range reads as zeros. */
  writeZeroes(offsetBytes: number, lengthBytes: number, options: NbdZeroOptions): Promise<void>;
  /** The range will be read soon. */
  cache?(offsetBytes: number, lengthBytes: number): Promise<void>;
}

export interface NbdWriteOptions {
  /** Durable on completion. */
  readonly fua: boolean;
}

export interface NbdZeroOptions extends NbdWriteOptions {
  /** Space must stay allocated. */
  readonly noHole: boolean;
}

/** What a server serves; asked anew by every client. */
export interface NbdExports {
  /** What a client is told that asks for a list. */
  exports(): Iterable<NbdExport>;
  /** The empty name is the default export, if there is one. */
  find(name: string): NbdExport | undefined;
}

/** A fixed set; the first is the default as well. */
export function fixedExports(...all: readonly NbdExport[]): NbdExports {
  return {
    exports: () => all,
    find: (name) => (name === "" ? all[0] : all.find((candidate) => candidate.name === name)),
  };
}

/** A refusal by an export that names its number itself. */
export class NbdExportError extends Error {
  readonly errno: NbdErrno;

  constructor(errno: NbdErrno, message: string) {
    super(message);
    this.name = "NbdExportError";
    this.errno = errno;
  }
}
