import { type HostDevice, HostError } from "../../target/target.ts";

/**
 * The image of a volume as a host sees it. NBD has no word for "released meanwhile", so the server says EIO then, as
 * of a disk that fails: whether the image is still there tells the two apart.
 */
export class RemoteImage implements HostDevice {
  readonly sizeBytes: number;
  readonly #device: HostDevice;
  readonly #isThere: () => Promise<boolean>;

  /** @param isThere asks the system */
  constructor(device: HostDevice, isThere: () => Promise<boolean>) {
    this.sizeBytes = device.sizeBytes;
    this.#device = device;
    this.#isThere = isThere;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    try {
      return await this.#device.read(offsetBytes, lengthBytes);
    } catch (error) {
      if (!(error instanceof HostError) || error.code !== "EIO" || (await this.#isThere())) throw error;
      throw new HostError("REFUSED", error.message);
    }
  }

  write(offsetBytes: number, data: Uint8Array): Promise<void> {
    return this.#device.write(offsetBytes, data);
  }

  flush(): Promise<void> {
    return this.#device.flush();
  }

  trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#device.trim(offsetBytes, lengthBytes);
  }

  writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#device.writeZeroes(offsetBytes, lengthBytes);
  }
}
