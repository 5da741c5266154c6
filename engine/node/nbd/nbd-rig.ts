import { NbdClient, type NbdClientOptions } from "./client.ts";
import { fixedExports, type NbdExport } from "./nbd-export.ts";
import { type NbdAddress, NbdServer, type NbdServerOptions } from "./server.ts";

/** A server on a free port of the loopback, for tests; everything ends with `close`. */
export class NbdRig {
  readonly server: NbdServer;
  readonly address: NbdAddress;
  /** What the server told its log: `nbd.client.dropped …`. */
  readonly told: string[];
  readonly #clients: NbdClient[] = [];

  static async start(
    exports: readonly NbdExport[],
    options: Omit<NbdServerOptions, "exports" | "log"> = {},
  ): Promise<NbdRig> {
    const told: string[] = [];
    const log = {
      step: (name: string, fields: object): void => {
        told.push(`${name} ${Object.values(fields).join(" ")}`);
      },
    };
    const server = new NbdServer({ ...options, exports: fixedExports(...exports), log });
    return new NbdRig(server, await server.listen({ host: "127.0.0.1", port: 0 }), told);
  }

  private constructor(server: NbdServer, address: NbdAddress, told: string[]) {
    this.server = server;
    this.address = address;
    this.told = told;
  }

  /** For the tools of libnbd and QEMU. */
  uri(exportName = ""): string {
    return `nbd://127.0.0.1:${this.address.port}/${exportName}`;
  }

  async connect(options: Partial<NbdClientOptions> = {}): Promise<NbdClient> {
    const client = await NbdClient.connect({ ...this.address, ...options });
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.server.close({ drainMs: 0 });
  }
}
