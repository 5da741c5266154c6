import { randomBytes } from "node:crypto";
import type { Topology, TopologySystem } from "../../plan/topology.ts";
import type { DiskStore } from "./disk-store.ts";
import { EngineControl } from "./engine-control.ts";
import { engineConfig, TOKEN_FILE } from "./engine-config.ts";
import type { LinkKeys } from "./link-keys.ts";
import { CONTROL_PORT, type Machine, NBD_PORT } from "./machine/machine.ts";
import type { RemoteControl } from "./remote-control.ts";
import type { NbdPlace } from "./remote-device.ts";
import type { Stage } from "./stage.ts";
import type { Deployment, SystemPlace } from "./system-place.ts";

/** The engine of this project, in the machines of a stage. */
export class EngineDeployment implements Deployment {
  readonly portsPerLink = 1;
  readonly #places: ReadonlyMap<string, EnginePlace>;

  private constructor(places: ReadonlyMap<string, EnginePlace>) {
    this.#places = places;
  }

  /** @throws ContainerError */
  static async create(stage: Stage, topology: Topology, store: DiskStore): Promise<EngineDeployment> {
    const machines = await stage.machines.first(topology.systems.length);
    const proxyHost = stage.toxiproxy.container.address;
    const places = topology.systems.map((system, index) => {
      const machine = machines[index];
      if (machine === undefined) throw new Error(`no machine for ${system.name}`);
      const config = engineConfig(topology, system, { proxyHost, urlOf: (disk) => store.urlOf(disk) });
      return [system.name, new EnginePlace({ machine, system, config, keys: stage.keys })] as const;
    });
    return new EngineDeployment(new Map(places));
  }

  place(system: string): SystemPlace {
    const place = this.#places.get(system);
    if (place === undefined) throw new Error(`no place for ${system}`);
    return place;
  }

  /** Machines are of the stage, which resets them. */
  async close(): Promise<void> {}
}

interface EnginePlaceParts {
  readonly machine: Machine;
  readonly system: TopologySystem;
  readonly config: unknown;
  readonly keys: LinkKeys;
}

/** A machine as the place of one system. */
class EnginePlace implements SystemPlace {
  readonly #parts: EnginePlaceParts;
  readonly #token = randomBytes(32).toString("hex");

  constructor(parts: EnginePlaceParts) {
    this.#parts = parts;
  }

  get address(): string {
    return this.#parts.machine.address;
  }

  get nbd(): NbdPlace {
    return { host: "127.0.0.1", port: this.#parts.machine.port(NBD_PORT) };
  }

  async boot(): Promise<void> {
    const { machine, system, config, keys } = this.#parts;
    const files = { [TOKEN_FILE]: `${this.#token}\n`, ...(await keys.filesOf(system.name)) };
    await machine.boot({ files, config: JSON.stringify(config) });
  }

  control(): RemoteControl {
    return new EngineControl(`http://127.0.0.1:${this.#parts.machine.port(CONTROL_PORT)}`, this.#token);
  }

  kill(): Promise<void> {
    return this.#parts.machine.kill();
  }

  pause(): Promise<void> {
    return this.#parts.machine.pause();
  }

  resume(): Promise<void> {
    return this.#parts.machine.resume();
  }

  logs(lines?: number): Promise<string> {
    return this.#parts.machine.logs(lines);
  }
}
