import { onTestFinished } from "vitest";
import { NS_PER_MS } from "../../../engine/ports/index.ts";
import { mirror } from "../../plan/index.ts";
import type { AdminCommand, HostDevice, PairReport } from "../../target/target.ts";
import { firstDifference } from "../sim/disk/index.ts";
import { tellingListener } from "../telling-listener.ts";
import { ContainerWorld } from "./container-world.ts";
import type { Stage } from "./stage.ts";

const WITHIN_NS = 60_000 * NS_PER_MS;
const LOOK_NS = 50 * NS_PER_MS;

/** `pvol` on `a` mirrored to `svol` on `b`, synchronously, in containers; taken away after the test. */
export class MirroredVolume {
  readonly world: ContainerWorld;
  /** What the engines told of, as `b link.refused {…}`. */
  readonly steps: readonly string[];
  readonly #failures: readonly unknown[];

  private constructor(world: ContainerWorld, steps: readonly string[], failures: readonly unknown[]) {
    this.world = world;
    this.steps = steps;
    this.#failures = failures;
  }

  /** @param sizeBytes of each volume; 4 MiB without */
  static async create(stage: Stage, sizeBytes?: number): Promise<MirroredVolume> {
    const failures: unknown[] = [];
    const steps: string[] = [];
    const topology = mirror({ mode: "sync", ...(sizeBytes === undefined ? {} : { sizeBytes }) });
    const world = new ContainerWorld(await ContainerWorld.prepare(stage, topology, 1), {
      seed: 1,
      listener: {
        ...tellingListener([], (error) => failures.push(error)),
        step: (system, { name, fields }) => steps.push(`${system} ${name} ${JSON.stringify(fields)}`),
      },
      onFailure: (error) => failures.push(error),
    });
    let isOver = false;
    // As a run does: a look that has all to take in that happened since the one before takes long otherwise.
    const looking = (async () => {
      while (!isOver) {
        await world.look().catch((error: unknown) => failures.push(error));
        await world.sleep(LOOK_NS);
      }
    })();
    onTestFinished(async () => {
      isOver = true;
      await looking;
      await world.close();
    });
    await world.start();
    const mirrored = new MirroredVolume(world, steps, failures);
    const volumes = { volume: "pvol", link: "link", peerVolume: "svol" } as const;
    await mirrored.admin("a", { kind: "create", pair: "pair", ...volumes, mode: "sync" });
    await mirrored.duplex();
    return mirrored;
  }

  admin(system: string, command: AdminCommand): Promise<void> {
    const { serving } = this.world.system(system);
    if (serving === undefined) throw new Error(`${system} does not serve`);
    return serving.admin(command);
  }

  /** `pvol` as hosts of `a` have it. */
  device(): HostDevice {
    const { serving } = this.world.system("a");
    if (serving === undefined) throw new Error("a does not serve");
    return serving.device("pvol");
  }

  /** Settles when both ends are in step and know it. */
  duplex(): Promise<void> {
    return this.until("DUPLEX at both ends", (reports) => {
      return reports.length === 2 && reports.every(({ status, connected }) => status === "DUPLEX" && connected);
    });
  }

  /** @throws Error if it does not come about within a minute, or if anything failed meanwhile */
  async until(what: string, isSo: (reports: readonly PairReport[]) => boolean): Promise<void> {
    const { world } = this;
    const startNs = world.nowNs();
    while (true) {
      await world.settled();
      if (this.#failures.length > 0) throw new AggregateError(this.#failures, this.#failures.join("; "));
      await Promise.all(world.systems.flatMap(({ serving }) => serving?.refresh() ?? []));
      const reports = world.systems.flatMap(({ serving }) => serving?.pairs() ?? []);
      if (isSo(reports)) return;
      if (world.nowNs() - startNs > WITHIN_NS)
        throw new Error(`waited for ${what} in vain: ${JSON.stringify(reports)}`);
      await world.sleep(20 * NS_PER_MS);
    }
  }

  /** The first byte at which the disks of the two volumes differ; -1 if there is none. */
  async difference(): Promise<number> {
    await this.world.look();
    const [primary, secondary] = [this.world.view("pvol"), this.world.view("svol")];
    if (primary.allocatedRanges().length === 0) throw new Error("nothing was ever written on pvol");
    return firstDifference(primary, secondary);
  }
}
