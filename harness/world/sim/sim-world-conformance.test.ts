import { describe, test } from "vitest";
import { NS_PER_MS } from "../../../engine/ports/index.ts";
import { EventLog } from "../../history/event-log.ts";
import { targetConformance } from "../../target/target.conformance.ts";
import { resilverTarget } from "../../target/resilver-target.ts";
import { tellingListener } from "../telling-listener.ts";
import { worldConformance } from "../world.conformance.ts";
import type { WithWorld } from "../world-under-test.ts";
import { hostPump } from "./host-pump.ts";
import { Scheduler } from "./scheduler.ts";
import { SimWorld } from "./sim-world.ts";

const withWorld: WithWorld = async (topology, body) => {
  const told: string[] = [];
  const scheduler = new Scheduler(new EventLog(), { eventsMax: 1_000_000, timeNsMax: 100_000 * NS_PER_MS });
  const world = new SimWorld({
    scheduler,
    seed: 1,
    target: resilverTarget("suite"),
    systems: topology.systems,
    links: topology.links.map(({ name, between: [dial, listen] }) => ({ name, dial, listen })),
    latencyNs: 200_000,
    checkBuffers: true,
    listener: tellingListener(told, (error) => scheduler.fail(error)),
  });
  world.after(0, () => {
    body({ world, told, look: () => Promise.resolve() }).then(
      () => scheduler.finish(),
      (error: unknown) => scheduler.fail(error),
    );
  });
  await scheduler.run(hostPump());
  world.release();
};

worldConformance(test, withWorld);
describe("the engine of this project is a target", () => {
  targetConformance({ test, capabilities: resilverTarget("suite").capabilities, withWorld });
});
