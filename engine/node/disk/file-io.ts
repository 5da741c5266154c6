/**
 * Requests to one open file: each transfers all that was asked for, or rejects with the system's error
 * (or an error with such a `code`). The buffer of a request belongs to it until it settles.
 */
export interface FileIo {
  /** Fills `into`. */
  read(offsetBytes: number, into: Uint8Array): Promise<void>;
  write(offsetBytes: number, data: Uint8Array): Promise<void>;
  writeZeros(offsetBytes: number, lengthBytes: number): Promise<void>;
  /** What had completed before the call is on the device. */
  sync(): Promise<void>;
}
