import type { Disk } from "../../../../engine/ports/index.ts";
import { Process } from "../process.ts";
import { SimRandom } from "../sim-random.ts";
import { type Simulation, simulation } from "../simulation.fixture.ts";
import { SimDisk, type SimDiskOptions } from "./sim-disk.ts";

/** A simulated disk, a process that opened it, and the means to let time pass; for tests of this folder. */
export interface DiskBench {
  readonly simulation: Simulation;
  readonly disk: SimDisk;
  readonly port: Disk;
  readonly process: Process;
  /** Another incarnation. */
  reopen(): { readonly port: Disk; readonly process: Process };
  /** Runs a story over requests to its end. */
  run<T>(story: () => Promise<T>): Promise<T>;
}

export function diskBench(options: Partial<SimDiskOptions> = {}, seed = "7"): DiskBench {
  const world = simulation({ eventsMax: 1_000_000 });
  const { scheduler, process } = world;
  const disk = new SimDisk({ scheduler, random: new SimRandom(seed), name: "d", sizeBytes: 1024 * 1024, ...options });
  return {
    simulation: world,
    disk,
    process,
    port: disk.open(process),
    reopen: () => {
      const again = new Process(scheduler, "again");
      return { port: disk.open(again), process: again };
    },
    run: async (story) => {
      let ended = false;
      const told = story().finally(() => {
        ended = true;
      });
      told.catch(() => {});
      await world.run();
      if (!ended) throw new Error("nothing is left to happen and the story has not ended");
      return told;
    },
  };
}

/** `lengthBytes` times the same byte. */
export function filled(byte: number, lengthBytes: number): Uint8Array {
  return new Uint8Array(lengthBytes).fill(byte);
}
