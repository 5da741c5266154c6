import { proveHealed } from "./heal-proof.ts";
import { type RunningFaultDisk, startFaultDisk } from "./fault-disk/start-fault-disk.ts";
import { LinkKeys } from "./link-keys.ts";
import { ContainerRuntime } from "./runtime/container-runtime.ts";
import { ToxiproxyServer } from "./toxiproxy/toxiproxy-server.ts";

/**
 * What worlds share that follow one another: the network, Toxiproxy, the container of the disks, and the authority
 * that systems believe. To start them takes longer than most scenarios; engines are new in each world.
 */
export class Stage {
  readonly runtime: ContainerRuntime;
  readonly network: string;
  readonly faultDisk: RunningFaultDisk;
  readonly keys: LinkKeys;
  #toxiproxy: ToxiproxyServer;

  private constructor(parts: Pick<Stage, "runtime" | "network" | "toxiproxy" | "faultDisk" | "keys">) {
    this.runtime = parts.runtime;
    this.network = parts.network;
    this.#toxiproxy = parts.toxiproxy;
    this.faultDisk = parts.faultDisk;
    this.keys = parts.keys;
  }

  /** @throws ContainerError */
  static async create(): Promise<Stage> {
    const runtime = await ContainerRuntime.connect();
    try {
      const network = await runtime.network("net");
      const [toxiproxy, faultDisk, keys] = await Promise.all([
        ToxiproxyServer.start(runtime, network),
        startFaultDisk(runtime, network),
        LinkKeys.create(),
      ]);
      return new Stage({ runtime, network, toxiproxy, faultDisk, keys });
    } catch (error) {
      await runtime.close();
      throw error;
    }
  }

  /** Another one after its program ended. */
  get toxiproxy(): ToxiproxyServer {
    return this.#toxiproxy;
  }

  /**
   * After a world: its proxies and disks are forgotten; if anything else of it was left, that is told. A Toxiproxy that
   * has ended, of which that world was told, is started again.
   * @throws ContainerError NOT_HEALED
   */
  async reset(): Promise<void> {
    if (this.#toxiproxy.hasEnded) this.#toxiproxy = await this.#toxiproxy.startedAgain();
    const { runtime, toxiproxy, faultDisk } = this;
    const stays = new Set([this.network, toxiproxy.container.address, faultDisk.container.address]);
    try {
      await proveHealed({ runtime, toxiproxy: toxiproxy.api, stays });
    } finally {
      for (const { name } of await toxiproxy.api.proxies()) await toxiproxy.api.remove(name);
      await faultDisk.client.reset();
    }
  }

  close(): Promise<void> {
    this.#toxiproxy.close();
    return this.runtime.close();
  }
}
