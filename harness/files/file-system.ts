/** A file system on a volume, mounted. One call at a time. */
export interface FileSystem {
  /** Absolute paths of all files, in order. */
  list(): Promise<readonly string[]>;
  /** @throws FileSystemError */
  read(path: string): Promise<Uint8Array>;
  /** Makes the file with its directories, or replaces what it holds. @throws FileSystemError */
  write(path: string, data: Uint8Array): Promise<void>;
  /** @throws FileSystemError */
  remove(path: string): Promise<void>;
  /** Dismounts: what was written is durable on the volume when it settles. */
  close(): Promise<void>;
}

/** A range of a volume and what it holds. */
export interface ByteRun {
  readonly offsetBytes: number;
  readonly data: Uint8Array;
}

/** What a file system needs of a volume. Ranges are whole sectors. */
export interface BlockDevice {
  readonly sizeBytes: number;
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /** Settles when all of them are durable. */
  write(runs: readonly ByteRun[]): Promise<void>;
}

export interface MountOptions {
  readonly access: "read-only" | "read-write";
  /** Milliseconds since 1970: the only clock that the file system reads. */
  readonly nowMs: () => number;
}

/** A library of file systems: the same bytes for the same calls. */
export interface FileSystems {
  /** What a new, empty file system consists of; the rest of the volume is zero. */
  blank(): readonly ByteRun[];
  /** @throws FileSystemError */
  mount(device: BlockDevice, options: MountOptions): Promise<FileSystem>;
}

/** The file system refused a call, or could not go on. */
export class FileSystemError extends Error {
  readonly path: string;

  constructor(path: string, why: string) {
    super(`${path}: ${why}`);
    this.name = "FileSystemError";
    this.path = path;
  }
}
