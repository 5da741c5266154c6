import { chance, type Random } from "../../engine/ports/index.ts";
import { between, pick } from "../../harness/hunt/chaos-draw.ts";
import { randomPlan } from "../../harness/hunt/generate.ts";
import { reunited } from "../../harness/hunt/reunited.ts";
import { type Cast, drawCast } from "../../harness/hunt/swarm-cast.ts";
import { drawCommandLanes, markable } from "../../harness/hunt/swarm-commands.ts";
import { drawLoads } from "../../harness/hunt/swarm-load.ts";
import { drawStrikes, type Labels } from "../../harness/hunt/swarm-strikes.ts";
import { drawSwarm, type Swarm } from "../../harness/hunt/swarm.ts";
import {
  converged,
  create,
  fill,
  heal,
  mark,
  type Plan,
  restart,
  status,
  together,
  wait,
  write,
} from "../../harness/plan/index.ts";
import { PLAN_SCHEMA_VERSION } from "../../harness/plan/plan.ts";
import type { Step } from "../../harness/plan/step.ts";
import { SimRandom } from "../../harness/world/sim/sim-random.ts";
import { drawStory } from "./stories.ts";

/** Part of the writes that are trims, in plans about them. */
const TRIMS = 0.4;

/** The plan of a seed: every fourth is one of the general generator, the others are dense. */
export function huntPlan(seed: number): Plan {
  return seed % 4 === 0 ? randomPlan(seed) : densePlan(seed);
}

/**
 * A random plan of the same parts with fewer writes and more faults and commands: it costs a third, and has most of what
 * fails.
 */
function densePlan(seed: number): Plan {
  const random = new SimRandom(`bugs/${seed}`);
  const swarm = drawDenseSwarm(random.fork("swarm"));
  const cast = drawCast(random.fork("cast"), swarm);
  const { topology, primaries, remotes, journaled } = cast;
  const pairs = topology.pairs.map(({ name }) => name);
  const steps: Step[] = primaries.map((volume) => write(volume, fill("at first")));
  steps.push(...pairs.map((pair) => create(pair)));
  if (journaled.length > 0) steps.push(mark("m1", markable(cast)), mark("m2", markable(cast)));
  if (swarm.settles) for (const pair of pairs) steps.push(wait(status(pair, "DUPLEX")));
  let labelCount = 0;
  const trims = chance(random.fork("trims"), 0.3);
  const labels = (): string => `f${++labelCount}`;
  const writes = Math.ceil(swarm.writes / swarm.rounds);
  for (let round = 0; round < swarm.rounds; round++) {
    const own = random.fork(`round/${round}`);
    steps.push(
      together(
        ...drawLoads(own.fork("loads"), cast, writes).map((load) => (trims ? { ...load, trim: TRIMS } : load)),
        ...drawCommandLanes(own.fork("commands"), swarm, cast),
        ...drawStrikes(own.fork("strikes"), swarm, cast, labels),
        ...drawStories(own.fork("stories"), cast, labels),
      ),
    );
  }
  for (let label = 1; label <= labelCount; label++) steps.push(heal(`f${label}`));
  steps.push(...topology.systems.map(({ name }) => restart(name)));
  steps.push(...pairs.map((pair) => create(pair)));
  if (remotes.length > 0) steps.push(together(...remotes.map(reunited)));
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    name: `dense ${seed}: ${swarm.shape}`,
    requirements: ["HX-12"],
    topology,
    steps,
    expect: [converged()],
    mayRefuse: true,
  };
}

function drawStories(random: Random, cast: Cast, labels: Labels): Step[] {
  const count = pick(random, [0, 1, 1, 2]);
  return Array.from(
    { length: count },
    (_, index) => drawStory(random.fork(`story/${index}`), cast, labels) ?? [],
  ).flat();
}

function drawDenseSwarm(random: Random): Swarm {
  const swarm = drawSwarm(random.fork("general"));
  const faults = new Set(swarm.faults);
  if (chance(random, 0.6)) faults.add("power");
  if (chance(random, 0.5)) faults.add("cut");
  if (chance(random, 0.3)) faults.add("eio");
  return {
    ...swarm,
    faults: [...faults],
    moments: [...new Set([...swarm.moments, "time" as const])],
    rounds: between(random, 2, 4),
    strikesMax: pick(random, [1, 2, 3, 4]),
    lanesMax: pick(random, [0, 0, 1, 2]),
    writes: between(random, 20, 120),
  };
}
