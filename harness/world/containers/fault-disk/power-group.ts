import { type NbdAddress, NbdServer } from "../../../../engine/node/nbd/server.ts";
import type { ServedDisk } from "./served-disk.ts";

/**
 * The disks that share a power supply: those of one system. Each group has an NBD server of its own, on
 * a port that stays the same, which is gone while the power is.
 */
export class PowerGroup {
  readonly name: string;
  readonly disks = new Map<string, ServedDisk>();
  readonly #host: string;
  #port = 0;
  #server: NbdServer | undefined;
  #lost = false;

  constructor(name: string, host: string) {
    this.name = name;
    this.#host = host;
  }

  get port(): number {
    return this.#port;
  }

  get powered(): boolean {
    return this.#server !== undefined && !this.#lost;
  }

  /** Serves its disks. Nothing if it does. */
  async powerOn(): Promise<void> {
    if (this.powered) return;
    await this.#close();
    for (const disk of this.disks.values()) disk.restorePower();
    this.#lost = false;
    const server = new NbdServer({
      exports: {
        exports: () => this.disks.values(),
        find: (name) => this.disks.get(name),
      },
      // A stalled disk is no stalled client.
      stallTimeoutMs: 3_600_000,
    });
    this.#server = server;
    const bound: NbdAddress = await server.listen({ host: this.#host, port: this.#port });
    this.#port = bound.port;
  }

  /**
   * Takes the power of all its disks in one moment. Connections stay, and are silent, until
   * {@link powerOff} or {@link powerOn}: who drives the system can end it in between. Nothing if it is lost.
   */
  losePower(): void {
    if (this.#lost) return;
    this.#lost = true;
    for (const disk of this.disks.values()) disk.losePower();
  }

  /** Takes the power, and drops every connection. */
  async powerOff(): Promise<void> {
    this.losePower();
    await this.#close();
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = server.close({ drainMs: 0 });
    // After the timer that drops the connections, so that nobody hears that these failed.
    setTimeout(() => {
      for (const disk of this.disks.values()) disk.forgetUnanswered();
    }, 0);
    await closed;
  }
}
