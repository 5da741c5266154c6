// What nbd.mjs has: the NBD of resilver, in one file without dependencies.

/** A block device that is served by NBD elsewhere. */
export class NbdClient {
  static connect(options: { host: string; port: number; exportName: string }): Promise<NbdClient>;
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  write(offsetBytes: number, data: Uint8Array, options?: { fua?: boolean }): Promise<void>;
  flush(): Promise<void>;
  trim(offsetBytes: number, lengthBytes: number): Promise<void>;
  writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void>;
}

/** A block device that is served here. Ranges are whole sectors of 512 bytes; any error is told to the client. */
export interface NbdExport {
  readonly name: string;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  readonly canMultiConn: boolean;
  readonly hasFastZeroes: boolean;
  readonly contexts: readonly [];
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /** The buffer is used again when it settles. */
  write(offsetBytes: number, data: Uint8Array, options: { fua: boolean }): Promise<void>;
  flush(): Promise<void>;
  trim(offsetBytes: number, lengthBytes: number, options: { fua: boolean }): Promise<void>;
  writeZeroes(offsetBytes: number, lengthBytes: number, options: { fua: boolean }): Promise<void>;
}

/** A refusal with a number of NBD: 1 is EPERM. */
export class NbdExportError extends Error {
  constructor(errno: 1 | 5 | 28, message: string);
}

export class NbdServer {
  constructor(options: { exports: { exports(): Iterable<NbdExport>; find(name: string): NbdExport | undefined } });
  listen(address: { host: string; port: number }): Promise<unknown>;
}
