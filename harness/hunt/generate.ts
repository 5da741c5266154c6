import { chance, type Random } from "../../engine/ports/index.ts";
import { after, ms, type Plan, together } from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import { SimRandom } from "../world/sim/sim-random.ts";
import { between } from "./chaos-draw.ts";
import { framedPlan } from "./framed-plan.ts";
import { keyText } from "./seed-result.ts";
import { StrikeBook } from "./strike-book.ts";
import { type Cast, drawCast } from "./swarm-cast.ts";
import { drawCommandLanes } from "./swarm-commands.ts";
import { drawLoad, drawLoads } from "./swarm-load.ts";
import { drawRefusals } from "./swarm-refusals.ts";
import { drawStories } from "./swarm-stories.ts";
import { drawStrikes } from "./swarm-strikes.ts";
import { drawSwarm, type Swarm } from "./swarm.ts";

/** Rises whenever a seed stands for another plan than before. */
export const GENERATOR_VERSION = 6;

/** What of a plan is drawn anew in one that is derived from it, in turn. */
const REDRAWN = ["strikes", "commands", "stories"] as const;

/** Longer than a region that nobody writes to stays marked. */
const REST_MS = 2_500;

/**
 * The random plan of a seed: some systems and mirrors, hosts that use them, administrators and faults; then everything is
 * healed, and the mirrors must come together (L). The same seed gives the same plan, on every machine.
 *
 * Everything is drawn from named streams: what is left out does not shift what remains.
 *
 * @param seed 0 to 2^32 - 1; `runPlan` is to be given the same, or `worldSeed` of both
 * @param variant a plan derived from that of the seed, from 1: the same systems, with other faults, commands or stories
 */
export function randomPlan(seed: number, variant = 0): Plan {
  const random = new SimRandom(`hunt/${seed}`);
  const swarm = drawSwarm(random.fork("swarm"));
  const cast = drawCast(random.fork("cast"), swarm);
  const book = new StrikeBook();
  const struck = rounds(random.fork("rounds"), swarm, cast, book, variant);
  return framedPlan({
    name: `hunt ${GENERATOR_VERSION}/${keyText({ seed, variant })}: ${swarm.shape}`,
    requirement: "HX-7",
    cast,
    swarm,
    rounds: struck,
    labelCount: book.count,
    remakes: swarm.tasks.includes("delete"),
    served: served(random.fork("after"), cast),
  });
}

/** What kind of topology the plan of a seed has, and all that are derived from it. */
export function shapeOf(seed: number): Swarm["shape"] {
  return drawSwarm(new SimRandom(`hunt/${seed}`).fork("swarm")).shape;
}

/** Safety: commands and faults under load. */
function rounds(random: Random, swarm: Swarm, cast: Cast, book: StrikeBook, variant: number): Step[] {
  const redrawn = variant === 0 ? undefined : REDRAWN[(variant - 1) % REDRAWN.length];
  const stream = (own: Random, concern: (typeof REDRAWN)[number]): Random =>
    own.fork(concern === redrawn ? `${concern}/${variant}` : concern);
  const writes = Math.max(1, Math.round(swarm.writes / swarm.rounds));
  return Array.from({ length: swarm.rounds }, (_, index) => {
    const own = random.fork(String(index));
    return rested(
      swarm,
      ...drawLoads(own.fork("loads"), cast, writes),
      ...drawCommandLanes(stream(own, "commands"), swarm, cast),
      ...drawStories(stream(own, "stories"), swarm, cast, book),
      ...drawRefusals(stream(own, "strikes").fork("refusals"), swarm, cast, book),
      ...drawStrikes(stream(own, "strikes"), swarm, cast, book),
    );
  });
}

/** A round; where hosts rest before it, only after a while. */
export function rested({ rests }: Pick<Swarm, "rests">, ...lanes: readonly Step[]): Step {
  const round = together(...lanes);
  return rests ? after(ms(REST_MS), round) : round;
}

/** Hosts are served again, too. */
function served(random: Random, { primaries }: Cast): Step[] {
  if (!chance(random, 0.5)) return [];
  return [together(...primaries.map((volume) => drawLoad(random.fork(volume), volume, between(random, 1, 10))))];
}
