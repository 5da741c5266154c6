import type { Census } from "../history/census.ts";
import type { Plan } from "../plan/plan.ts";
import { disksIn } from "../plan/system-disks.ts";
import type { RunWorld } from "../world/run-world.ts";

/** Counts from now on; the function returned gives the count so far. */
export function takeCensus(plan: Plan, world: RunWorld): () => Census {
  const { systems, links } = plan.topology;
  const disks = systems.flatMap((system) => disksIn(system).map((disk) => ({ system: system.name, disk, count: 0 })));
  const ends = links.flatMap(({ name: link, between }) => between.map((system) => ({ system, link, count: 0 })));
  for (const entry of disks) {
    world.onDiskRequest(entry.disk, (request) => {
      if (request !== "read") entry.count++;
    });
  }
  for (const entry of ends) {
    world.system(entry.system).onSent((link) => {
      if (link === entry.link) entry.count++;
    });
  }
  return () => ({ disks: disks.map((entry) => ({ ...entry })), links: ends.map((entry) => ({ ...entry })) });
}
