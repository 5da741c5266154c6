import { below, type Random } from "../../engine/ports/index.ts";
import type { Condition } from "../plan/condition.ts";
import { after, diskWrite, ms, progress, sent, step, written } from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import { disksIn } from "../plan/system-disks.ts";
import { acrossOrders, between, pick } from "./chaos-draw.ts";
import { ENGINE_STEPS } from "./engine-steps.ts";
import type { Cast } from "./swarm-cast.ts";
import type { Moment, Swarm } from "./swarm.ts";

/** A moment that does not come is waited for so long; a round lasts no longer because of it than a few heartbeats. */
const WITHIN_MS = 1_500;

/** `steps` at a moment of a round: after some time, or within what a program does. */
export function momentIn(random: Random, swarm: Swarm, cast: Cast, steps: readonly Step[]): Step {
  const condition = drawCondition(random, pick(random, swarm.moments), swarm, cast);
  if (condition === undefined) return after(ms(between(random, 0, 60)), ...steps);
  return { kind: "when", condition, steps, withinMs: WITHIN_MS };
}

function drawCondition(random: Random, moment: Moment, swarm: Swarm, cast: Cast): Condition | undefined {
  const { topology, remotes, primaries } = cast;
  const system = pick(random, topology.systems);
  switch (moment) {
    case "time":
      return undefined;
    case "step":
      return step(system.name, pick(random, stepsIn(swarm, cast)), acrossOrders(random, 1, 8));
    case "disk-write": {
      return diskWrite(pick(random, disksIn(system)), acrossOrders(random, 1, 64));
    }
    case "sent": {
      const [pair] = remotes.length === 0 ? [] : [pick(random, remotes)];
      const link = topology.links.find(({ name }) => name === pair?.link);
      if (link === undefined) return undefined;
      return sent(link.name, pick(random, link.between), acrossOrders(random, 1, 64));
    }
    case "written":
      return written(pick(random, primaries), acrossOrders(random, 1, 32), pick(random, ["issued", "acknowledged"]));
    case "progress": {
      const { name } = pick(random, topology.pairs);
      if (below(random, 4) === 0) return progress("restore", pick(random, primaries), pick(random, [0, 0.5]));
      return progress("resync", name, pick(random, [0, 0.3, 0.6, 0.9]));
    }
  }
}

/** The steps that may come in such a plan. */
export function stepsIn(swarm: Swarm, { remotes, locals, imaged, journaled, grouped }: Cast): readonly string[] {
  return [
    ...ENGINE_STEPS.always,
    ...(remotes.length > 0 ? ENGINE_STEPS.remote : []),
    ...(swarm.tasks.includes("delete") ? ENGINE_STEPS.deletes : []),
    ...(locals.length > 0 ? ENGINE_STEPS.local : []),
    ...(imaged.length > 0 ? ENGINE_STEPS.images : []),
    ...(journaled.length > 0 ? ENGINE_STEPS.journals : []),
    ...(grouped.length > 0 ? ENGINE_STEPS.groups : []),
  ];
}
