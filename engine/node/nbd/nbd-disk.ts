import { assert } from "../../assert.ts";
import { type Disk, DiskError, SECTOR_BYTES, type WriteOptions } from "../../ports/index.ts";
import { NbdClient, type NbdClientOptions } from "./client.ts";
import { NbdError } from "./nbd-error.ts";

/**
 * An export of an NBD server as the engine's disk.
 *
 * A lost connection is a failed disk: every request from then on fails with EIO, and what was not
 * flushed may be lost. It is not connected again behind the engine's back: the server may have
 * restarted, and nobody could tell the engine that its unflushed writes are gone.
 */
export class NbdDisk implements Disk {
  readonly sizeBytes: number;
  /** Settles when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #client: NbdClient;

  /** @throws NbdError as `NbdClient.connect`; NBD_UNSUPPORTED of an export that is no disk for the engine */
  static async open(options: NbdClientOptions): Promise<NbdDisk> {
    const client = await NbdClient.connect(options);
    const lacks = lackOf(client);
    if (lacks === undefined) return new NbdDisk(client);
    client.destroy();
    throw new NbdError("NBD_UNSUPPORTED", { address: client.address, command: lacks });
  }

  private constructor(client: NbdClient) {
    this.#client = client;
    this.closed = client.closed;
    // A server may have a size that is no multiple of a sector; the rest is not used.
    this.sizeBytes = client.info.sizeBytes - (client.info.sizeBytes % SECTOR_BYTES);
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.#check(offsetBytes, lengthBytes);
    return this.#run(offsetBytes, lengthBytes, () => this.#client.read(offsetBytes, lengthBytes));
  }

  async write(offsetBytes: number, data: Uint8Array, { fua = false }: WriteOptions = {}): Promise<void> {
    this.#check(offsetBytes, data.length);
    await this.#run(offsetBytes, data.length, () => this.#client.write(offsetBytes, data, { fua }));
  }

  async flush(): Promise<void> {
    await this.#run(0, this.sizeBytes, () => this.#client.flush());
  }

  /** As zeros are written, since what NBD trims may hold anything afterwards. */
  async trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#check(offsetBytes, lengthBytes);
    await this.#run(offsetBytes, lengthBytes, () =>
      this.#client.info.canWriteZeroes
        ? this.#client.writeZeroes(offsetBytes, lengthBytes)
        : this.#client.write(offsetBytes, new Uint8Array(lengthBytes)),
    );
  }

  /** Waits for what is under way. Does not flush. */
  async close(): Promise<void> {
    await this.#client.disconnect();
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    assert(Number.isInteger(offsetBytes / SECTOR_BYTES), "a request begins at a sector");
    assert(Number.isInteger(lengthBytes / SECTOR_BYTES), "a request is of whole sectors");
    assert(offsetBytes >= 0 && offsetBytes + lengthBytes <= this.sizeBytes, "a request lies inside the disk");
  }

  async #run<T>(offsetBytes: number, lengthBytes: number, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof NbdError)) throw error;
      const isFull = error.code === "NBD_FAILED" && "errno" in error.context && error.context.errno === "ENOSPC";
      throw new DiskError(isFull ? "ENOSPC" : "EIO", offsetBytes, lengthBytes);
    }
  }
}

function lackOf({ info }: NbdClient): string | undefined {
  if (info.readOnly) return "WRITE";
  if (!info.canFlush && !info.canFua) return "FLUSH";
  if (info.blockBytesMin > SECTOR_BYTES) return `blocks of ${SECTOR_BYTES} bytes`;
  return undefined;
}
