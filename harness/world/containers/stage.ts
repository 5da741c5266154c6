import { proveHealed } from "./heal-proof.ts";
import { type RunningFaultDisk, startFaultDisk } from "./fault-disk/start-fault-disk.ts";
import { LinkKeys } from "./link-keys.ts";
import { Machines } from "./machine/machines.ts";
import { ContainerRuntime } from "./runtime/container-runtime.ts";
import { ToxiproxyServer } from "./toxiproxy/toxiproxy-server.ts";

/** Most worlds have so many systems: the first one need not wait for their machines after all the rest. */
const MACHINES = 2;

/**
 * What worlds share that follow one another: the network, Toxiproxy, the container of the disks, the machines, and the
 * authority that systems believe. To start them takes longer than most scenarios. Between two worlds all of it is
 * reset, and it is proven that nothing of the one before is left.
 */
export class Stage {
  readonly runtime: ContainerRuntime;
  readonly network: string;
  readonly faultDisk: RunningFaultDisk;
  readonly machines: Machines;
  readonly keys: LinkKeys;
  #toxiproxy: ToxiproxyServer;

  private constructor(parts: Pick<Stage, "runtime" | "network" | "toxiproxy" | "faultDisk" | "machines" | "keys">) {
    this.runtime = parts.runtime;
    this.network = parts.network;
    this.#toxiproxy = parts.toxiproxy;
    this.faultDisk = parts.faultDisk;
    this.machines = parts.machines;
    this.keys = parts.keys;
  }

  /** @throws ContainerError */
  static async create(): Promise<Stage> {
    const runtime = await ContainerRuntime.connect();
    try {
      const network = await runtime.network("net");
      const machines = new Machines(runtime, network);
      const [toxiproxy, faultDisk, keys] = await Promise.all([
        ToxiproxyServer.start(runtime, network),
        startFaultDisk(runtime, network),
        LinkKeys.create(),
        machines.first(MACHINES),
      ]);
      return new Stage({ runtime, network, toxiproxy, faultDisk, machines, keys });
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
   * After a world: its proxies, disks and engines are forgotten; if anything else of it was left, that is told. A
   * Toxiproxy that has ended, of which that world was told, is started again. Machines that something was left in are
   * removed.
   * @throws ContainerError NOT_HEALED
   */
  async reset(): Promise<void> {
    if (this.#toxiproxy.hasEnded) this.#toxiproxy = await this.#toxiproxy.startedAgain();
    const { runtime, toxiproxy, faultDisk, machines } = this;
    const stay = [toxiproxy.container, faultDisk.container, ...machines.all].map(({ address }) => address);
    try {
      await machines.reset();
      const stays = new Set([this.network, ...stay]);
      await proveHealed({ runtime, toxiproxy: toxiproxy.api, machines: machines.all, stays });
    } catch (error) {
      await machines.remove();
      throw error;
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
