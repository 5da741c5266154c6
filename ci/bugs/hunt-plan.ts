import { chance, type Random } from "../../engine/ports/index.ts";
import { between, pick } from "../../harness/hunt/chaos-draw.ts";
import { framedPlan } from "../../harness/hunt/framed-plan.ts";
import { randomPlan, rested } from "../../harness/hunt/generate.ts";
import { StrikeBook } from "../../harness/hunt/strike-book.ts";
import { drawCast } from "../../harness/hunt/swarm-cast.ts";
import { drawCommandLanes } from "../../harness/hunt/swarm-commands.ts";
import { drawLoads } from "../../harness/hunt/swarm-load.ts";
import { drawRefusals } from "../../harness/hunt/swarm-refusals.ts";
import { drawStories } from "../../harness/hunt/swarm-stories.ts";
import { drawStrikes } from "../../harness/hunt/swarm-strikes.ts";
import { drawSwarm, type Swarm } from "../../harness/hunt/swarm.ts";
import type { Plan } from "../../harness/plan/index.ts";
import type { Step } from "../../harness/plan/step.ts";
import { SimRandom } from "../../harness/world/sim/sim-random.ts";

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
  const book = new StrikeBook();
  const trims = chance(random.fork("trims"), 0.3);
  const writes = Math.ceil(swarm.writes / swarm.rounds);
  const rounds: Step[] = [];
  for (let round = 0; round < swarm.rounds; round++) {
    const own = random.fork(`round/${round}`);
    rounds.push(
      rested(
        swarm,
        ...drawLoads(own.fork("loads"), cast, writes).map((load) => (trims ? { ...load, trim: TRIMS } : load)),
        ...drawCommandLanes(own.fork("commands"), swarm, cast),
        ...drawStories(own.fork("stories"), swarm, cast, book),
        ...drawRefusals(own.fork("refusals"), swarm, cast, book),
        ...drawStrikes(own.fork("strikes"), swarm, cast, book),
      ),
    );
  }
  return framedPlan({
    name: `dense ${seed}: ${swarm.shape}`,
    requirement: "HX-12",
    cast,
    swarm,
    rounds,
    labelCount: book.count,
    remakes: swarm.tasks.includes("delete"),
  });
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
    hasJournals: swarm.hasJournals || chance(random, 0.3),
    rests: swarm.rests || chance(random, 0.3),
    rounds: between(random, 2, 4),
    strikesMax: pick(random, [1, 2, 3, 4]),
    lanesMax: pick(random, [0, 0, 1, 2]),
    storiesMax: pick(random, [1, 2, 2, 3]),
    writes: between(random, 20, 120),
  };
}
