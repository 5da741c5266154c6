import { NbdClient } from "../../../engine/node/nbd/client.ts";
import { NbdError, type NbdErrorContexts } from "../../../engine/node/nbd/nbd-error.ts";
import { type HostDevice, HostError, type HostErrorCode } from "../../target/target.ts";

/** What it takes to reach the NBD server of an engine. */
export interface NbdPlace {
  readonly host: string;
  readonly port: number;
}

/** An export of an engine as a host sees it. Connects when it is first used, and again after the connection was lost. */
export class RemoteDevice implements HostDevice {
  readonly sizeBytes: number;
  readonly #place: NbdPlace;
  readonly #exportName: string;
  #client: Promise<NbdClient> | undefined;
  /** Clients that take no further requests, until those that they took are answered. */
  readonly #leaving = new Set<Promise<NbdClient>>();

  constructor(place: NbdPlace, exportName: string, sizeBytes: number) {
    this.#place = place;
    this.#exportName = exportName;
    this.sizeBytes = sizeBytes;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const { buffer, byteOffset, length } = await this.#use((client) => client.read(offsetBytes, lengthBytes));
    // Not the Buffer that it is: a slice of that is no copy.
    return new Uint8Array(buffer, byteOffset, length);
  }

  write(offsetBytes: number, data: Uint8Array, options: { readonly fua?: boolean } = {}): Promise<void> {
    return this.#use((client) => client.write(offsetBytes, data, options));
  }

  flush(): Promise<void> {
    return this.#use((client) => client.flush());
  }

  trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#use((client) => client.trim(offsetBytes, lengthBytes));
  }

  writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#use((client) => client.writeZeroes(offsetBytes, lengthBytes));
  }

  /** Settles when every request has been answered or is lost, after the program has died. */
  async drained(): Promise<void> {
    const clients = [...this.#leaving, ...(this.#client === undefined ? [] : [this.#client])];
    await Promise.all(clients.map((client) => client.then(({ closed }) => closed).catch(() => undefined)));
  }

  close(): void {
    for (const client of this.#leaving) destroy(client);
    if (this.#client !== undefined) destroy(this.#client);
  }

  async #use<T>(request: (client: NbdClient) => Promise<T>): Promise<T> {
    this.#client ??= NbdClient.connect({ ...this.#place, exportName: this.#exportName });
    const client = this.#client;
    try {
      return await request(await client);
    } catch (error) {
      if (!(error instanceof NbdError)) throw error;
      // What the server says at a connection holds for it: another one may find the volume open to hosts.
      if (error.code !== "NBD_BUSY") this.#leave(client);
      throw new HostError(hostCodeOf(error), error.message);
    }
  }

  /** What it took besides is answered yet. */
  #leave(client: Promise<NbdClient>): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#leaving.add(client);
    void client
      .then((connected) => connected.disconnect())
      .catch(() => undefined)
      .finally(() => this.#leaving.delete(client));
  }
}

function destroy(client: Promise<NbdClient>): void {
  client.then(
    (connected) => connected.destroy(),
    () => {},
  );
}

function hostCodeOf(error: NbdError): HostErrorCode {
  if (error.code === "NBD_LOST" || error.code === "NBD_PROTOCOL") return "GONE";
  if (error.code !== "NBD_FAILED") return "REFUSED";
  const { errno } = error.context as NbdErrorContexts["NBD_FAILED"];
  return errno === "EIO" || errno === "ENOSPC" ? errno : "REFUSED";
}
