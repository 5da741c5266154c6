import type { OutsideTarget } from "../../target/outside-target.ts";
import { tellingListener } from "../telling-listener.ts";
import type { WithWorld } from "../world-under-test.ts";
import { ContainerWorld } from "./container-world.ts";
import type { Stage } from "./stage.ts";

/**
 * Worlds for the cases of a conformance suite, one after the other on one stage.
 *
 * @param target whose systems they have; the engine of this project without
 */
export function containerWorlds(stage: () => Stage, target?: OutsideTarget): WithWorld {
  return async (topology, body) => {
    const told: string[] = [];
    const failures: unknown[] = [];
    const prepared = await ContainerWorld.prepare(stage(), topology, 1, target);
    const world = new ContainerWorld(prepared, {
      seed: 1,
      listener: tellingListener(told, (error) => failures.push(error)),
      onFailure: (error) => failures.push(error),
    });
    const look = async (): Promise<void> => {
      await world.settled();
      await world.look();
      // Whoever waits would wait in vain.
      if (failures.length > 0) throw failures[0];
    };
    try {
      await body({ world, told, look });
      if (failures.length > 0) throw failures[0];
    } finally {
      await world.close();
    }
  };
}
